// What forms are made of: the tokens of a text, folded so that spellings compare equal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nlp {

// What each code point is to forms; one without an entry separates tokens.
struct Characters {
  // Bits of an entry; the lowest hold the code point that it is folded to.
  static constexpr std::uint32_t folded = (1u << 21) - 1;
  static constexpr std::uint32_t token = 1u << 21;   // letters, marks and digits
  static constexpr std::uint32_t single = 1u << 22;  // a token of its own: no spaces in its script
  static constexpr std::uint32_t mark = 1u << 23;    // belongs to the character before it
  static constexpr std::uint32_t letter = 1u << 24;
  static constexpr std::uint32_t upper = 1u << 25;
  static constexpr std::uint32_t lower = 1u << 26;

  const std::uint32_t* entries = nullptr;
  std::uint32_t size = 0;

  std::uint32_t of(std::uint32_t code_point) const {
    return code_point < size ? entries[code_point] : 0;
  }
};

struct FormToken {
  std::int32_t start, end;            // in the text, in code points
  std::uint32_t key_start, key_end;   // in the keys, in bytes
  bool lower;                         // written in lower-case letters
};

// A text's tokens. Their keys stand one after the other with spaces between, so that those of
// several tokens in a row are one piece of `keys`.
struct FormText {
  std::string keys;
  std::vector<FormToken> tokens;

  std::string_view key(std::size_t first, std::size_t last) const {
    return std::string_view(keys).substr(tokens[first].key_start,
                                         tokens[last].key_end - tokens[first].key_start);
  }
};

// Reads UTF-8 in normal form C. Lone surrogates are no tokens; other bytes that are no UTF-8 do no
// harm, but may be any.
void read_form_text(std::string_view text, const Characters& characters, FormText& out);

// Whether tokens make a form: no more than `max_words`, more than one character, and a letter.
bool is_form(const FormText& text, const Characters& characters, int max_words);

}  // namespace nlp
