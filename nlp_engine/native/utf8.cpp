#include "utf8.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(NLP_X86)
#include <immintrin.h>
#endif

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

// Up to the first invalid byte from a code point's beginning on.
std::size_t first_invalid_from(std::size_t at, const unsigned char* bytes, std::size_t size) {
  while (at < size) {
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

#if defined(NLP_X86)

// A byte is right or wrong by the three before it: it continues a code point where one of them
// begins one that is long enough, and nowhere else; some leads allow only a part of the range; and
// some bytes never occur. The vector versions look at a block of bytes at once, beside the blocks
// that begin one, two and three bytes before, and say whether any byte is wrong.
constexpr std::size_t bytes_before = 3;

// A bit for each of the bytes at `at`: is it at least `value`, is it the same?

__attribute__((target("avx512f,avx512bw"))) inline std::uint64_t at_least_512(
    const unsigned char* at, int value) {
  return _mm512_cmpge_epu8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8(static_cast<char>(value)));
}

__attribute__((target("avx512f,avx512bw"))) inline std::uint64_t is_512(const unsigned char* at,
                                                                        int value) {
  return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8(static_cast<char>(value)));
}

__attribute__((target("avx2"))) inline std::uint64_t at_least_256(const unsigned char* at,
                                                                  int value) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i higher = _mm256_max_epu8(bytes, _mm256_set1_epi8(static_cast<char>(value)));
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, higher)));
}

__attribute__((target("avx2"))) inline std::uint64_t is_256(const unsigned char* at, int value) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i same = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(static_cast<char>(value)));
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(same));
}

// Inlined into functions of the two instruction sets.
template <std::uint64_t (*at_least)(const unsigned char*, int),
          std::uint64_t (*is)(const unsigned char*, int)>
[[gnu::always_inline]] inline bool has_invalid(const unsigned char* at) {
  const std::uint64_t other = at_least(at, 0x80);  // than ASCII
  if ((other | at_least(at - bytes_before, 0x80)) == 0) return false;
  const std::uint64_t continues = other & ~at_least(at, 0xC0);
  const std::uint64_t expected =
      at_least(at - 1, 0xC0) | at_least(at - 2, 0xE0) | at_least(at - 3, 0xF0);
  const std::uint64_t never = is(at, 0xC0) | is(at, 0xC1) | at_least(at, 0xF5);
  const std::uint64_t from_90 = at_least(at, 0x90), from_a0 = at_least(at, 0xA0);
  const std::uint64_t out_of_range = (is(at - 1, 0xE0) & ~from_a0) | (is(at - 1, 0xED) & from_a0) |
                                     (is(at - 1, 0xF0) & ~from_90) | (is(at - 1, 0xF4) & from_90);
  return ((continues ^ expected) | never | out_of_range) != 0;
}

__attribute__((target("avx512f,avx512bw"))) bool has_invalid_avx512(const unsigned char* at) {
  return has_invalid<at_least_512, is_512>(at);
}

__attribute__((target("avx2"))) bool has_invalid_avx2(const unsigned char* at) {
  return has_invalid<at_least_256, is_256>(at);
}

// Where the code point begins that goes on at `at`; `at` if none does.
std::size_t beginning(const unsigned char* bytes, std::size_t at) {
  for (std::size_t before = 1; before <= std::min(bytes_before, at); ++before) {
    const unsigned char byte = bytes[at - before];
    if (byte >= 0xC0) return at - before;
    if (byte < 0x80) break;
  }
  return at;
}

// The first and the last block have zeros before and behind the text: so a code point that lacks
// its end is found, too.
template <std::size_t block, bool (*has_invalid)(const unsigned char*)>
std::size_t first_invalid_by(const unsigned char* bytes, std::size_t size) {
  for (std::size_t at = 0; at <= size; at += block) {
    bool found;
    if (at >= bytes_before && at + block <= size) {
      found = has_invalid(bytes + at);
    } else {
      unsigned char copy[bytes_before + block] = {};
      const std::size_t from = at - std::min(at, bytes_before);
      const std::size_t room = bytes_before - (at - from);
      std::copy(bytes + from, bytes + std::min(size, at + block), copy + room);
      found = has_invalid(copy + bytes_before);
    }
    if (found) return first_invalid_from(beginning(bytes, at), bytes, size);
  }
  return size;
}

#endif

}  // namespace

std::size_t first_invalid(std::string_view text, InstructionSet set) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
#if defined(NLP_X86)
  if (set == InstructionSet::avx512) {
    return first_invalid_by<64, has_invalid_avx512>(bytes, text.size());
  }
  if (set == InstructionSet::avx2) {
    return first_invalid_by<32, has_invalid_avx2>(bytes, text.size());
  }
#endif
  static_cast<void>(set);
  return first_invalid_from(0, bytes, text.size());
}

std::size_t first_invalid(std::string_view text) {
  static const InstructionSet best = best_instruction_set();
  return first_invalid(text, best);
}

bool is_white(std::uint32_t c) {
  if (c <= 0x20 || c == 0x7F) return true;
  if (c < 0x85) return false;
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

}  // namespace nlp
