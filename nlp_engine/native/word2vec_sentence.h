// The arithmetic of a few sentences, compiled once per instruction set.
#pragma once

#include <cstdint>

#include "random.h"
#include "word2vec.h"

namespace nlp {

inline constexpr int max_sentence_words = 1000;  // as in word2vec; longer lines are cut

// Sentences after sub-sampling, one after the other, so that rows can be fetched across their ends.
struct Sentences {
  static constexpr int enough = 512;  // no further sentence is added from here on
  static constexpr int room = enough + max_sentence_words;
  int length = 0;
  std::int32_t words[room];
  std::int32_t first[room];  // the position of the first word of a word's sentence
  std::int32_t last[room];   // and of its last
};

// One thread's buffers. Floats are aligned to 64 bytes.
struct Word2VecWorkspace {
  float** in;                // rows multiplied at once
  float** out;               // (1 + negatives) rows, the centre's and the negatives', of each pair
  float* gradients;          // (in x out)
  float* old;                // copies of the `in` rows
  float* hidden;             // means of context words, or of sub-word rows by position
  std::int32_t* reach;       // of the windows drawn ahead
  std::int32_t* drawn;       // negatives of the windows drawn ahead
  std::int64_t steps = 0;      // so far, to sample the loss
};

struct LossSample {
  double loss = 0;
  std::int64_t pairs = 0;
};

using TrainSentences = void (*)(const Word2Vec& model, const Sentences& text, float learning_rate,
                                Random& random, Word2VecWorkspace& space, LossSample& loss);

inline constexpr int pairs_at_once = 4;  // in mode skipgram
inline constexpr int pair_groups = 2;    // of which all but one are on their way

// How far ahead windows are drawn, at most; a power of two.
inline constexpr int max_ahead = 8;

TrainSentences sentences_baseline(const Word2Vec& model);
#if defined(NLP_X86)
TrainSentences sentences_avx2(const Word2Vec& model);
TrainSentences sentences_avx512(const Word2Vec& model);
#endif

}  // namespace nlp
