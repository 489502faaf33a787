// Finding the bytes that separate words in a corpus file.
#pragma once

#include <cstddef>
#include <cstdint>

// The vector versions exist on x86-64; -DNLP_BASELINE_ONLY builds what other processors see.
#if defined(__x86_64__) && !defined(NLP_BASELINE_ONLY)
#define NLP_X86 1
#endif

namespace nlp {

// fastText's separators (dictionary.cc, readWord): space, \t, \n, \v, \f, \r and NUL.
// Other white space, such as U+00A0 or U+3000, is part of a word there, and so it is here.
inline bool is_separator(std::uint8_t byte) {
  return byte == 0x20 || byte == 0x00 || (byte >= 0x09 && byte <= 0x0d);
}

// Writes the positions of all separators in text[0, size) to `positions`, ascending, and returns
// how many there are. `positions` has room for `size` entries.
using FindSeparators = std::size_t (*)(const std::uint8_t* text, std::uint32_t size,
                                       std::uint32_t* positions);

enum class InstructionSet { baseline, avx2, avx512 };

// The best instruction set that this processor and this build offer.
InstructionSet best_instruction_set();

// The implementation for `set`; one the processor lacks must not be called.
FindSeparators find_separators_for(InstructionSet set);

}  // namespace nlp
