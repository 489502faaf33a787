// Built by test_sanitizers.py: vectors to text and back, nearest rows, and n-grams, on matrices that
// begin at an odd byte and end where their memory ends, and on damaged text.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "float_text.h"
#include "subwords.h"
#include "top_k.h"

namespace {

// `count` random rows at an odd address.
struct OddMatrix {
  OddMatrix(std::mt19937& random, std::size_t count, std::size_t dim)
      : values(count * dim), bytes(new std::uint8_t[1 + count * dim * sizeof(float)]) {
    std::normal_distribution<float> normal;
    for (float& value : values) value = normal(random);
    std::memcpy(bytes.get() + 1, values.data(), values.size() * sizeof(float));
    rows = {bytes.get() + 1, count, dim, dim * sizeof(float)};
  }

  std::vector<float> values;
  std::unique_ptr<std::uint8_t[]> bytes;
  nlp::Rows rows;
};

int check_text(std::mt19937& random) {
  int failures = 0;
  const std::string words = "one" "two" "three";
  const std::int64_t offsets[] = {0, 3, 6, 11};
  const OddMatrix matrix(random, 3, 7);
  const std::string text = nlp::format_rows(words, offsets, matrix.rows);
  std::vector<float> read(21);
  const nlp::ParsedRows parsed = nlp::parse_rows(text, 7, 3, read.data());
  failures += parsed.rows != 3 || parsed.words != "one\ntwo\nthree\n" || read != matrix.values;
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = text.substr(0, random() % (text.size() + 1));
    for (int flips = 0; flips < 3 && !damaged.empty(); ++flips) {
      damaged[random() % damaged.size()] = "\n 1e+-.\xff"[random() % 8];
    }
    const std::vector<char> exact(damaged.begin(), damaged.end());
    const auto limit = random() % 4;
    std::vector<float> out(limit * 7);
    failures += nlp::parse_rows({exact.data(), exact.size()}, 7, limit, out.data()).rows > limit;
  }
  return failures;
}

int check_top_k(std::mt19937& random, std::size_t count, std::size_t asked,
                nlp::InstructionSet instructions, int threads) {
  const std::size_t dim = 37, width = 64, k = 5;
  const OddMatrix matrix(random, count, dim), queries(random, asked, dim);
  std::vector<std::int8_t> values(count * width);
  std::vector<float> factors(count), errors(count), inverse_norms(count);
  const nlp::Codes codes{values.data(), width, factors.data(), errors.data(), inverse_norms.data()};
  nlp::make_codes(matrix.rows, threads, codes);
  std::vector<std::int32_t> ids(asked * k);
  std::vector<float> cosines(asked * k);
  nlp::top_k(matrix.rows, codes, queries.rows, k, threads, instructions, ids.data(), cosines.data());
  int failures = 0;
  for (std::size_t q = 0; q < asked; q += 10) {
    std::vector<double> all(count);
    for (std::size_t i = 0; i < count; ++i) {
      double dot = 0, norm = 0, query = 0;
      for (std::size_t j = 0; j < dim; ++j) {
        const double a = matrix.values[i * dim + j], b = queries.values[q * dim + j];
        dot += a * b, norm += a * a, query += b * b;
      }
      all[i] = dot / std::sqrt(norm * query);
    }
    for (std::size_t i = 0; i < k; ++i) {
      failures += std::abs(all[static_cast<std::size_t>(ids[q * k + i])] - cosines[q * k + i]) > 1e-5;
    }
    std::sort(all.rbegin(), all.rend());
    for (std::size_t i = 0; i < k; ++i) failures += std::abs(all[i] - cosines[q * k + i]) > 1e-5;
  }
  return failures;
}

int check_subwords(std::mt19937& random) {
  const OddMatrix words(random, 2, 5), buckets(random, 1, 5);
  const std::string bytes = "\xc3\xa4\x80</s>";
  const std::int64_t offsets[] = {0, 3, 7};
  std::vector<float> out(10);
  nlp::word_means(bytes, offsets, words.rows, buckets.rows, 1, 4, 2, out.data());
  return !std::equal(out.begin() + 5, out.end(), words.values.begin() + 5);
}

}  // namespace

int main() {
  std::mt19937 random(1);
  int failures = check_text(random) + check_subwords(random);
  const nlp::InstructionSet best = nlp::best_instruction_set();
  for (int set = 0; set <= static_cast<int>(best); ++set) {
    failures += check_top_k(random, 1000, 3, static_cast<nlp::InstructionSet>(set), 1);
  }
  failures += check_top_k(random, 20000, 30, best, 3);  // enough work for three threads
  std::printf("%d failures\n", failures);
  return 0;
}
