// A step of training a classifier, and of predicting with one.
//
// The memory is what counts: an example's rows lie anywhere among millions. They are fetched ahead,
// summed in registers while they stream by once, and stay in a near cache until their gradient, the
// same for all of them, is added. The few rows of the output matrix are written for every example;
// each thread has a copy of its own (own_rows.h).
#pragma once

#include <cstdint>
#include <type_traits>

#include "classifier_kernels.h"
#include "lanes.h"

namespace nlp {
namespace {

constexpr int block_lanes = 8;         // that a sum of rows keeps in registers
constexpr std::size_t rows_ahead = 8;  // fetched before they are summed
constexpr int features_ahead = 3;      // examples
constexpr int offsets_ahead = 6;

// Calls work(C, k) for the lanes of a row, C of them from float k on; C is a constant.
template <typename Work>
inline void for_lanes(std::int64_t count, Work work) {
  std::int64_t at = 0;
  for (; at + block_lanes <= count; at += block_lanes) {
    work(std::integral_constant<int, block_lanes>{}, at * lanes);
  }
  const std::int64_t k = at * lanes;
  switch (count - at) {
    case 7: work(std::integral_constant<int, 7>{}, k); break;
    case 6: work(std::integral_constant<int, 6>{}, k); break;
    case 5: work(std::integral_constant<int, 5>{}, k); break;
    case 4: work(std::integral_constant<int, 4>{}, k); break;
    case 3: work(std::integral_constant<int, 3>{}, k); break;
    case 2: work(std::integral_constant<int, 2>{}, k); break;
    case 1: work(std::integral_constant<int, 1>{}, k); break;
    default: break;
  }
}

// Always inlined: GCC takes a function that only prefetches for one without effect.
[[gnu::always_inline]] inline void prefetch_row(const std::uint8_t* row, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(row + at, 1, 3);
}

// hidden = `factor` times the sum of `count` rows of `dim` floats; row(i) says where row i of them
// begins.
template <typename Row>
inline void sum_of(Row row, std::size_t count, float factor, std::size_t dim, float* hidden) {
  const Lane share = spread(factor);
  const auto whole = static_cast<std::int64_t>(dim) / lanes;
  for_lanes(whole, [&](auto width, std::int64_t k) {
    constexpr int C = width;
    Lane sum[C] = {};
    for (std::size_t i = 0; i < count; ++i) {
      if (k == 0 && i + rows_ahead < count) prefetch_row(row(i + rows_ahead), dim * 4);
      const std::uint8_t* from = row(i) + k * 4;
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) sum[c] += load_anywhere(from + c * lane_bytes);
    }
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) store(hidden + k + c * lanes, sum[c] * share);
  });
  if (const int rest = static_cast<int>(dim) % lanes; rest > 0) {
    Lane sum{};
    for (std::size_t i = 0; i < count; ++i) sum += load_part(row(i) + whole * lane_bytes, rest);
    store(hidden + whole * lanes, sum * share);
  }
}

inline void mean(const Rows& matrix, const std::int32_t* rows, std::size_t count, float* hidden) {
  const auto row = [&](std::size_t i) { return matrix.row(static_cast<std::size_t>(rows[i])); };
  sum_of(row, count, count == 0 ? 0.f : 1.f / static_cast<float>(count), matrix.dim, hidden);
}

inline void dots(const Rows& matrix, const float* hidden, float* scores) {
  const std::size_t whole = matrix.dim / lanes;
  const int rest = static_cast<int>(matrix.dim) % lanes;
  for (std::size_t first = 0; first < matrix.count; first += 4) {
    const std::uint8_t* from[4];
    for (std::size_t i = 0; i < 4; ++i) {
      from[i] = matrix.row(first + i < matrix.count ? first + i : first);
    }
    Lane sum[4] = {};
    for (std::size_t k = 0; k < whole; ++k) {
      const Lane values = load(hidden + k * lanes);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) sum[i] += values * load_anywhere(from[i] + k * lane_bytes);
    }
    if (rest > 0) {
      const Lane values = load(hidden + whole * lanes);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) sum[i] += values * load_part(from[i] + whole * lane_bytes, rest);
    }
    sums(sum[0], sum[1], sum[2], sum[3], scores + first);
  }
}

// Eight floats, in as many registers as they take: few labels do not fill a lane.
typedef float Eight __attribute__((vector_size(32), may_alias));

inline void mean_scores(const float* table, std::size_t stride, const std::int32_t* rows,
                        std::size_t count, float* scores) {
  const float share = count == 0 ? 0.f : 1.f / static_cast<float>(count);
  for (std::size_t k = 0; k < stride; k += 8) {
    const auto at = [&](std::size_t i) -> const Eight& {
      const std::size_t first = static_cast<std::size_t>(rows[i]) * stride;
      return *reinterpret_cast<const Eight*>(table + first + k);
    };
    Eight even{}, odd{};  // two sums, which need not wait for each other
    for (std::size_t i = 1; i < count; i += 2) {
      even += at(i - 1);
      odd += at(i);
    }
    if (count % 2 == 1) even += at(count - 1);
    *reinterpret_cast<Eight*>(scores + k) = (even + odd) * share;
  }
}

// Multiplies `count` values, and what fills them up to whole lanes.
inline void scale(float* values, std::int64_t count, float factor) {
  for (std::int64_t i = 0; i < count; i += lanes) {
    store(values + i, load(values + i) * spread(factor));
  }
}

// What a lane holds from `count` on is replaced by `value`.
inline Lane padded(Lane values, std::int64_t count, float value) {
  return positions() < static_cast<std::int32_t>(count) ? values : spread(value);
}

inline void softmax(float* scores, std::size_t count) {
  const auto size = static_cast<std::int64_t>(count);
  const std::int64_t last = (size - 1) / lanes * lanes;  // where the last lane begins
  store(scores + last, padded(load(scores + last), size - last, -1e30f));
  const auto higher = [](auto a, auto b) { return a > b ? a : b; };
  Lane most = load(scores);
  for (std::int64_t i = lanes; i < size; i += lanes) most = higher(most, load(scores + i));
  const float highest = reduced(most, higher);
  Lane all{};
  for (std::int64_t i = 0; i < size; i += lanes) {
    Lane power = exp2_of((load(scores + i) - spread(highest)) * spread(log2_of_e));
    if (i == last) power = padded(power, size - last, 0.f);
    all += power;
    store(scores + i, power);
  }
  scale(scores, size, 1.f / reduced(all, [](float a, float b) { return a + b; }));
}

class Trainer {
 public:
  Trainer(const ClassifierTraining& training, const ExampleView& examples, TrainingSpace& space)
      : training_(training), examples_(examples), space_(space) {
    const auto dim = static_cast<std::size_t>(training.stride);
    output_ = {reinterpret_cast<const std::uint8_t*>(space.output),
               static_cast<std::size_t>(training.labels), dim, 4 * dim};
  }

  void run(const std::int32_t* order, std::int64_t count, std::int64_t behind) {
    const std::int64_t all = count + behind;
    for (std::int64_t i = 0; i < count; ++i) {
      if (i + offsets_ahead < all) fetch_offsets(order[i + offsets_ahead]);
      if (i + features_ahead < all) fetch_features(order[i + features_ahead]);
      if (i + 1 < all) fetch_rows(order[i + 1]);
      step(order[i]);
    }
  }

 private:
  float* input_row(std::int32_t row) const {
    return (row < space_.own_input_rows ? space_.own_input : training_.input) +
           row * training_.stride;
  }
  static const std::uint8_t* bytes_of(const float* row) {
    return reinterpret_cast<const std::uint8_t*>(row);
  }

  // Examples come in random order, so that all of one has to be fetched: where it begins, then its
  // features, then their first rows (the others are fetched while these are summed).
  [[gnu::always_inline]] void fetch_offsets(std::int32_t example) const {
    __builtin_prefetch(examples_.row_offsets + example);
    __builtin_prefetch(examples_.label_offsets + example);
  }
  [[gnu::always_inline]] void fetch_features(std::int32_t example) const {
    const std::int64_t end = examples_.row_offsets[example + 1];
    for (std::int64_t i = examples_.row_offsets[example]; i < end; i += 16) {
      __builtin_prefetch(examples_.rows + i);
    }
    __builtin_prefetch(examples_.labels + examples_.label_offsets[example]);
  }
  [[gnu::always_inline]] void fetch_rows(std::int32_t example) const {
    const std::int64_t begin = examples_.row_offsets[example];
    const std::int64_t end = examples_.row_offsets[example + 1];
    const auto limit = static_cast<std::int64_t>(rows_ahead);
    for (std::int64_t i = begin; i < end && i < begin + limit; ++i) {
      prefetch_row(bytes_of(input_row(examples_.rows[i])), output_.stride);
    }
  }

  void step(std::int32_t example) {
    const std::int64_t first = examples_.row_offsets[example];
    const std::int64_t first_label = examples_.label_offsets[example];
    const auto count = static_cast<std::size_t>(examples_.row_offsets[example + 1] - first);
    const auto labels = static_cast<int>(examples_.label_offsets[example + 1] - first_label);
    if (count == 0 || labels == 0) return;
    const std::int32_t* rows = examples_.rows + first;
    const std::int32_t in_last = features_in(rows[count - 1]);
    const float share = 1.f / static_cast<float>(static_cast<std::int32_t>(count) - 1 + in_last);
    sum_of([&](std::size_t i) { return bytes_of(input_row(rows[i])); }, count, share, output_.dim,
           space_.hidden);
    dots(output_, space_.hidden, space_.scores);
    if (training_.loss == ClassifierLoss::softmax) {
      // Of several labels one is drawn, as fastText does.
      const std::uint32_t drawn =
          labels == 1 ? 0 : space_.random.below(static_cast<std::uint32_t>(labels));
      softmax_gradients(examples_.labels[first_label + drawn]);
    } else {
      one_vs_all_gradients(examples_.labels + first_label, labels);
    }
    ++space_.losses;
    apply_to_output();
    add_to_rows(rows, count - 1, share);
    add_to_rows(rows + count - 1, 1, share * static_cast<float>(in_last));
  }

  // Of how many features' rows this one is the sum.
  std::int32_t features_in(std::int32_t row) const {
    return row < training_.groups_from ? 1 : training_.group_sizes[row - training_.groups_from];
  }

  // Turns scores into learning rate * (label - probability).
  void softmax_gradients(std::int32_t label) {
    float* scores = space_.scores;
    softmax(scores, output_.count);
    space_.loss += loss_of(scores[label]);
    const float rate = space_.learning_rate * training_.label_weights[label];
    scale(scores, training_.labels, -rate);
    scores[label] += rate;
  }

  void one_vs_all_gradients(const std::int32_t* labels, int count) {
    float* scores = space_.scores;
    for (std::int32_t i = 0; i < training_.labels; i += lanes) {
      store(scores + i, sigmoid(load(scores + i)));
    }
    for (std::int32_t i = 0; i < training_.labels; ++i) {
      bool positive = false;
      for (int j = 0; j < count; ++j) positive = positive || labels[j] == i;
      space_.loss += loss_of(positive ? scores[i] : 1 - scores[i]);
      const float rate = space_.learning_rate * (positive ? training_.label_weights[i] : 1.f);
      scores[i] = rate * ((positive ? 1.f : 0.f) - scores[i]);
    }
  }

  static double loss_of(float probability) {
    return -__builtin_logf(probability > 1e-10f ? probability : 1e-10f);
  }

  // The gradient of `hidden`, from the output rows as they were, and theirs.
  void apply_to_output() {
    for_lanes(training_.stride / lanes, [&](auto width, std::int64_t k) {
      constexpr int C = width;
      Lane hidden[C], gradient[C] = {};
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) hidden[c] = load(space_.hidden + k + c * lanes);
      for (std::int32_t label = 0; label < training_.labels; ++label) {
        float* row = space_.output + label * training_.stride + k;
        const Lane factor = spread(space_.scores[label]);
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) {
          const Lane old = load(row + c * lanes);
          gradient[c] += factor * old;
          store(row + c * lanes, old + factor * hidden[c]);
        }
      }
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) store(space_.gradient + k + c * lanes, gradient[c]);
    });
  }

  void add_to_rows(const std::int32_t* rows, std::size_t count, float factor) {
    const Lane share = spread(factor);
    for_lanes(training_.stride / lanes, [&](auto width, std::int64_t k) {
      constexpr int C = width;
      Lane change[C];
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) change[c] = load(space_.gradient + k + c * lanes) * share;
      for (std::size_t i = 0; i < count; ++i) {
        float* row = input_row(rows[i]) + k;
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) store(row + c * lanes, load(row + c * lanes) + change[c]);
      }
    });
  }

  const ClassifierTraining& training_;
  const ExampleView& examples_;
  TrainingSpace& space_;
  Rows output_;
};

inline void train(const ClassifierTraining& training, const ExampleView& examples,
                  const std::int32_t* order, std::int64_t count, std::int64_t behind,
                  TrainingSpace& space) {
  Trainer(training, examples, space).run(order, count, behind);
}

constexpr ClassifierKernels kernels{mean, dots, mean_scores, softmax, train};

}  // namespace
}  // namespace nlp
