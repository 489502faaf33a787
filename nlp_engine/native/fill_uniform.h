// Rows of random numbers.
#pragma once

#include <cstdint>

namespace nlp {

// Fills `count` rows of `dim` floats, `stride` floats apart, uniformly from -width to width. The
// result does not depend on `threads`.
void fill_uniform(float* rows, std::int64_t count, std::int64_t dim, std::int64_t stride,
                  float width, std::uint64_t seed, int threads);

// Row i becomes the sum of some of the rows that this would make: those with the numbers
// numbers[offsets[i], offsets[i + 1]).
void fill_uniform_sums(float* rows, std::int64_t count, std::int64_t dim, std::int64_t stride,
                       float width, std::uint64_t seed, const std::int64_t* numbers,
                       const std::int64_t* offsets, int threads);

}  // namespace nlp
