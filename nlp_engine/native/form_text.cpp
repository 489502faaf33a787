#include "form_text.h"

#include "utf8.h"

namespace nlp {

void read_form_text(std::string_view text, const Characters& characters, FormText& out) {
  out.keys.clear();
  out.tokens.clear();
  std::int32_t position = 0;
  bool open = false;  // whether the last token may go on
  bool single = false, upper = false, lower = false;
  const auto close = [&] {
    if (open) out.tokens.back().lower = lower && !upper;
    open = false;
  };
  for (std::size_t at = 0; at < text.size(); ++position) {
    const CodePoint c = code_point_at(text, at);
    at += c.bytes;
    const std::uint32_t entry = characters.of(c.value);
    // A mark without a letter before it, as emoji have them, is no word.
    if (!(entry & Characters::token) || (!open && entry & Characters::mark)) {
      close();
      continue;
    }
    const bool begins_anew = entry & Characters::single || (single && !(entry & Characters::mark));
    if (!open || begins_anew) {
      close();
      if (!out.keys.empty()) out.keys.push_back(' ');
      const auto key = static_cast<std::uint32_t>(out.keys.size());
      out.tokens.push_back({position, position, key, key, false});
      open = true;
      single = entry & Characters::single;
      upper = lower = false;
    }
    append_code_point(out.keys, entry & Characters::folded);
    upper |= (entry & Characters::upper) != 0;
    lower |= (entry & Characters::lower) != 0;
    out.tokens.back().end = position + 1;
    out.tokens.back().key_end = static_cast<std::uint32_t>(out.keys.size());
  }
  close();
}

bool is_form(const FormText& text, const Characters& characters, int max_words) {
  if (text.tokens.empty() || text.tokens.size() > static_cast<std::size_t>(max_words)) return false;
  std::size_t length = 0;
  bool letter = false;
  for (std::size_t at = 0; at < text.keys.size(); ++length) {
    const CodePoint c = code_point_at(text.keys, at);
    at += c.bytes;
    letter |= (characters.of(c.value) & Characters::letter) != 0;
  }
  return length > 1 && letter;
}

}  // namespace nlp
