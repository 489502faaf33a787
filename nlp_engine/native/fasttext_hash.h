// fastText's hash of words and n-grams.
#pragma once

#include <cstdint>
#include <string_view>

namespace nlp {

// FNV-1a, but with bytes taken as signed, as in fastText's dictionary.cc.
class FastTextHash {
 public:
  void add(std::uint8_t byte) {
    value_ = (value_ ^ static_cast<std::uint32_t>(static_cast<std::int8_t>(byte))) * 16777619U;
  }
  std::uint32_t value() const { return value_; }

  static std::uint32_t of(std::string_view bytes) {
    FastTextHash hash;
    for (const char byte : bytes) hash.add(static_cast<std::uint8_t>(byte));
    return hash.value();
  }

 private:
  std::uint32_t value_ = 2166136261U;
};

}  // namespace nlp
