// Numbers of seven bits a byte, the lowest first; the highest bit says that more follow.
#pragma once

#include <cstdint>
#include <string>

namespace nlp {

inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// Reads at `at` and moves it on, but never beyond `end`.
[[gnu::always_inline]] inline std::uint64_t read_varint(const std::uint8_t*& at,
                                                        const std::uint8_t* end) {
  std::uint64_t value = 0;
  for (int shift = 0; at < end && shift < 64; shift += 7) {
    const std::uint8_t byte = *at++;
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) break;
  }
  return value;
}

}  // namespace nlp
