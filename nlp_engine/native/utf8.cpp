#include "utf8.h"

#include <bit>
#include <cstring>

namespace nlp {
namespace {

static_assert(std::endian::native == std::endian::little, "the first byte is the lowest one");

// The bytes of the code point that begins here, 0 if none does: the ranges are those of the Unicode
// Standard's table 3-7, "Well-Formed UTF-8 Byte Sequences".
std::size_t valid_bytes(const unsigned char* at, std::size_t left) {
  const auto between = [&](std::size_t i, unsigned char low, unsigned char high) {
    return at[i] >= low && at[i] <= high;
  };
  const unsigned char lead = at[0];
  if (lead < 0xC2) return lead < 0x80;
  if (lead < 0xE0) return left >= 2 && between(1, 0x80, 0xBF) ? 2 : 0;
  if (lead < 0xF0) {
    return left >= 3 && between(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) &&
                   between(2, 0x80, 0xBF)
               ? 3
               : 0;
  }
  return lead < 0xF5 && left >= 4 &&
                 between(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) &&
                 between(2, 0x80, 0xBF) && between(3, 0x80, 0xBF)
             ? 4
             : 0;
}

}  // namespace

std::size_t first_invalid(std::string_view text) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  const std::size_t size = text.size();
  for (std::size_t at = 0; at < size;) {
    if (size - at >= 8) {  // ASCII, eight bytes at a time
      std::uint64_t eight;
      std::memcpy(&eight, bytes + at, 8);
      eight &= 0x8080808080808080ull;
      at += static_cast<std::size_t>(std::countr_zero(eight)) / 8;
      if (eight == 0) continue;
    }
    const std::size_t valid = valid_bytes(bytes + at, size - at);
    if (valid == 0) return at;
    at += valid;
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
