// Built by test_sanitizers.py: features of odd lines, prediction from rows that end where their
// memory ends, training in every form. Rows must stay finite, and what fills them up 0.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "classifier.h"
#include "fill_uniform.h"
#include "json_texts.h"
#include "lone_buckets.h"

namespace {

using nlp::ClassifierLoss;

constexpr int labels = 5;
const std::string entries = "</s>abü日__label__a__label__b__label__c__label____label__z";
const std::int64_t offsets[] = {0, 4, 5, 6, 8, 11, 21, 31, 41, 50, 60};
constexpr int words = 5;
constexpr int buckets = 40;

std::string random_line(std::mt19937& random) {
  static const char* const tokens[] = {"a", "b", "ü", "日", "__label__a", "__label__z", "__label__q",
                                       "other", "\xc3", "\xff\xfe", "</s>", "\t", " ", "<", "x\0y"};
  std::string line;
  for (auto length = random() % 9; length > 0; --length) {
    line += tokens[random() % std::size(tokens)];
    if (random() % 4) line += ' ';
  }
  return line;
}

// A copy whose end is that of its memory, so that reading on is noticed.
std::unique_ptr<char[]> exact(const std::string& text) {
  auto copy = std::make_unique<char[]>(text.size());
  std::memcpy(copy.get(), text.data(), text.size());
  return copy;
}

struct Rows {
  Rows(std::mt19937& random, std::size_t rows, std::size_t dim)
      : count(rows), dim(dim), stride((dim + 15) / 16 * 16),
        values(nlp::aligned_floats(static_cast<std::int64_t>(rows * stride))) {
    std::normal_distribution<float> normal(0, 0.3f);
    for (std::size_t i = 0; i < count * stride; ++i) {
      values[i] = i % stride < dim ? normal(random) : 0;
    }
  }

  bool fine() const {
    bool fine = true;
    for (std::size_t i = 0; i < count * stride; ++i) {
      fine = fine && (i % stride < dim ? std::isfinite(values[i]) : values[i] == 0);
    }
    return fine;
  }

  std::size_t count, dim, stride;
  nlp::AlignedFloats values;
};

int check_training(std::mt19937& random, const nlp::LineFeatures& features, std::size_t dim,
                   ClassifierLoss loss, int threads, nlp::InstructionSet set) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += random_line(random) + "\n";
  const auto bytes = exact(text);
  nlp::Examples read = nlp::read_examples(
      features, reinterpret_cast<const std::uint8_t*>(bytes.get()), text.size(), threads);
  const nlp::ExampleBuckets found =
      nlp::gather_buckets(read.rows, read.row_offsets, words, buckets, {});
  read.rows.resize(static_cast<std::size_t>(found.rows_size));
  read.rows.shrink_to_fit();
  std::vector<std::int32_t> sizes;
  for (std::size_t i = 1; i < found.lone_offsets.size(); ++i) {
    sizes.push_back(static_cast<std::int32_t>(found.lone_offsets[i] - found.lone_offsets[i - 1]));
  }
  const std::size_t groups_from = words + found.shared.size();
  const nlp::ExampleView examples{static_cast<std::int64_t>(read.row_offsets.size()) - 1,
                                  read.rows.data(), read.row_offsets.data(), read.labels.data(),
                                  read.label_offsets.data()};
  Rows input(random, groups_from + sizes.size(), dim), output(random, labels, dim);
  const std::vector<std::int64_t> numbers(found.lone.begin(), found.lone.end());
  nlp::fill_uniform_sums(input.values.get() + groups_from * input.stride,
                         static_cast<std::int64_t>(sizes.size()), static_cast<std::int64_t>(dim),
                         static_cast<std::int64_t>(input.stride), 0.3f, 1, numbers.data(),
                         found.lone_offsets.data(), threads);
  const std::vector<float> weights(labels, 1.5f);
  const nlp::ClassifierTraining training{static_cast<std::int64_t>(input.stride),
                                         input.values.get(), static_cast<std::int64_t>(input.count),
                                         static_cast<std::int64_t>(groups_from), sizes.data(),
                                         output.values.get(), labels, loss,
                                         weights.data(), 0.1f, 2 * examples.count};
  nlp::TrainingExchange exchange;
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    nlp::train_epoch(training, examples, epoch, threads, set, exchange);
  }
  return exchange.done != 2 * examples.count || !input.fine() || !output.fine();
}

int check_prediction(std::mt19937& random, const nlp::LineFeatures& features, std::size_t dim,
                     ClassifierLoss loss, int threads, nlp::InstructionSet set) {
  std::vector<std::unique_ptr<char[]>> memory;
  std::vector<std::string_view> texts;
  for (int i = 0; i < 200; ++i) {
    const std::string line = random_line(random);
    memory.push_back(exact(line));
    texts.emplace_back(memory.back().get(), line.size());
  }
  std::vector<std::uint8_t> input(features.rows() * dim * 4), output(labels * dim * 4);
  for (auto* matrix : {&input, &output}) {
    for (std::size_t i = 0; i < matrix->size(); i += 4) {
      const float value = static_cast<float>(random() % 100) / 100 - 0.5f;
      std::memcpy(matrix->data() + i, &value, 4);
    }
  }
  const std::int64_t counts[labels] = {9, 5, 5, 2, 1};
  nlp::ClassifierModel model({{input.data(), features.rows(), dim, 4 * dim}, {}, false},
                             {{output.data(), labels, dim, 4 * dim}, {}, false}, loss, counts);
  const nlp::Predictions found = nlp::predict(model, features, texts, labels, 0, threads, set);
  int failures = found.counts.size() != 200;
  for (const float probability : found.probabilities) {
    failures += !(probability >= 0 && probability <= 1);
  }
  model.keep_row_scores();
  const nlp::Predictions again = nlp::predict(model, features, texts, labels, 0, threads, set);
  for (std::size_t i = 0; i < found.probabilities.size(); ++i) {
    failures += !(std::abs(found.probabilities[i] - again.probabilities[i]) < 1e-4f);
  }
  return failures;
}

// Requests as JSON with some bytes changed or cut off: what is read must lie in the request, and be
// answered.
int check_json(std::mt19937& random, const nlp::LineFeatures& features, nlp::InstructionSet set) {
  const std::string plain =
      R"({"instances": ["a b", "\u00fc\n\ud83d\ude00", "日 \"x\""], "configuration": {"k": 2}})";
  const std::vector<std::string> names{"\"a\"", "\"b\"", "\"c\"", "\"\"", "\"z\""};
  const std::vector<float> input(features.rows(), 0.5f), output(labels, 0.25f);
  const std::int64_t counts[labels] = {9, 5, 5, 2, 1};
  const auto matrix = [](const std::vector<float>& values) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
    return nlp::ClassifierMatrix{{bytes, values.size(), 1, 4}, {}, false};
  };
  const nlp::ClassifierModel model(matrix(input), matrix(output), ClassifierLoss::softmax, counts);
  int failures = !nlp::read_text_request(plain, set);
  for (int i = 0; i < 2000; ++i) {
    std::string json = plain;
    for (auto changes = random() % 4; changes > 0; --changes) {
      json[random() % json.size()] = "\"\\u{}[]:,0dk\xff\n "[random() % 15];
    }
    json.resize(random() % 3 ? json.size() : random() % json.size());
    const auto bytes = exact(json);
    const auto request = nlp::read_text_request({bytes.get(), json.size()}, set);
    if (!request) continue;
    const nlp::Predictions found = nlp::predict(model, features, request->texts, 2, 0.f, 1, set);
    failures += nlp::write_predictions(found, names).size() < 2 + 20 * request->texts.size();
  }
  return failures;
}

}  // namespace

int main() {
  using enum ClassifierLoss;
  std::mt19937 random(1);
  int failures = 0;
  const std::vector<std::int32_t> kept{30, 2, 17};
  for (const bool pruned : {false, true}) {
    const nlp::LineFeatures features(entries, offsets, words, words + labels, {3, buckets, 2, 4},
                                     pruned ? &kept : nullptr);
    for (int set = 0; set <= static_cast<int>(nlp::best_instruction_set()); ++set) {
      const auto instructions = static_cast<nlp::InstructionSet>(set);
      failures += check_json(random, features, instructions);
      for (const std::size_t dim : {1, 5, 16, 33, 140}) {
        for (const int threads : {1, 3}) {
          failures += check_prediction(random, features, dim, softmax, threads, instructions);
          failures += check_prediction(random, features, dim, one_vs_all, threads, instructions);
          failures +=
              check_prediction(random, features, dim, hierarchical_softmax, threads, instructions);
        }
        failures += check_training(random, features, dim, softmax, 1, instructions);
        failures += check_training(random, features, dim, one_vs_all, 1, instructions);
        failures += check_training(random, features, dim, softmax, 3, instructions);
      }
    }
  }
  std::printf("%d failures\n", failures);
  return 0;
}
