// Texts become one vocabulary and word ids in one pass.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "separators.h"

namespace nlp {

using Text = std::span<const std::uint8_t>;

// Stands among the ids where a line ends.
inline constexpr std::int32_t line_end = -1;

// Longer ones are not words but data of another kind.
inline constexpr std::size_t max_word_bytes = std::size_t{1} << 20;

// What the caller and the running kernel tell each other; both sides may touch it at any time.
struct Exchange {
  std::atomic<std::int64_t> bytes_done{0};
  std::atomic<bool> cancelled{false};
};

struct Cancelled : std::runtime_error {
  Cancelled() : std::runtime_error("cancelled") {}
};

enum class EncodingProblem { none, not_utf8, long_word };

struct Encoding {
  // The kept words, by falling count; equal counts by first occurrence.
  std::vector<std::uint8_t> word_bytes;        // the words' bytes, one after the other
  std::vector<std::int64_t> word_offsets;      // (V + 1) where each word starts in word_bytes
  std::vector<std::int64_t> counts;            // (V)
  std::int64_t ids_size = 0;                   // entries of `scratch` that hold ids
  std::int64_t tokens = 0;                     // words in the texts, rare ones included
  std::int64_t types = 0;                      // distinct words, rare ones included
  std::int64_t max_count = 0;                  // of the most frequent word, rare or not
  std::int64_t lines = 0;
  EncodingProblem problem = EncodingProblem::none;             // if there is one, all else is empty
  // Of the first byte, or word, with the problem, as if the texts stood one after the other.
  std::int64_t problem_position = 0;
};

// Encodes texts; each text's end closes its line. Kept are words that occur at least min_count times
// and, if always_kept is not empty, those that begin with it. Every thread reads a contiguous share
// of all bytes once, giving words provisional ids; the shares' vocabularies are then merged, and the
// words put in order, so that the result does not depend on `threads`.
//
// The ids need no memory but the caller's `scratch`, an entry for every byte and every text: each
// thread writes provisional ids from its share's place on (touching about a fifth of its
// entries, as words have several letters), replaces them in place by final ones, and these are then
// moved to the front: scratch[0, ids_size), with line_end closing every line.
//
// Throws Cancelled, std::bad_alloc, std::invalid_argument (scratch too small), or
// std::length_error (over 2^31 distinct words).
Encoding encode(std::span<const Text> texts, std::int64_t min_count, std::string_view always_kept,
                int threads, InstructionSet instructions, std::span<std::int32_t> scratch,
                Exchange& exchange);

}  // namespace nlp
