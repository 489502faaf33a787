// Which rows make up each word of a vocabulary.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace nlp {

struct SubwordTable {
  std::vector<std::int64_t> offsets;     // (V + 1) into `rows`
  std::vector<std::int32_t> rows;        // a word's own row, 0 .. V-1, then those of its n-grams
  std::vector<std::int64_t> bucket_ids;  // (B) the bucket of row V + i, rising
};

// Words are bytes[offsets[i], offsets[i + 1]). Only buckets that some word has get a row: of two
// million, a vocabulary has a fraction. Throws std::length_error for over 2^31 rows.
SubwordTable subword_table(std::string_view bytes, const std::int64_t* offsets, std::int64_t words,
                           int min_char, int max_char, std::uint32_t buckets);

}  // namespace nlp
