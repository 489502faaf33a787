#include "fill_uniform.h"

#include "parallel.h"
#include "random.h"

namespace nlp {

void fill_uniform(float* rows, std::int64_t count, std::int64_t dim, std::int64_t stride,
                  float width, std::uint64_t seed, int threads) {
  constexpr float step = 1.f / (1 << 23);  // 24 bits, all that a float holds
  for_each_range(static_cast<std::size_t>(count), static_cast<std::size_t>(threads),
                 [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Random random{mixed(mixed(seed) + i) | 1};
      float* const row = rows + static_cast<std::int64_t>(i) * stride;
      for (std::int64_t j = 0; j < dim; ++j) {
        row[j] = (static_cast<float>(random.next32() >> 8) * step - 1.f) * width;
      }
    }
  });
}

}  // namespace nlp
