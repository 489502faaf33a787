// A corpus file becomes a vocabulary and word ids in one pass.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include "separators.h"

namespace nlp {

// Stands in `Encoding::ids` where a line of the file ends.
inline constexpr std::int32_t line_end = -1;

// What the caller and the running kernel tell each other; both sides may touch it at any time.
struct Exchange {
  std::atomic<std::int64_t> bytes_done{0};
  std::atomic<bool> cancelled{false};
};

struct Cancelled : std::runtime_error {
  Cancelled() : std::runtime_error("cancelled") {}
};

struct Encoding {
  // Words that occur at least min_count times, by falling count; equal counts by first occurrence.
  std::vector<std::uint8_t> word_bytes;        // the words' bytes, one after the other
  std::vector<std::int64_t> word_offsets;      // (V + 1) where each word starts in word_bytes
  std::vector<std::int64_t> first_positions;   // (V) byte offset of each word's first occurrence
  std::vector<std::int64_t> counts;            // (V)
  std::unique_ptr<std::int32_t[]> ids;         // (ids_size) word ids; line_end closes every line
  std::int64_t ids_size = 0;
  std::int64_t tokens = 0;                     // words in the text, rare ones included
  std::int64_t types = 0;                      // distinct words in the text, rare ones included
  std::int64_t max_count = 0;                  // of the most frequent word, rare or not
  std::int64_t lines = 0;
};

// Encodes text[0, size). Every thread reads one part of the text once, giving words provisional
// ids; the parts' vocabularies are then merged in order, so the result does not depend on
// `threads`. Throws Cancelled, std::bad_alloc, or std::length_error (over 2^31 distinct words).
Encoding encode(const std::uint8_t* text, std::size_t size, std::int64_t min_count, int threads,
                InstructionSet instructions, Exchange& exchange);

}  // namespace nlp
