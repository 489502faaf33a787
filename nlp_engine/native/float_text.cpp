#include "float_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

namespace nlp {
namespace {

constexpr std::size_t longest_number = 24;  // a sign, 9 digits, a point and an exponent take 16

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

// Takes the next field off the front of `line`; empty at its end.
std::string_view next_field(std::string_view& line) {
  std::size_t begin = 0;
  while (begin < line.size() && is_blank(line[begin])) ++begin;
  std::size_t end = begin;
  while (end < line.size() && !is_blank(line[end])) ++end;
  const std::string_view field = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return field;
}

bool to_float(std::string_view field, float& value) {
  if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
  const char* const end = field.data() + field.size();
  std::from_chars_result result = std::from_chars(field.data(), end, value);
  if (result.ec == std::errc::result_out_of_range) {
    // Too small for float32 is zero, or nearly; too large is an error.
    double wide = 0;
    result = std::from_chars(field.data(), end, wide);
    if (std::abs(wide) > std::numeric_limits<float>::max()) return false;
    value = static_cast<float>(wide);
  }
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

std::string format_rows(std::string_view word_bytes, const std::int64_t* offsets,
                        const Rows& rows) {
  std::string text;
  text.reserve(word_bytes.size() + rows.count * (2 + rows.dim * 12));
  std::vector<float> row(rows.dim);
  char number[longest_number];
  for (std::size_t i = 0; i < rows.count; ++i) {
    const auto begin = static_cast<std::size_t>(offsets[i]);
    text.append(word_bytes.substr(begin, static_cast<std::size_t>(offsets[i + 1]) - begin));
    rows.load(i, row.data());
    for (const float value : row) {
      text.push_back(' ');
      text.append(number, std::to_chars(number, number + longest_number, value).ptr);
    }
    text.push_back('\n');
  }
  return text;
}

ParsedRows parse_rows(std::string_view text, std::size_t dim, std::size_t limit, float* out) {
  ParsedRows parsed;
  while (parsed.rows < limit && parsed.consumed < text.size()) {
    const std::string_view rest = text.substr(parsed.consumed);
    const std::size_t length = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, length);
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());

    std::size_t numbers = 0;
    for (auto field = next_field(line); !field.empty(); field = next_field(line), ++numbers) {
      if (numbers < dim && !to_float(field, out[parsed.rows * dim + numbers])) {
        parsed.problem = ParsedRows::Problem::bad_number;
        parsed.bad_number = field;
        return parsed;
      }
    }
    if (numbers != dim) {
      parsed.problem = ParsedRows::Problem::number_count;
      parsed.numbers = numbers;
      return parsed;
    }
    parsed.words.append(word).push_back('\n');
    parsed.consumed += std::min(length + 1, rest.size());
    ++parsed.rows;
  }
  return parsed;
}

}  // namespace nlp
