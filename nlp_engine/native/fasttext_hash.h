// fastText's hash of words and n-grams.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace nlp {

// FNV-1a, but with bytes taken as signed, as in fastText's dictionary.cc.
class FastTextHash {
 public:
  constexpr void add(std::uint8_t byte) {
    value_ = (value_ ^ static_cast<std::uint32_t>(static_cast<std::int8_t>(byte))) * factor;
  }
  constexpr std::uint32_t value() const { return value_; }

  static constexpr std::uint32_t of(std::string_view bytes) {
    FastTextHash hash;
    for (const char byte : bytes) hash.add(static_cast<std::uint8_t>(byte));
    return hash.value();
  }

  // The same of bytes behind which `padding` more may be read. Words are short and of any length:
  // eight steps of which those behind the end do nothing (an exclusive or with 0, a product with 1)
  // take less time than a branch that nothing foretells.
  static constexpr std::ptrdiff_t padding = 7;
  static std::uint32_t of_padded(std::string_view bytes) {
    FastTextHash hash;
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
      const std::size_t left = std::min<std::size_t>(bytes.size() - at, 8);
      std::uint64_t eight;
      std::memcpy(&eight, bytes.data() + at, 8);
      eight &= ~std::uint64_t{0} >> (64 - 8 * left);
      const std::uint32_t* const factors = factors_then_ones + 8 - left;
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i, eight >>= 8) {
        const auto byte = static_cast<std::int8_t>(eight);
        hash.value_ = (hash.value_ ^ static_cast<std::uint32_t>(byte)) * factors[i];
      }
    }
    return hash.value();
  }

 private:
  static constexpr std::uint32_t factor = 16777619U;
  static constexpr std::uint32_t factors_then_ones[16] = {
      factor, factor, factor, factor, factor, factor, factor, factor, 1, 1, 1, 1, 1, 1, 1, 1};

  std::uint32_t value_ = 2166136261U;
};

}  // namespace nlp
