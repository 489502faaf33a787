#include "subword_table.h"

#include <limits>
#include <stdexcept>

#include "subwords.h"

namespace nlp {

SubwordTable subword_table(std::string_view bytes, const std::int64_t* offsets, std::int64_t words,
                           int min_char, int max_char, std::uint32_t buckets) {
  SubwordTable table;
  std::vector<std::uint32_t> found;  // buckets of all words
  table.offsets.push_back(0);
  for (std::int64_t i = 0; i < words; ++i) {
    const auto from = static_cast<std::size_t>(offsets[i]);
    const auto to = static_cast<std::size_t>(offsets[i + 1]);
    append_ngrams(bytes.substr(from, to - from), min_char, max_char, buckets, found);
    table.offsets.push_back(static_cast<std::int64_t>(found.size()) + i + 1);
  }

  std::vector<std::int32_t> row_of(buckets, -1);
  for (const std::uint32_t bucket : found) row_of[bucket] = 0;
  std::int64_t row = words;
  for (std::uint32_t bucket = 0; bucket < buckets; ++bucket) {
    if (row_of[bucket] < 0) continue;
    if (row > std::numeric_limits<std::int32_t>::max()) throw std::length_error("over 2^31 rows");
    row_of[bucket] = static_cast<std::int32_t>(row++);
    table.bucket_ids.push_back(bucket);
  }

  table.rows.reserve(found.size() + static_cast<std::size_t>(words));
  std::size_t next = 0;
  for (std::int64_t i = 0; i < words; ++i) {
    table.rows.push_back(static_cast<std::int32_t>(i));
    const auto end = static_cast<std::size_t>(table.offsets[static_cast<std::size_t>(i) + 1] - i - 1);
    for (; next < end; ++next) table.rows.push_back(row_of[found[next]]);
  }
  return table;
}

}  // namespace nlp
