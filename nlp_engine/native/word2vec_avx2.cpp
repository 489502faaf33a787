// Sentences by AVX2 and FMA: 16 registers of 8 floats. Compiled with the flags of CMakeLists.txt.
#include <cstdint>

#include "word2vec_sentence.h"

#if defined(NLP_X86)
#include <immintrin.h>

namespace nlp {
namespace {

typedef float Lane __attribute__((vector_size(32), may_alias));
typedef std::int32_t IntLane __attribute__((vector_size(32), may_alias));

constexpr int lanes = 8;
constexpr int tile_rows = 2;      // 2 x 6 sums, 2 + 1 values
constexpr int update_chunks = 1;  // 6 rows and their changes
constexpr bool short_tail = false;
inline Lane tail_product(const float*, const float*) { return Lane{}; }
template <int R>
inline void update_tail(float* const*, int, float* const*, const float*, std::int64_t,
                        const float*, int, int) {}
template <int R>
inline void update_one_tail(float*, float* const*, const float*, int) {}

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

}  // namespace
}  // namespace nlp

#include "word2vec_modes.h"

namespace nlp {

TrainSentences sentences_avx2(const Word2Vec& model) { return sentences_of(model); }

}  // namespace nlp
#endif
