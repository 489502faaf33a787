// Built by test_sanitizers.py: every mode with small and odd dimensions, on rows that end where
// their memory ends. Rows must stay finite, and what fills them up to whole cache lines 0.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "encoder.h"
#include "subword_table.h"
#include "word2vec.h"

namespace {

constexpr std::uint32_t vocabulary = 523;  // enough for threads to have rows of their own

struct Free {
  void operator()(float* memory) const { std::free(memory); }
};

struct Rows {
  Rows(std::mt19937& random, std::size_t rows, int dim)
      : count(rows), dim(static_cast<std::size_t>(dim)), stride((this->dim + 15) / 16 * 16),
        values(static_cast<float*>(std::aligned_alloc(64, count * stride * sizeof(float)))) {
    std::normal_distribution<float> normal(0, 0.3f);
    for (std::size_t i = 0; i < count * stride; ++i) {
      values.get()[i] = i % stride < this->dim ? normal(random) : 0;
    }
  }

  bool fine() const {
    bool fine = true;
    for (std::size_t i = 0; i < count * stride; ++i) {
      const float value = values.get()[i];
      fine = fine && (i % stride < dim ? std::isfinite(value) : value == 0);
    }
    return fine;
  }

  std::size_t count, dim, stride;
  std::unique_ptr<float[], Free> values;
};

struct Case {
  nlp::Word2VecMode mode;
  bool subwords;
  int dim, window, negatives, batch_size;
};

std::vector<std::int32_t> random_lines(std::mt19937& random) {
  std::vector<std::int32_t> ids;
  for (const int length : {1, 2, 0, 1200, 3, 40, 7}) {
    for (int i = 0; i < length; ++i) ids.push_back(static_cast<std::int32_t>(random() % vocabulary));
    ids.push_back(nlp::line_end);
  }
  ids.pop_back();  // the last line is open
  return ids;
}

nlp::SubwordTable random_subwords(std::mt19937& random) {
  std::string bytes;
  std::vector<std::int64_t> offsets{0};
  for (std::uint32_t i = 0; i < vocabulary; ++i) {
    for (auto length = random() % 9; length > 0; --length) {
      bytes += static_cast<char>('a' + random() % 26);
    }
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  return nlp::subword_table(bytes, offsets.data(), vocabulary, 1, 4, 50);
}

int check(std::mt19937& random, const Case& wanted, nlp::InstructionSet set) {
  const std::vector<std::int32_t> ids = random_lines(random);
  const std::vector<std::uint32_t> keep(vocabulary, 0xe0000000);
  const std::vector<double> weights(vocabulary, 1.5);
  const std::vector<std::uint64_t> alias = nlp::alias_table(weights.data(), vocabulary);
  const nlp::SubwordTable table = random_subwords(random);
  Rows input(random, vocabulary + (wanted.subwords ? table.bucket_ids.size() : 0), wanted.dim);
  Rows output(random, vocabulary, wanted.dim);
  const nlp::Word2Vec model{
      wanted.mode, wanted.dim, static_cast<std::int64_t>(input.stride), wanted.window,
      wanted.negatives, wanted.batch_size, input.values.get(), output.values.get(), vocabulary,
      alias.data(), wanted.subwords ? table.offsets.data() : nullptr,
      wanted.subwords ? table.rows.data() : nullptr};
  const nlp::Word2VecCorpus corpus{
      ids.data(), static_cast<std::int64_t>(ids.size()), keep.data(), 1253, 2, 0.01f};
  nlp::TrainingExchange exchange;
  std::vector<nlp::Word2VecThread> states = nlp::start_threads(corpus, 1 + wanted.window % 2, 1);
  nlp::train(model, corpus, states, set, exchange);
  return exchange.done != 2 * 1253 || !input.fine() || !output.fine();
}

}  // namespace

int main() {
  using enum nlp::Word2VecMode;
  std::mt19937 random(1);
  int failures = 0;
  for (int set = 0; set <= static_cast<int>(nlp::best_instruction_set()); ++set) {
    for (Case wanted : {Case{batch_skipgram}, {skipgram}, {cbow}, {skipgram, true}, {cbow, true}}) {
      for (const int dim : {1, 5, 17, 20, 33}) {
        for (const int window : {1, 6}) {
          for (const int negatives : {1, 5, 8, 13}) {
            wanted.dim = dim, wanted.window = window, wanted.negatives = negatives;
            wanted.batch_size = 1 + (dim + negatives) % 32;
            failures += check(random, wanted, static_cast<nlp::InstructionSet>(set));
          }
        }
      }
    }
  }
  std::printf("%d failures\n", failures);
  return 0;
}
