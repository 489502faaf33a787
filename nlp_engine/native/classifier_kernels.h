// The arithmetic of classification, compiled once per instruction set.
#pragma once

#include <cstdint>

#include "classifier.h"
#include "random.h"

namespace nlp {

// What one thread trains with. Floats are aligned to 64 bytes.
struct TrainingSpace {
  float* output;         // (L, stride), the model's or the thread's own
  float* own_input;      // the first `own_input_rows` rows of the input matrix, if it has its own
  std::int32_t own_input_rows;
  float* hidden;         // (stride)
  float* gradient;       // (stride)
  float* scores;         // (L) and room for two lanes
  float learning_rate;
  Random random;
  double loss = 0;       // of the examples so far
  std::int64_t losses = 0;
};

struct ClassifierKernels {
  // hidden[stride] = the mean of rows, which are dense; what lies beyond the dimensions is 0.
  void (*mean)(const Rows& matrix, const std::int32_t* rows, std::size_t count, float* hidden);
  // scores[i] = hidden . row i, for all rows; hidden is padded with zeros, scores has room for 3
  // more.
  void (*dots)(const Rows& matrix, const float* hidden, float* scores);
  // scores[stride] = the mean of rows of a table with `stride` floats each, a multiple of 8.
  void (*mean_scores)(const float* table, std::size_t stride, const std::int32_t* rows,
                      std::size_t count, float* scores);
  // In place, for `count` values with room for a lane more.
  void (*softmax)(float* scores, std::size_t count);
  // Trains on the examples order[0, count); so many more behind them will come next.
  void (*train)(const ClassifierTraining& training, const ExampleView& examples,
                const std::int32_t* order, std::int64_t count, std::int64_t behind,
                TrainingSpace& space);
};

extern const ClassifierKernels classifier_baseline;
#if defined(NLP_X86)
extern const ClassifierKernels classifier_avx2, classifier_avx512;
#endif

inline const ClassifierKernels& classifier_kernels(InstructionSet set) {
#if defined(NLP_X86)
  if (set == InstructionSet::avx512) return classifier_avx512;
  if (set == InstructionSet::avx2) return classifier_avx2;
#endif
  (void)set;
  return classifier_baseline;
}

}  // namespace nlp
