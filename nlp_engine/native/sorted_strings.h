// A sorted list of strings, compressed, that files can hold and that is searched where it lies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nlp {

// Front coding in blocks (Witten, Moffat, Bell, "Managing Gigabytes", 1999, section 4.1): the first
// of 32 strings is whole; of the others, only what differs from the string before is stored, after
// the number of bytes that are equal. Numbers are varints, seven bits a byte. The first eight bytes
// of each block's first string stand apart, as big-endian numbers, so that a search by halves
// touches little memory.
struct SortedStrings {
  static constexpr std::int64_t block = 32;

  const std::uint8_t* bytes = nullptr;
  const std::int64_t* offsets = nullptr;  // (blocks + 1) where each begins in `bytes`
  const std::uint64_t* heads = nullptr;   // (blocks)
  std::int64_t count = 0;                 // of strings

  struct Found {
    std::int64_t id;  // of the first string that is not less
    bool exact;       // it is the one looked for
    bool extendable;  // some string begins with that and a space
  };
  // `scratch` only saves allocations. No byte of a string may be less than a space.
  Found find(std::string_view key, std::string& scratch) const;

  // String `id`, 0 <= id < count.
  void at(std::int64_t id, std::string& out) const;

  std::int64_t blocks() const { return (count + block - 1) / block; }
};

// Compresses strings i = bytes[offsets[i], offsets[i + 1]), sorted and different. Blocks begin at
// every 32nd, so that a long list can be compressed piece by piece.
struct CompressedStrings {
  std::string bytes;
  std::vector<std::int64_t> sizes;    // of the blocks
  std::vector<std::uint64_t> heads;
};
CompressedStrings compress_strings(const std::uint8_t* bytes, const std::int64_t* offsets,
                                   std::int64_t count);

}  // namespace nlp
