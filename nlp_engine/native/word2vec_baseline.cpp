// Sentences by what every processor of the architecture has: registers of 4 floats.
#include <cstdint>

#include "word2vec_sentence.h"

namespace nlp {
namespace {

typedef float Lane __attribute__((vector_size(16), may_alias));
typedef std::int32_t IntLane __attribute__((vector_size(16), may_alias));

constexpr int lanes = 4;
constexpr int tile_rows = 2;
constexpr int update_chunks = 1;
constexpr bool short_tail = false;
inline Lane tail_product(const float*, const float*) { return Lane{}; }
template <int R>
inline void update_tail(float* const*, int, float* const*, const float*, std::int64_t,
                        const float*, int, int) {}
template <int R>
inline void update_one_tail(float*, float* const*, const float*, int) {}

inline Lane reciprocal(Lane x) { return (Lane{} + 1.f) / x; }

inline float sum(Lane a) { return (a[0] + a[2]) + (a[1] + a[3]); }

inline void sums(Lane a, Lane b, Lane c, Lane d, float* to) {
  to[0] = sum(a);
  to[1] = sum(b);
  to[2] = sum(c);
  to[3] = sum(d);
}

}  // namespace
}  // namespace nlp

#include "word2vec_modes.h"

namespace nlp {

TrainSentences sentences_baseline(const Word2Vec& model) { return sentences_of(model); }

}  // namespace nlp
