// A few input rows against a few output rows: dot products, gradients, updates.
//
// This is where training spends its time, so it is written as register tiles: a block of dot
// products stays in registers while the rows stream by once, and the update streams them by once
// more. Ji et al., "Parallelizing Word2Vec in Shared and Distributed Memory", 2016, bring word2vec
// into this matrix form. What differs between instruction sets beside lanes.h (`tile_rows`,
// `update_chunks`, `short_tail`) is defined by the file that includes this one.
#pragma once

#include <cmath>
#include <cstdint>

#include "lanes.h"

namespace nlp {
namespace {

constexpr int tile_outputs = 6;  // a centre and five negatives, word2vec's default

// How a row is cut: `chunks` whole lanes, then perhaps a tail of four floats.
struct Cut {
  int chunks;
  bool tail;
  explicit Cut(int dim)
      : chunks(dim / lanes), tail(short_tail && dim % lanes != 0 && dim % lanes <= 4) {
    if (dim % lanes != 0 && !tail) ++chunks;
  }
};

// dots[j * ld + r] = in[j] . out[r] for J x R rows. Writes up to 3 floats beyond the last.
template <int J, int R>
inline void dots(float* const* in, float* const* out, Cut cut, float* dots, int ld) {
  const float *x[J], *o[R];
#pragma GCC unroll 8
  for (int j = 0; j < J; ++j) x[j] = in[j];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) o[r] = out[r];
  constexpr int padded = (J * R + 3) / 4 * 4;
  Lane sum[padded] = {};
  if (short_tail && cut.tail) {  // first, as sums that begin with a product need no zeros
    const int k = cut.chunks * lanes;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (int j = 0; j < J; ++j) sum[j * R + r] = tail_product(x[j] + k, o[r] + k);
    }
  }
  for (int k = 0; k < cut.chunks * lanes; k += lanes) {
    Lane value[J];
#pragma GCC unroll 8
    for (int j = 0; j < J; ++j) value[j] = load(x[j] + k);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Lane other = load(o[r] + k);
#pragma GCC unroll 8
      for (int j = 0; j < J; ++j) sum[j * R + r] += value[j] * other;
    }
  }
  if (ld == R) {
#pragma GCC unroll 8
    for (int i = 0; i < padded; i += 4) sums(sum[i], sum[i + 1], sum[i + 2], sum[i + 3], dots + i);
  } else {
    alignas(16) float all[padded];
#pragma GCC unroll 8
    for (int i = 0; i < padded; i += 4) sums(sum[i], sum[i + 1], sum[i + 2], sum[i + 3], all + i);
    for (int j = 0; j < J; ++j) {
      for (int r = 0; r < R; ++r) dots[j * ld + r] = all[j * R + r];
    }
  }
}

template <int R>
inline void all_dots(float* const* in, int n, float* const* out, Cut cut, float* to, int ld) {
  int j = 0;
  if constexpr (tile_rows == 4) {
    for (; j + 4 <= n; j += 4) dots<4, R>(in + j, out, cut, to + j * ld, ld);
  }
  for (; j + 2 <= n; j += 2) dots<2, R>(in + j, out, cut, to + j * ld, ld);
  if (j < n) dots<1, R>(in + j, out, cut, to + j * ld, ld);
}

// in[j] += sum over r of g[j, r] out[r], and out[r] += sum over j of g[j, r] old[j], for C chunks.
// out[r] is read again before it is written: negatives may name the same row twice.
template <int R, int C>
inline void update_block(float* const* in, int n, float* const* out, const float* old,
                         std::int64_t old_stride, const float* g, int ld, int k) {
  Lane o[R * C], change[R * C];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) {
      o[r * C + c] = load(out[r] + k + c * lanes);
      change[r * C + c] = Lane{};
    }
  }
  for (int j = 0; j < n; ++j) {
    float* row = in[j] + k;
    Lane x[C], y[C];
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) {
      y[c] = load(row + c * lanes);
      x[c] = old == nullptr ? y[c] : load(old + j * old_stride + k + c * lanes);
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Lane gradient = spread(g[j * ld + r]);
#pragma GCC unroll 2
      for (int c = 0; c < C; ++c) {
        y[c] += gradient * o[r * C + c];
        change[r * C + c] += gradient * x[c];
      }
    }
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) store(row + c * lanes, y[c]);
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) {
      float* to = out[r] + k + c * lanes;
      store(to, load(to) + change[r * C + c]);
    }
  }
}

template <int R>
inline void update(float* const* in, int n, float* const* out, const float* old,
                   std::int64_t old_stride, const float* g, int ld, Cut cut) {
  const int end = cut.chunks * lanes;
  int k = 0;
  for (; k + update_chunks * lanes <= end; k += update_chunks * lanes) {
    update_block<R, update_chunks>(in, n, out, old, old_stride, g, ld, k);
  }
  for (; k < end; k += lanes) update_block<R, 1>(in, n, out, old, old_stride, g, ld, k);
  if (short_tail && cut.tail) update_tail<R>(in, n, out, old, old_stride, g, ld, k);
}

// `update` for one row: what an output row gains needs no sum, so that it is read and written once.
template <int R>
inline void update_one(float* in, float* const* out, const float* g, Cut cut) {
  float* o[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) o[r] = out[r];
  Lane gradient[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) gradient[r] = spread(g[r]);
  const int end = cut.chunks * lanes;
  for (int k = 0; k < end; k += lanes) {
    const Lane x = load(in + k);
    Lane y = x;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Lane old = load(o[r] + k);
      y += gradient[r] * old;
      store(o[r] + k, old + gradient[r] * x);
    }
    store(in + k, y);
  }
  if (short_tail && cut.tail) update_one_tail<R>(in, o, g, end);
}

// Calls work<R>(...) for R = count, 1 .. tile_outputs.
#define NLP_FOR_OUTPUTS(count, work, ...)  \
  switch (count) {                         \
    case 6: work<6>(__VA_ARGS__); break;   \
    case 5: work<5>(__VA_ARGS__); break;   \
    case 4: work<4>(__VA_ARGS__); break;   \
    case 3: work<3>(__VA_ARGS__); break;   \
    case 2: work<2>(__VA_ARGS__); break;   \
    default: work<1>(__VA_ARGS__); break;  \
  }

// Turns dot products into learning_rate * (label - sigmoid); out[0] is labelled 1, the others 0.
inline void gradients_of(float* g, int n, int outputs, float learning_rate) {
  const Lane rate = spread(-learning_rate);
  for (int i = 0; i < n * outputs; i += lanes) store(g + i, rate * sigmoid(load(g + i)));
  for (int j = 0; j < n; ++j) g[j * outputs] += learning_rate;
}

// The cross entropy that the gradients came from: -log(sigmoid) or -log(1 - sigmoid), and both are
// -log(1 - |gradient| / learning_rate).
inline double loss_of(const float* g, int count, float learning_rate) {
  double loss = 0;
  for (int i = 0; i < count; ++i) {
    const double share = 1.0 - std::fabs(g[i]) / learning_rate;
    loss -= std::log(share > 1e-7 ? share : 1e-7);
  }
  return loss;
}

// Dot products of n rows with `outputs` rows, in tiles.
inline void dots_of(float* const* in, int n, float* const* out, int outputs, Cut cut, float* to) {
  if (outputs == tile_outputs) [[likely]] {
    all_dots<tile_outputs>(in, n, out, cut, to, outputs);
    return;
  }
  for (int r = 0; r < outputs; r += tile_outputs) {
    const int count = outputs - r < tile_outputs ? outputs - r : tile_outputs;
    NLP_FOR_OUTPUTS(count, all_dots, in, n, out + r, cut, to + r, outputs);
  }
}

// A negative that is the true row (out[r] == out[0]) does not count.
inline void drop_true_negatives(float* const* out, int outputs, float* g, int n) {
  for (int r = 1; r < outputs; ++r) {
    if (out[r] == out[0]) [[unlikely]] {
      for (int j = 0; j < n; ++j) g[j * outputs + r] = 0;
    }
  }
}

// Applies gradients g to n rows and `outputs` rows, all taken as they were before. `old` has room
// for n rows.
inline void apply(float* const* in, int n, float* const* out, int outputs, Cut cut, const float* g,
                  float* old, std::int64_t stride) {
  if (outputs == tile_outputs) [[likely]] {
    if (n == 1) {
      update_one<tile_outputs>(in[0], out, g, cut);
    } else {
      update<tile_outputs>(in, n, out, nullptr, 0, g, outputs, cut);
    }
    return;
  }
  const float* before = nullptr;
  if (outputs > tile_outputs) {  // later tiles must not see what earlier ones did to `in`
    for (int j = 0; j < n; ++j) {
      __builtin_memcpy(old + j * stride, in[j], static_cast<std::size_t>(stride) * sizeof(float));
    }
    before = old;
  }
  for (int r = 0; r < outputs; r += tile_outputs) {
    const int count = outputs - r < tile_outputs ? outputs - r : tile_outputs;
    NLP_FOR_OUTPUTS(count, update, in, n, out + r, before, stride, g + r, outputs, cut);
  }
}

#undef NLP_FOR_OUTPUTS

}  // namespace
}  // namespace nlp
