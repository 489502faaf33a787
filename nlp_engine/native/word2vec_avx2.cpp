// Sentences by AVX2 and FMA: 16 registers of 8 floats. Compiled with the flags of CMakeLists.txt.
#include <cstdint>

#include "lanes.h"
#include "word2vec_sentence.h"

#if defined(NLP_X86)
namespace nlp {
namespace {


constexpr int tile_rows = 2;      // 2 x 6 sums, 2 + 1 values
constexpr int update_chunks = 1;  // 6 rows and their changes
constexpr bool short_tail = false;
inline Lane tail_product(const float*, const float*) { return Lane{}; }
template <int R>
inline void update_tail(float* const*, int, float* const*, const float*, std::int64_t,
                        const float*, int, int) {}
template <int R>
inline void update_one_tail(float*, float* const*, const float*, int) {}

}  // namespace
}  // namespace nlp

#include "word2vec_modes.h"

namespace nlp {

TrainSentences sentences_avx2(const Word2Vec& model) { return sentences_of(model); }

}  // namespace nlp
#endif
