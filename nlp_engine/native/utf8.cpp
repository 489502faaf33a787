#include "utf8.h"

#include <cstring>

namespace nlp {

std::size_t first_invalid(std::string_view text) {
  std::size_t at = 0;
  const std::size_t size = text.size();
  while (at < size) {
    std::uint64_t eight;
    while (size - at >= 8) {  // ASCII, eight bytes at a time
      std::memcpy(&eight, text.data() + at, 8);
      if (eight & 0x8080808080808080ull) break;
      at += 8;
    }
    if (at == size) break;
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const std::uint32_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0 || size - at < length) return at;
    for (std::uint32_t i = 1; i < length; ++i) {
      if (!is_continuation(text[at + i])) return at;
    }
    const std::uint32_t value = code_point_at(text, at).value;
    const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
    if (overlong || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return at;
    at += length;
  }
  return size;
}

bool is_white(std::uint32_t c) {
  if (c <= 0x20 || c == 0x7F) return true;
  if (c < 0x85) return false;
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

}  // namespace nlp
