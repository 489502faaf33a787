#include "fill_uniform.h"

#include <algorithm>

#include "parallel.h"
#include "random.h"

namespace nlp {
namespace {

// A row's numbers come one from the other: to make several rows at once keeps the processor busy.
constexpr std::int64_t at_once = 4;

struct Uniform {
  std::int64_t dim;
  float width;
  std::uint64_t seed;

  // put(j, values): number j of each of N rows; `number_of(i)` is the number of row i of these.
  template <int N, typename NumberOf, typename Put>
  void make(const NumberOf& number_of, const Put& put) const {
    constexpr float step = 1.f / (1 << 23);  // 24 bits, all that a float holds
    Random random[N];
    for (int i = 0; i < N; ++i) {
      random[i].state = mixed(mixed(seed) + static_cast<std::uint64_t>(number_of(i))) | 1;
    }
    for (std::int64_t j = 0; j < dim; ++j) {
      float values[N];
#pragma GCC unroll 4
      for (int i = 0; i < N; ++i) {
        const auto bits = static_cast<std::int32_t>(random[i].next32() >> 8);
        values[i] = (static_cast<float>(bits) * step - 1.f) * width;
      }
      put(j, values);
    }
  }

  // Makes N rows, `stride` floats apart.
  template <int N, typename NumberOf>
  void fill(const NumberOf& number_of, float* rows, std::int64_t stride) const {
    make<N>(number_of, [&](std::int64_t j, const float (&values)[N]) {
      for (int i = 0; i < N; ++i) rows[i * stride + j] = values[i];
    });
  }

  // Adds N rows to one.
  template <int N>
  void add(const std::int64_t* numbers, float* row) const {
    make<N>([&](int i) { return numbers[i]; }, [&](std::int64_t j, const float (&values)[N]) {
      float sum = row[j];
      for (int i = 0; i < N; ++i) sum += values[i];
      row[j] = sum;
    });
  }
};

// Whether each of the next rows is one row alone.
bool are_single(const std::int64_t* offsets) {
  for (std::int64_t i = 0; i < at_once; ++i) {
    if (offsets[i + 1] - offsets[i] != 1) return false;
  }
  return true;
}

void fill_sum(const Uniform& uniform, const std::int64_t* numbers, std::int64_t count, float* row) {
  std::fill_n(row, uniform.dim, 0.f);
  for (; count >= at_once; count -= at_once, numbers += at_once) {
    uniform.add<at_once>(numbers, row);
  }
  if (count == 3) uniform.add<3>(numbers, row);
  if (count == 2) uniform.add<2>(numbers, row);
  if (count == 1) uniform.add<1>(numbers, row);
}

}  // namespace

void fill_uniform(float* rows, std::int64_t count, std::int64_t dim, std::int64_t stride,
                  float width, std::uint64_t seed, int threads) {
  const Uniform uniform{dim, width, seed};
  for_each_range(static_cast<std::size_t>(count), static_cast<std::size_t>(threads),
                 [&](std::size_t, std::size_t begin, std::size_t end) {
    auto i = static_cast<std::int64_t>(begin);
    const auto number_of = [&](int place) { return i + place; };
    for (; i + at_once <= static_cast<std::int64_t>(end); i += at_once) {
      uniform.fill<at_once>(number_of, rows + i * stride, stride);
    }
    for (; i < static_cast<std::int64_t>(end); ++i) {
      uniform.fill<1>(number_of, rows + i * stride, stride);
    }
  });
}

void fill_uniform_sums(float* rows, std::int64_t count, std::int64_t dim, std::int64_t stride,
                       float width, std::uint64_t seed, const std::int64_t* numbers,
                       const std::int64_t* offsets, int threads) {
  const Uniform uniform{dim, width, seed};
  for_each_range(static_cast<std::size_t>(count), static_cast<std::size_t>(threads),
                 [&](std::size_t, std::size_t begin, std::size_t end) {
    for (auto i = static_cast<std::int64_t>(begin); i < static_cast<std::int64_t>(end);) {
      const std::int64_t* const own = numbers + offsets[i];
      if (i + at_once <= static_cast<std::int64_t>(end) && are_single(offsets + i)) {
        uniform.fill<at_once>([&](int place) { return own[place]; }, rows + i * stride, stride);
        i += at_once;
      } else {
        fill_sum(uniform, own, offsets[i + 1] - offsets[i], rows + i * stride);
        ++i;
      }
    }
  });
}

}  // namespace nlp
