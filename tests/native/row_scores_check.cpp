// Built by test_sanitizers.py: threads fill a table together, and find in it what they put there.
#include "row_scores.h"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <random>
#include <thread>
#include <vector>

namespace {

constexpr std::int32_t rows = 2000;
constexpr std::size_t scores = 11;

// Among them zeros and the smallest number there is, whose bits the table uses for itself.
float score_of(std::int32_t row, std::size_t i) {
  if (row % 7 == 0) return 0.f;
  if (row % 7 == 1) return std::nextafter(0.f, 1.f);
  return static_cast<float>(row) + static_cast<float>(i) / 16;
}

// A thread that comes too late to add a row fails to exchange its first score, which the thread
// sanitizer takes for a write.
float read(const nlp::RowScores& kept, std::int32_t row, std::size_t i) {
  float* const scores_of_row =
      const_cast<float*>(kept.table()) + static_cast<std::size_t>(row) * kept.stride();
  if (i > 0) return scores_of_row[i];
  return std::atomic_ref<float>(*scores_of_row).load(std::memory_order_relaxed);
}

int check(nlp::RowScores& kept, unsigned seed) {
  std::mt19937 random(seed);
  int failures = 0;
  float values[scores];
  for (int i = 0; i < 3000; ++i) {
    const std::int32_t some[] = {static_cast<std::int32_t>(random() % rows),
                                 static_cast<std::int32_t>(random() % rows)};
    kept.fetch(some);
    const bool known = kept.know(some, [&](std::int32_t row) {
      for (std::size_t k = 0; k < scores; ++k) values[k] = score_of(row, k);
      return static_cast<const float*>(values);
    });
    if (!known) continue;
    for (const std::int32_t row : some) {
      for (std::size_t k = 0; k < scores; ++k) {
        const float found = read(kept, row, k);
        failures += !(std::abs(found - score_of(row, k)) < 1e-30f);
      }
    }
  }
  return failures;
}

}  // namespace

int main() {
  nlp::RowScores kept(rows, scores);
  std::vector<int> failures(4);
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < failures.size(); ++i) {
      threads.emplace_back([&, i] { failures[i] = check(kept, i); });
    }
  }
  std::printf("%d failures\n", failures[0] + failures[1] + failures[2] + failures[3]);
  return 0;
}
