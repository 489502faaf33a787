// Sentences by AVX-512: 32 registers of 16 floats. Compiled with the flags that CMakeLists.txt gives.
#include <cstdint>

#include "lanes.h"
#include "word2vec_sentence.h"

#if defined(NLP_X86)
namespace nlp {
namespace {

typedef float Tail __attribute__((vector_size(16), may_alias));

constexpr int tile_rows = 4;      // 4 x 6 sums, 4 + 1 values
constexpr int update_chunks = 2;  // 6 rows and their changes, twice
constexpr bool short_tail = true;

inline Lane tail_product(const float* a, const float* b) {
  const __m128 product = _mm_mul_ps(_mm_load_ps(a), _mm_load_ps(b));
  return static_cast<Lane>(_mm512_zextps128_ps512(product));
}

// `update_block` (word2vec_tile.h) for the four floats from k on.
template <int R>
inline void update_tail(float* const* in, int n, float* const* out, const float* old,
                        std::int64_t old_stride, const float* g, int ld, int k) {
  Tail o[R], change[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    o[r] = *reinterpret_cast<const Tail*>(out[r] + k);
    change[r] = Tail{};
  }
  for (int j = 0; j < n; ++j) {
    Tail y = *reinterpret_cast<const Tail*>(in[j] + k);
    const Tail x =
        old == nullptr ? y : *reinterpret_cast<const Tail*>(old + j * old_stride + k);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      y += g[j * ld + r] * o[r];
      change[r] += g[j * ld + r] * x;
    }
    *reinterpret_cast<Tail*>(in[j] + k) = y;
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) *reinterpret_cast<Tail*>(out[r] + k) += change[r];
}

// `update_one` for the four floats from k on.
template <int R>
inline void update_one_tail(float* in, float* const* out, const float* g, int k) {
  const Tail x = *reinterpret_cast<const Tail*>(in + k);
  Tail y = x;
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const Tail old = *reinterpret_cast<const Tail*>(out[r] + k);
    y += g[r] * old;
    *reinterpret_cast<Tail*>(out[r] + k) = old + g[r] * x;
  }
  *reinterpret_cast<Tail*>(in + k) = y;
}

}  // namespace
}  // namespace nlp

#include "word2vec_modes.h"

namespace nlp {

TrainSentences sentences_avx512(const Word2Vec& model) { return sentences_of(model); }

}  // namespace nlp
#endif
