// Buckets of n-grams that training examples have, and those that occur once.
//
// Most n-grams of a corpus occur once. All of an example that do have the same gradient in every
// step, and nothing but their sum is ever read: so they are trained as one row, their sum, which
// moves by their number times the gradient. From it follows what each of them has become.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nlp {

struct ExampleBuckets {
  std::vector<std::int32_t> shared;           // rising: buckets that occur several times
  std::vector<std::int32_t> lone;             // those that occur once, group by group
  std::vector<std::int64_t> lone_offsets{0};  // (groups + 1) where a group's begin in `lone`
  std::int64_t rows_size = 0;                 // entries of `rows` that remain
};

// Gives buckets that occur among `rows` the rows behind those of `words`: first the shared ones, one
// each, then one for all that only one example has. `rows` and `row_offsets`, those of
// example i from row_offsets[i] to row_offsets[i + 1], are changed in place. Buckets among the rows
// `also` count as shared if they occur.
ExampleBuckets gather_buckets(std::span<std::int32_t> rows, std::span<std::int64_t> row_offsets,
                              std::int32_t words, std::uint32_t buckets,
                              std::span<const std::int32_t> also);

}  // namespace nlp
