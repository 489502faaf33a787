// Kinds of ASCII characters.
#pragma once

#include <cstddef>
#include <string_view>

namespace nlp {

inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
inline bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// How many bytes from `at` up to `limit` are `c`.
inline std::size_t run_length(std::string_view text, std::size_t at, std::size_t limit, char c) {
  std::size_t end = at;
  while (end < limit && text[end] == c) ++end;
  return end - at;
}

}  // namespace nlp
