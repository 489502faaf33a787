// fastText's text classifier (Joulin et al., "Bag of Tricks for Efficient Text Classification",
// 2017): a text is the mean of its features' rows, and a linear layer gives its labels.
//
// N examples, L labels, D dimensions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "aligned.h"
#include "line_features.h"
#include "row_scores.h"
#include "rows.h"
#include "training_exchange.h"

namespace nlp {

enum class ClassifierLoss {
  softmax,
  one_vs_all,           // each label by itself; negative sampling predicts so, too
  hierarchical_softmax  // prediction only
};

// Rows as fastText's product quantiser keeps them (Jégou et al., "Product Quantization for Nearest
// Neighbor Search", 2011): a row is cut into parts of `part_dim` floats, the last one perhaps
// shorter, and a byte for each part says which of 256 centroids stands there; the whole may be
// multiplied by one of 256 norms.
struct QuantizedRows {
  std::size_t count = 0, dim = 0, part_dim = 0;
  const std::uint8_t* codes = nullptr;           // (count, parts)
  const std::uint8_t* centroids = nullptr;       // floats at any byte: of each part 256 centroids
  const std::uint8_t* norm_codes = nullptr;      // (count), or null: all norms are 1
  const std::uint8_t* norm_centroids = nullptr;  // (256) floats at any byte

  std::size_t parts() const { return (dim + part_dim - 1) / part_dim; }
};

// A matrix in one of the two forms.
struct ClassifierMatrix {
  Rows dense;
  QuantizedRows quantized;
  bool is_quantized = false;

  std::size_t count() const { return is_quantized ? quantized.count : dense.count; }
  std::size_t dim() const { return is_quantized ? quantized.dim : dense.dim; }
};

// A trained model, or one in training. Immutable as far as prediction goes: threads share one.
class ClassifierModel {
 public:
  // `label_counts` are the labels' in training, falling: hierarchical softmax makes its tree of them.
  ClassifierModel(ClassifierMatrix input, ClassifierMatrix output, ClassifierLoss loss,
                  std::span<const std::int64_t> label_counts);

  // Room for one text's numbers, aligned.
  struct Workspace {
    explicit Workspace(const ClassifierModel& model);
    AlignedFloats hidden, scores;
    std::vector<float> row;
  };

  std::size_t labels() const { return labels_; }
  const ClassifierMatrix& input() const { return input_; }
  const ClassifierMatrix& output() const { return output_; }

  // The probabilities of all labels for the mean of some rows, in `space.scores`. No rows: the mean
  // is zero.
  void score(std::span<const std::int32_t> rows, InstructionSet set, Workspace& space) const;
  // Has the first of these rows fetched from memory, for `score` to find them near.
  void fetch(std::span<const std::int32_t> rows) const;
  // From now on what rows add to the scores is kept, for whoever answers many texts, unless that
  // would save little or there is no memory for it. Probabilities are the same up to rounding.
  void keep_row_scores();

 private:
  struct Node {
    std::int32_t left, right;  // < labels: a label; otherwise a node
  };
  void build_tree(std::span<const std::int64_t> counts);
  void score_tree(Workspace& space) const;
  // The two steps of `score`: sums, which are linear in the mean, and what is made of them.
  void add_up(std::span<const std::int32_t> rows, InstructionSet set, Workspace& space) const;
  bool add_up_kept(std::span<const std::int32_t> rows, InstructionSet set, Workspace& space) const;
  void to_probabilities(InstructionSet set, Workspace& space) const;

  ClassifierMatrix input_, output_;
  ClassifierLoss loss_;
  std::size_t labels_;
  std::vector<Node> nodes_;  // inner nodes; the last one is the root
  std::unique_ptr<RowScores> kept_;
};

// The k best labels of each text one after the other, best first.
struct Predictions {
  std::vector<std::int32_t> labels;
  std::vector<float> probabilities;
  std::vector<std::int32_t> counts;  // (N)
};

// The labels of N texts that are among the `k` best and have at least probability `threshold`.
Predictions predict(const ClassifierModel& model, const LineFeatures& features,
                    std::span<const std::string_view> texts, std::size_t k, float threshold,
                    int threads, InstructionSet set);

// Writes all probabilities of N texts to out[N][L].
void probabilities(const ClassifierModel& model, const LineFeatures& features,
                   std::span<const std::string_view> texts, int threads, InstructionSet set,
                   float* out);

// Examples as rows and labels, those of example i from offsets[i] to offsets[i + 1].
struct ExampleView {
  std::int64_t count;
  const std::int32_t* rows;
  const std::int64_t* row_offsets;
  const std::int32_t* labels;
  const std::int64_t* label_offsets;
};

// The same of N examples that are rows already.
void probabilities(const ClassifierModel& model, const ExampleView& examples, int threads,
                   InstructionSet set, float* out);

// What is trained; all threads share it. Rows have `stride` floats, a multiple of 16, and start at
// 64-byte lines; what lies beyond the dimensions is 0 and stays so.
struct ClassifierTraining {
  std::int64_t stride;
  float* input;                // (input_rows, stride)
  std::int64_t input_rows;
  // Rows from `groups_from` on are sums of several features' rows, of group_sizes[row - groups_from]
  // each; an example has at most one, its last.
  std::int64_t groups_from;
  const std::int32_t* group_sizes;
  float* output;               // (L, stride)
  std::int32_t labels;
  ClassifierLoss loss;         // not hierarchical
  const float* label_weights;  // (L) factors of what the examples of a label do
  float learning_rate;         // at the start; it falls linearly to 0
  std::int64_t total;          // examples of all epochs
};

// Trains on all examples once, in an order by chance that depends on `seed` and on nothing else.
// With one thread the result depends on the arguments alone; several threads write into each other's
// rows (Niu et al., "Hogwild!", 2011). `exchange.done` counts examples, those of earlier epochs
// included, and says what the learning rate is.
void train_epoch(const ClassifierTraining& training, const ExampleView& examples,
                 std::uint64_t seed, int threads, InstructionSet set, TrainingExchange& exchange);

}  // namespace nlp
