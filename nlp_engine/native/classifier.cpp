#include "classifier.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "aligned.h"
#include "classifier_kernels.h"
#include "own_rows.h"
#include "parallel.h"
#include "random.h"

namespace nlp {
namespace {

// fastText looks the sigmoid up in a table of 512 steps over [-8, 8]; models that it trained with
// binary labels are to predict here what they predict there.
float table_sigmoid(float x) {
  constexpr int steps = 512;
  constexpr float highest = 8;
  static const std::vector<float> table = [] {
    std::vector<float> values;
    for (int i = 0; i <= steps; ++i) {
      const float at = static_cast<float>(i * 2) * highest / steps - highest;
      values.push_back(static_cast<float>(1.0 / (1.0 + std::exp(-static_cast<double>(at)))));
    }
    return values;
  }();
  if (x < -highest) return 0;
  if (x > highest) return 1;
  return table[static_cast<std::size_t>((x + highest) * steps / highest / 2)];
}

// It adds this to every probability before it takes the logarithm by which it ranks.
constexpr double added_probability = 1e-5;

float float_at(const std::uint8_t* floats, std::size_t index) {
  float value;
  std::memcpy(&value, floats + 4 * index, sizeof(value));
  return value;
}

// Adds a row's values to `sum`.
void add_quantized(const QuantizedRows& matrix, std::size_t row, float* sum) {
  const std::size_t parts = matrix.parts();
  const float norm =
      matrix.norm_codes ? float_at(matrix.norm_centroids, matrix.norm_codes[row]) : 1.f;
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t begin = part * matrix.part_dim;
    const std::size_t size = std::min(matrix.part_dim, matrix.dim - begin);
    const std::size_t code = matrix.codes[row * parts + part];
    const std::size_t from = 256 * begin + code * size;
    for (std::size_t i = 0; i < size; ++i) {
      sum[begin + i] += norm * float_at(matrix.centroids, from + i);
    }
  }
}

float dot_quantized(const QuantizedRows& matrix, std::size_t row, const float* with,
                    std::vector<float>& values) {
  values.assign(matrix.dim, 0.f);
  add_quantized(matrix, row, values.data());
  return std::inner_product(values.begin(), values.end(), with, 0.f);
}

constexpr std::size_t least_saving = 4;   // floats of a row per score that is kept
constexpr std::size_t most_fetched = 32;  // rows of a text, before its turn comes
constexpr std::size_t padding = 32;  // floats behind vectors that are read in lanes

// `work(part, begin, end)` on as many threads as there is enough work for.
template <typename Work>
void share_out(std::size_t count, int threads, const Work& work) {
  constexpr std::size_t least = 64;  // texts for which a thread is worth its start
  const auto most = static_cast<std::size_t>(std::max(threads, 1));
  for_each_range(count, std::clamp<std::size_t>(count / least, 1, most), work);
}

}  // namespace

ClassifierModel::ClassifierModel(ClassifierMatrix input, ClassifierMatrix output,
                                 ClassifierLoss loss, std::span<const std::int64_t> label_counts)
    : input_(input), output_(output), loss_(loss), labels_(label_counts.size()) {
  if (loss_ == ClassifierLoss::hierarchical_softmax) build_tree(label_counts);
}

// A Huffman tree (loss.cc, buildTree): labels come by falling count, so that two queues, of labels
// and of nodes made so far, give the smallest.
void ClassifierModel::build_tree(std::span<const std::int64_t> counts) {
  const auto labels = static_cast<std::int32_t>(counts.size());
  std::vector<std::int64_t> all(counts.begin(), counts.end());
  std::int32_t leaf = labels - 1, node = labels;
  const auto smallest = [&] {
    const bool take_leaf =
        leaf >= 0 && (node >= static_cast<std::int32_t>(all.size()) ||
                      all[static_cast<std::size_t>(leaf)] < all[static_cast<std::size_t>(node)]);
    return take_leaf ? leaf-- : node++;
  };
  for (std::int32_t i = 0; i + 1 < labels; ++i) {
    const std::int32_t left = smallest(), right = smallest();
    nodes_.push_back({left, right});
    all.push_back(all[static_cast<std::size_t>(left)] + all[static_cast<std::size_t>(right)]);
  }
}

// A label's probability is the product of those of the turns on its way from the root; fastText adds
// a little to each.
void ClassifierModel::score_tree(Workspace& space) const {
  const auto labels = static_cast<std::int32_t>(labels_);
  std::vector<double> logs(labels_ + nodes_.size(), 0.0);  // of reaching a label or node
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    const auto at = static_cast<std::size_t>(labels) + i;
    const double right = 1 / (1 + std::exp(-static_cast<double>(space.scores[i])));
    const auto log = [](double p) { return std::log(p + added_probability); };
    logs[static_cast<std::size_t>(nodes_[i].left)] = logs[at] + log(1 - right);
    logs[static_cast<std::size_t>(nodes_[i].right)] = logs[at] + log(right);
  }
  for (std::size_t i = 0; i < labels_; ++i) {
    space.scores[i] = static_cast<float>(std::exp(logs[i]) - added_probability);
  }
}

ClassifierModel::Workspace::Workspace(const ClassifierModel& model)
    : hidden(aligned_floats(static_cast<std::int64_t>(model.input_.dim() + padding))),
      scores(aligned_floats(
          static_cast<std::int64_t>(std::max(model.output_.count(), model.labels_) + padding))) {}

void ClassifierModel::fetch(std::span<const std::int32_t> rows) const {
  if (kept_) return kept_->fetch(rows);
  if (input_.is_quantized) return;
  const std::size_t bytes = input_.dense.dim * sizeof(float);
  for (const std::int32_t row : rows.first(std::min(rows.size(), most_fetched))) {
    const std::uint8_t* const begin = input_.dense.row(static_cast<std::size_t>(row));
    for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(begin + at);
    __builtin_prefetch(begin + bytes - 1);
  }
}

void ClassifierModel::score(std::span<const std::int32_t> rows, InstructionSet set,
                            Workspace& space) const {
  if (!add_up_kept(rows, set, space)) add_up(rows, set, space);
  to_probabilities(set, space);
}

void ClassifierModel::keep_row_scores() {
  const std::size_t floats = RowScores::floats_for(output_.count());
  if (input_.count() == 0 || floats * least_saving > input_.dim()) return;
  try {
    kept_ = std::make_unique<RowScores>(input_.count(), output_.count());
  } catch (const std::bad_alloc&) {  // it does without
  }
}

bool ClassifierModel::add_up_kept(std::span<const std::int32_t> rows, InstructionSet set,
                                  Workspace& space) const {
  const auto scores_of = [&](std::int32_t row) {
    add_up({&row, 1}, set, space);
    return space.scores.get();
  };
  if (!kept_ || !kept_->know(rows, scores_of)) return false;
  classifier_kernels(set).mean_scores(kept_->table(), kept_->stride(), rows.data(), rows.size(),
                                      space.scores.get());
  return true;
}

void ClassifierModel::add_up(std::span<const std::int32_t> rows, InstructionSet set,
                             Workspace& space) const {
  const ClassifierKernels& kernels = classifier_kernels(set);
  float* const hidden = space.hidden.get();
  float* const scores = space.scores.get();
  if (!input_.is_quantized) {
    kernels.mean(input_.dense, rows.data(), rows.size(), hidden);
  } else {
    std::fill_n(hidden, input_.dim(), 0.f);
    for (const std::int32_t row : rows) {
      add_quantized(input_.quantized, static_cast<std::size_t>(row), hidden);
    }
    const float share = rows.empty() ? 0.f : 1.f / static_cast<float>(rows.size());
    for (std::size_t i = 0; i < input_.dim(); ++i) hidden[i] *= share;
  }
  if (!output_.is_quantized) {
    kernels.dots(output_.dense, hidden, scores);
  } else {
    for (std::size_t i = 0; i < output_.count(); ++i) {
      scores[i] = dot_quantized(output_.quantized, i, hidden, space.row);
    }
  }
}

void ClassifierModel::to_probabilities(InstructionSet set, Workspace& space) const {
  float* const scores = space.scores.get();
  if (loss_ == ClassifierLoss::softmax) {
    classifier_kernels(set).softmax(scores, labels_);
  } else if (loss_ == ClassifierLoss::one_vs_all) {
    for (std::size_t i = 0; i < labels_; ++i) scores[i] = table_sigmoid(scores[i]);
  } else {
    score_tree(space);
  }
}

namespace {

// Calls work(rows) for each text. Entries, then rows, lie anywhere in memory: while they arrive,
// texts behind are read, so that three are under way.
template <typename Work>
void for_each_text(const ClassifierModel& model, const LineFeatures& features,
                   std::span<const std::string_view> texts, const Work& work) {
  LineFeatures::Line lines[3];
  for (std::size_t i = 0; i < texts.size() + 2; ++i) {
    if (i < texts.size()) features.split_text(texts[i], lines[i % 3]);
    if (i >= 1 && i - 1 < texts.size()) {
      features.find_rows(lines[(i - 1) % 3]);
      model.fetch(lines[(i - 1) % 3].rows);
    }
    if (i >= 2) work(std::span<const std::int32_t>(lines[(i - 2) % 3].rows));
  }
}

// Appends the best labels of one text, of equals those that fastText takes (loss.cc, findKBest): a
// heap with the worst of them in front.
void append_best(const float* scores, std::size_t labels, std::size_t k, float threshold,
                 std::vector<std::pair<float, std::int32_t>>& heap, Predictions& out) {
  const auto better = [](const auto& a, const auto& b) { return a.first > b.first; };
  heap.clear();
  for (std::size_t i = 0; i < labels; ++i) {
    if (scores[i] < threshold || (heap.size() == k && scores[i] < heap.front().first)) continue;
    heap.emplace_back(scores[i], static_cast<std::int32_t>(i));
    std::push_heap(heap.begin(), heap.end(), better);
    if (heap.size() > k) {
      std::pop_heap(heap.begin(), heap.end(), better);
      heap.pop_back();
    }
  }
  std::sort_heap(heap.begin(), heap.end(), better);
  for (const auto& [score, label] : heap) {
    out.labels.push_back(label);
    const double probability = static_cast<double>(score) + added_probability;
    out.probabilities.push_back(static_cast<float>(std::min(probability, 1.0)));
  }
  out.counts.push_back(static_cast<std::int32_t>(heap.size()));
}

}  // namespace

Predictions predict(const ClassifierModel& model, const LineFeatures& features,
                    std::span<const std::string_view> texts, std::size_t k, float threshold,
                    int threads, InstructionSet set) {
  std::vector<Predictions> parts(static_cast<std::size_t>(std::max(threads, 1)));
  share_out(texts.size(), threads, [&](std::size_t part, std::size_t begin, std::size_t end) {
    const auto own = texts.subspan(begin, end - begin);
    ClassifierModel::Workspace space(model);
    std::vector<std::pair<float, std::int32_t>> heap;
    for_each_text(model, features, own, [&](std::span<const std::int32_t> rows) {
      if (rows.empty()) {  // fastText then predicts nothing
        parts[part].counts.push_back(0);
        return;
      }
      model.score(rows, set, space);
      append_best(space.scores.get(), model.labels(), k, threshold, heap, parts[part]);
    });
  });
  Predictions all = std::move(parts[0]);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const Predictions& part = parts[i];
    all.labels.insert(all.labels.end(), part.labels.begin(), part.labels.end());
    all.probabilities.insert(all.probabilities.end(), part.probabilities.begin(),
                             part.probabilities.end());
    all.counts.insert(all.counts.end(), part.counts.begin(), part.counts.end());
  }
  return all;
}

void probabilities(const ClassifierModel& model, const LineFeatures& features,
                   std::span<const std::string_view> texts, int threads, InstructionSet set,
                   float* out) {
  share_out(texts.size(), threads, [&](std::size_t, std::size_t begin, std::size_t end) {
    ClassifierModel::Workspace space(model);
    float* to = out + begin * model.labels();
    const auto own = texts.subspan(begin, end - begin);
    for_each_text(model, features, own, [&](std::span<const std::int32_t> rows) {
      model.score(rows, set, space);
      to = std::copy_n(space.scores.get(), model.labels(), to);
    });
  });
}

void probabilities(const ClassifierModel& model, const ExampleView& examples, int threads,
                   InstructionSet set, float* out) {
  share_out(static_cast<std::size_t>(examples.count), threads,
            [&](std::size_t, std::size_t begin, std::size_t end) {
    ClassifierModel::Workspace space(model);
    for (std::size_t i = begin; i < end; ++i) {
      const std::int64_t first = examples.row_offsets[i];
      const auto rows = static_cast<std::size_t>(examples.row_offsets[i + 1] - first);
      model.score({examples.rows + first, rows}, set, space);
      std::copy_n(space.scores.get(), model.labels(), out + i * model.labels());
    }
  });
}

namespace {

constexpr std::int64_t examples_at_once = 16;  // between two merges of a thread's output rows

// Of the input rows those of the most frequent words, of which nearly every example has some.
constexpr std::int64_t own_input_floats = 1 << 13;
constexpr std::int64_t examples_between_input_merges = 4 * examples_at_once;

// 0 .. count-1, shuffled (Durstenfeld, "Algorithm 235: Random permutation", 1964).
std::vector<std::int32_t> shuffled(std::int64_t count, Random& random) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  }
  return order;
}

void train_part(const ClassifierTraining& training, const ExampleView& examples,
                std::span<const std::int32_t> order, bool alone, std::uint64_t random,
                InstructionSet set, TrainingExchange& exchange) {
  const std::int64_t stride = training.stride;
  const std::int64_t own_rows =
      alone ? 0 : std::min(training.input_rows, own_input_floats / stride);
  OwnRows own_input(training.input, own_rows * stride, exchange.merging);
  OwnRows own_output(training.output, alone ? 0 : training.labels * stride, exchange.merging);
  const AlignedFloats hidden = aligned_floats(stride), gradient = aligned_floats(stride);
  const AlignedFloats scores = aligned_floats(training.labels + 2 * 16);
  TrainingSpace space{alone ? training.output : own_output.rows(),
                      own_input.rows(), static_cast<std::int32_t>(own_rows),
                      hidden.get(), gradient.get(), scores.get(), 0.f, Random{random}};
  const auto count = static_cast<std::int64_t>(order.size());
  for (std::int64_t at = 0; at < count && !exchange.stopped.load(std::memory_order_relaxed);) {
    const auto done = static_cast<double>(exchange.done.load(std::memory_order_relaxed));
    const double left = std::max(1 - done / static_cast<double>(training.total), 0.0);
    space.learning_rate = training.learning_rate * static_cast<float>(left);
    const std::int64_t size = std::min(examples_at_once, count - at);
    classifier_kernels(set).train(training, examples, order.data() + at, size, count - at - size,
                                  space);
    at += size;
    if (!alone) own_output.try_merge();
    if (!alone && at % examples_between_input_merges == 0) own_input.try_merge();
    exchange.done.fetch_add(size, std::memory_order_relaxed);
    exchange.loss.fetch_add(std::exchange(space.loss, 0));
    exchange.loss_count.fetch_add(std::exchange(space.losses, 0));
  }
  own_output.merge();
  own_input.merge();
}

}  // namespace

void train_epoch(const ClassifierTraining& training, const ExampleView& examples,
                 std::uint64_t seed, int threads, InstructionSet set, TrainingExchange& exchange) {
  Random random{mixed(seed) | 1};
  const std::vector<std::int32_t> order = shuffled(examples.count, random);
  const std::uint64_t base = random.next();
  const auto parts = static_cast<std::size_t>(std::max(threads, 1));
  for_each_range(order.size(), parts, [&](std::size_t part, std::size_t begin, std::size_t end) {
    try {
      train_part(training, examples, std::span(order).subspan(begin, end - begin), parts == 1,
                 mixed(base + part) | 1, set, exchange);
    } catch (...) {
      exchange.stopped = true;  // the other threads need not go on
      throw;
    }
  });
}

}  // namespace nlp
