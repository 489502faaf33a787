// Vectors as text: a word and its numbers per line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rows.h"

namespace nlp {

// One line per row: the word, then the numbers, each after a space, with the fewest digits that give
// back the same float32. Word i is word_bytes[offsets[i], offsets[i + 1]).
std::string format_rows(std::string_view word_bytes, const std::int64_t* offsets, const Rows& rows);

struct ParsedRows {
  enum class Problem { none, number_count, bad_number };

  std::size_t rows = 0;          // lines read before the end, the limit, or a problem
  std::size_t consumed = 0;      // bytes of those lines
  std::string words;             // their words, each closed by a line feed
  Problem problem = Problem::none;
  std::size_t numbers = 0;       // on a wrong number of them: how many the line has
  std::string_view bad_number;   // the field that is no number
};

// Reads at most `limit` lines of a word and `dim` numbers into out[limit][dim]. The word ends at the
// first space; numbers stand between spaces, tabs and carriage returns.
ParsedRows parse_rows(std::string_view text, std::size_t dim, std::size_t limit, float* out);

}  // namespace nlp
