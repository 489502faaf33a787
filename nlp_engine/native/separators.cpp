#include "separators.h"

#include <algorithm>
#include <bit>

#if defined(NLP_X86)
#include <immintrin.h>
#endif

namespace nlp {
namespace {

std::size_t find_tail(const std::uint8_t* text, std::uint32_t from, std::uint32_t size,
                      std::uint32_t* positions, std::size_t found) {
  for (std::uint32_t i = from; i < size; ++i) {
    if (is_separator(text[i])) positions[found++] = i;
  }
  return found;
}

std::size_t find_baseline(const std::uint8_t* text, std::uint32_t size, std::uint32_t* positions) {
  return find_tail(text, 0, size, positions, 0);
}

#if defined(NLP_X86)

// Both vector versions turn a run of bytes into a bit mask of separators and then walk its bits.
// Bytes 0x09..0x0d are found by one unsigned comparison: (byte - 9) <= 4.

inline std::size_t store_bits(std::uint64_t bits, std::uint32_t base, std::uint32_t* positions,
                              std::size_t found) {
  while (bits != 0) {
    positions[found++] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
    bits &= bits - 1;
  }
  return found;
}

__attribute__((target("avx2"))) std::size_t find_avx2(const std::uint8_t* text, std::uint32_t size,
                                                      std::uint32_t* positions) {
  const __m256i space = _mm256_set1_epi8(0x20);
  const __m256i nul = _mm256_setzero_si256();
  const __m256i tab = _mm256_set1_epi8(0x09);
  const __m256i four = _mm256_set1_epi8(4);
  std::size_t found = 0;
  std::uint32_t i = 0;
  for (; i + 32 <= size; i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + i));
    const __m256i from_tab = _mm256_sub_epi8(bytes, tab);
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(from_tab, four), from_tab);
    const __m256i blank =
        _mm256_or_si256(_mm256_cmpeq_epi8(bytes, space), _mm256_cmpeq_epi8(bytes, nul));
    const auto bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(control, blank)));
    found = store_bits(bits, i, positions, found);
  }
  return find_tail(text, i, size, positions, found);
}

__attribute__((target("avx512f,avx512bw"))) std::size_t find_avx512(const std::uint8_t* text,
                                                                    std::uint32_t size,
                                                                    std::uint32_t* positions) {
  const __m512i space = _mm512_set1_epi8(0x20);
  const __m512i tab = _mm512_set1_epi8(0x09);
  const __m512i four = _mm512_set1_epi8(4);
  std::size_t found = 0;
  for (std::uint32_t i = 0, left; i < size; i += left) {
    left = std::min(size - i, 64u);
    const std::uint64_t there = ~std::uint64_t{0} >> (64 - left);
    const __m512i bytes = _mm512_maskz_loadu_epi8(there, text + i);
    const std::uint64_t bits = _mm512_cmpeq_epi8_mask(bytes, space) |
                               _mm512_testn_epi8_mask(bytes, bytes) |
                               _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes, tab), four);
    found = store_bits(bits & there, i, positions, found);
  }
  return found;
}

#endif

}  // namespace

InstructionSet best_instruction_set() {
#if defined(NLP_X86)
  if (__builtin_cpu_supports("avx512bw")) return InstructionSet::avx512;
  if (__builtin_cpu_supports("avx2")) return InstructionSet::avx2;
#endif
  return InstructionSet::baseline;
}

FindSeparators find_separators_for(InstructionSet set) {
#if defined(NLP_X86)
  if (set == InstructionSet::avx512) return find_avx512;
  if (set == InstructionSet::avx2) return find_avx2;
#endif
  static_cast<void>(set);
  return find_baseline;
}

}  // namespace nlp
