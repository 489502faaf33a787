// Random numbers, and draws from a distribution in constant time.
#pragma once

#include <cstdint>

namespace nlp {

// Always inlined: some files are compiled for processors that others lack, and must not share code.
#define NLP_INLINE [[gnu::always_inline]] inline

// xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled",
// 2016): one word of state, which a checkpoint can hold.
struct Random {
  std::uint64_t state;  // never 0

  NLP_INLINE std::uint64_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1Dull;
  }
  // The upper half: the better bits of the product.
  NLP_INLINE std::uint32_t next32() { return static_cast<std::uint32_t>(next() >> 32); }
  // Uniform in 0 .. count-1, for counts far below 2^32.
  NLP_INLINE std::uint32_t below(std::uint32_t count) {
    return static_cast<std::uint32_t>((std::uint64_t{next32()} * count) >> 32);
  }
};

// A number far from those of other numbers nearby, so that seeds 1, 2, 3 start far apart (splitmix64:
// Steele et al., "Fast splittable pseudorandom number generators", 2014).
NLP_INLINE std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// Vose's alias method: entry i holds in its upper half the chance (of 2^32) to answer i itself, in
// its lower half what to answer otherwise. One random word gives both the entry and the chance.
NLP_INLINE std::int32_t draw(const std::uint64_t* alias, std::uint32_t count, Random& random) {
  const std::uint64_t bits = random.next();
  const auto at = static_cast<std::uint32_t>(((bits >> 32) * count) >> 32);
  const std::uint64_t entry = alias[at];
  const bool itself = static_cast<std::uint32_t>(bits) < (entry >> 32);
  return static_cast<std::int32_t>(itself ? at : static_cast<std::uint32_t>(entry));
}

#undef NLP_INLINE

}  // namespace nlp
