// Sentences by what every processor of the architecture has: registers of 4 floats.
#include <cstdint>

#include "lanes.h"
#include "word2vec_sentence.h"

namespace nlp {
namespace {


constexpr int tile_rows = 2;
constexpr int update_chunks = 1;
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

TrainSentences sentences_baseline(const Word2Vec& model) { return sentences_of(model); }

}  // namespace nlp
