// Training word vectors: skip-gram and CBOW with negative sampling (Mikolov et al., "Distributed
// Representations of Words and Phrases and their Compositionality", 2013), with or without
// sub-words (Bojanowski et al., "Enriching Word Vectors with Subword Information", 2017), on all
// threads without locks (Niu et al., "Hogwild!", 2011).
#pragma once

#include <cstdint>
#include <vector>

#include "separators.h"
#include "training_exchange.h"

namespace nlp {

inline constexpr double last_learning_rate = 1e-4;  // of the first, as in word2vec.c

enum class Word2VecMode {
  batch_skipgram,  // the words of a window share its negatives: two small matrix products
  skipgram,        // every pair of words has negatives of its own
  cbow,            // the mean of a window's words predicts its centre
};

// What is trained, and how; all threads share it.
//
// Rows have `stride` floats, a multiple of 16, and start at 64-byte lines; what lies between `dim`
// and `stride` is 0 and stays so. Row w of `input` and `output` belongs to word w; rows from
// `vocabulary` on in `input` belong to character n-grams.
struct Word2Vec {
  Word2VecMode mode;
  int dim;
  std::int64_t stride;
  int window;      // words on each side at most; each centre draws 1..window
  int negatives;   // per window, or per pair in mode skipgram
  int batch_size;  // words of a window multiplied at once in mode batch_skipgram
  float* input;
  float* output;
  std::uint32_t vocabulary;
  const std::uint64_t* alias;            // (vocabulary) distribution of negatives, see random.h
  const std::int64_t* subword_offsets;   // (vocabulary + 1) into subword_rows; null: no sub-words
  const std::int32_t* subword_rows;      // rows of `input` whose mean is a word's vector

  int own_words = 0;  // the rows of so many words, the first, are in `own_output` instead
  float* own_output = nullptr;

  float* input_row(std::int32_t row) const { return input + row * stride; }
  float* output_row(std::int32_t word) const {
    return (word < own_words ? own_output : output) + word * stride;
  }
  bool has_subwords() const { return subword_offsets != nullptr; }
};

// The words to train on, and for how long.
struct Word2VecCorpus {
  const std::int32_t* ids;      // line_end (-1) closes every line
  std::int64_t size;
  const std::uint32_t* keep;    // (vocabulary) chance of 2^32 that an occurrence is kept
  std::int64_t words;           // ids that are words, in one pass
  int epochs;
  float learning_rate;          // at the start
  float decay_power;            // see learning_rate_after
};

// Where a thread stands between two sentences. Plain numbers, so that a checkpoint can hold them.
struct Word2VecThread {
  std::int64_t begin, end;      // its part of the ids
  std::int64_t position;
  std::int64_t epoch;
  std::int64_t pending_words;   // read since the shared counter was last told
  std::uint64_t random;
  double learning_rate;
};

// The learning rate when so much of the training is done (0..1): at first `learning_rate`, then that
// times what is left to the power `decay_power`, and at last a ten-thousandth of it.
double learning_rate_after(double done, const Word2VecCorpus& corpus);

// A table for `draw` (random.h) that answers i with probability weights[i] / sum of weights.
std::vector<std::uint64_t> alias_table(const double* weights, std::size_t count);

// Cuts the ids into parts of similar size, at line ends where there are any nearby.
std::vector<Word2VecThread> start_threads(const Word2VecCorpus& corpus, int count,
                                          std::uint64_t seed);

// Trains until all epochs are done or the exchange says stop; `threads` then tells where to go on.
void train(const Word2Vec& model, const Word2VecCorpus& corpus,
           std::vector<Word2VecThread>& threads, InstructionSet instructions,
           TrainingExchange& exchange);

}  // namespace nlp
