// Vector registers of the instruction set that a file is compiled for, and arithmetic on them.
//
// Files that are compiled once per instruction set include this one, with the flags that
// CMakeLists.txt gives them; everything stands in an anonymous namespace, so that no code is shared
// with files for other processors.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace nlp {
namespace {

#if defined(__AVX512F__)
constexpr int lane_bytes = 64;
#elif defined(__AVX2__)
constexpr int lane_bytes = 32;
#else
constexpr int lane_bytes = 16;
#endif
constexpr int lanes = lane_bytes / 4;

typedef float Lane __attribute__((vector_size(lane_bytes), may_alias));
typedef std::int32_t IntLane __attribute__((vector_size(lane_bytes), may_alias));
typedef float AnywhereLane __attribute__((vector_size(lane_bytes), may_alias, aligned(1)));

inline Lane load(const float* from) { return *reinterpret_cast<const Lane*>(from); }
inline void store(float* to, Lane values) { *reinterpret_cast<Lane*>(to) = values; }
inline Lane spread(float value) { return value - Lane{}; }

// Floats that begin at any byte, as in a mapped file.
inline Lane load_anywhere(const std::uint8_t* from) {
  return *reinterpret_cast<const AnywhereLane*>(from);
}

#if defined(__AVX512F__)

// `count` floats, fewer than a lane has, from any byte; then zeros.
inline Lane load_part(const std::uint8_t* from, int count) {
  return static_cast<Lane>(
      _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from));
}

// 14 bits from a table, doubled by one step of Newton's method: a division takes longer.
inline Lane reciprocal(Lane x) {
  const Lane guess = static_cast<Lane>(_mm512_rcp14_ps(x));
  return guess * ((Lane{} + 2.f) - x * guess);
}

// The four sums of the values of a, b, c and d. Pairs are interleaved and added twice, so that every
// quarter holds four partial sums; the quarters are added last.
inline void sums(Lane a, Lane b, Lane c, Lane d, float* to) {
  const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  const __m512 quarters = _mm512_add_ps(
      _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd))),
      _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd))));
  const __m256 halves =
      _mm256_add_ps(_mm512_castps512_ps256(quarters), _mm512_extractf32x8_ps(quarters, 1));
  _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1)));
}

#elif defined(__AVX2__)

inline Lane load_part(const std::uint8_t* from, int count) {
  const __m256i order = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(count), order);
  return static_cast<Lane>(_mm256_maskload_ps(reinterpret_cast<const float*>(from), mask));
}

// 12 bits from a table, doubled by one step of Newton's method: a division takes longer.
inline Lane reciprocal(Lane x) {
  const Lane guess = static_cast<Lane>(_mm256_rcp_ps(x));
  return guess * ((Lane{} + 2.f) - x * guess);
}

// The four sums of the values of a, b, c and d.
inline void sums(Lane a, Lane b, Lane c, Lane d, float* to) {
  const __m256 halves = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1)));
}

#else

inline Lane load_part(const std::uint8_t* from, int count) {
  Lane values{};
  std::memcpy(&values, from, static_cast<std::size_t>(count) * sizeof(float));
  return values;
}

inline Lane reciprocal(Lane x) { return (Lane{} + 1.f) / x; }

inline void sums(Lane a, Lane b, Lane c, Lane d, float* to) {
  const Lane all[] = {a, b, c, d};
  for (int i = 0; i < 4; ++i) to[i] = (all[i][0] + all[i][2]) + (all[i][1] + all[i][3]);
}

#endif

// 0, 1, 2, …
inline IntLane positions() {
  IntLane numbers;
  for (int i = 0; i < lanes; ++i) numbers[i] = i;
  return numbers;
}

// All values put together by `together(a, b)`, a sum or the like. Halves are, then halves of that, and
// so on: a value waits for few others.
template <typename Together>
inline float reduced(Lane lane, Together together) {
  float values[lanes];
  std::memcpy(values, &lane, sizeof(values));
  for (int half = lanes / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i) values[i] = together(values[i], values[i + half]);
  }
  return values[0];
}

// 2^x for |x| <= 126, beyond that of the limit; to 1e-7 relative. It is 2^n times a polynomial of
// the rest, |rest| <= 1/2 (coefficients: the Taylor series of 2^x, ln(2)^k / k!).
inline Lane exp2_of(Lane x) {
  x = x < spread(-126.f) ? spread(-126.f) : x;
  x = x > spread(126.f) ? spread(126.f) : x;
  const Lane magic = spread(12582912.f);  // adding 1.5 * 2^23 rounds to a whole number
  const Lane whole = (x + magic) - magic;
  const Lane rest = x - whole;
  Lane power = spread(1.5403530e-4f);
  power = power * rest + spread(1.3333558e-3f);
  power = power * rest + spread(9.6181291e-3f);
  power = power * rest + spread(5.5504109e-2f);
  power = power * rest + spread(2.4022651e-1f);
  power = power * rest + spread(6.9314718e-1f);
  power = power * rest + spread(1.f);
  const IntLane exponent = __builtin_convertvector(whole, IntLane) << 23;
  return reinterpret_cast<Lane>(reinterpret_cast<IntLane>(power) + exponent);
}

constexpr float log2_of_e = 1.44269504f;

// 1 / (1 + exp(-x)), to 1e-6 relative.
inline Lane sigmoid(Lane x) {
  return reciprocal(spread(1.f) + exp2_of(x * spread(-log2_of_e)));
}

}  // namespace
}  // namespace nlp
