// Built by test_sanitizers.py: centroids and codes of rows that begin at an odd byte and end where
// their memory ends, on every instruction set, by several threads.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "quantizer.h"

namespace {

// `count` random rows at an odd address; some are equal.
struct OddMatrix {
  OddMatrix(std::mt19937& random, std::size_t count, std::size_t dim)
      : bytes(new std::uint8_t[1 + count * dim * sizeof(float)]) {
    std::vector<float> values(count * dim);
    for (float& value : values) value = static_cast<float>(random() % 40);
    std::memcpy(bytes.get() + 1, values.data(), values.size() * sizeof(float));
    rows = {bytes.get() + 1, count, dim, dim * sizeof(float)};
  }

  std::unique_ptr<std::uint8_t[]> bytes;
  nlp::Rows rows;
};

// Every code must name a centroid that none is nearer than.
int check_codes(const nlp::Rows& rows, std::size_t part_dim, const std::vector<float>& centroids,
                const std::vector<std::uint8_t>& codes) {
  const std::size_t parts = (rows.dim + part_dim - 1) / part_dim;
  std::vector<float> row(rows.dim);
  int failures = 0;
  for (std::size_t i = 0; i < rows.count; ++i) {
    rows.load(i, row.data());
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t begin = part * part_dim, size = std::min(part_dim, rows.dim - begin);
      const auto distance = [&](std::size_t code) {
        float sum = 0;
        for (std::size_t j = 0; j < size; ++j) {
          const float at = centroids[begin * nlp::centroid_count + code * size + j];
          sum += (row[begin + j] - at) * (row[begin + j] - at);
        }
        return sum;
      };
      for (std::size_t code = 0; code < nlp::centroid_count; ++code) {
        failures += distance(code) < distance(codes[i * parts + part]);
      }
    }
  }
  return failures;
}

int check(std::mt19937& random, std::size_t count, std::size_t dim, std::size_t part_dim,
          nlp::InstructionSet set) {
  const OddMatrix matrix(random, count, dim);
  const std::size_t parts = (dim + part_dim - 1) / part_dim;
  std::vector<float> centroids(nlp::centroid_count * dim);
  for (std::size_t begin = 0; begin < dim; begin += part_dim) {
    const nlp::Rows points{matrix.rows.data + begin * sizeof(float), count,
                           std::min(part_dim, dim - begin), matrix.rows.stride};
    nlp::find_centroids(points, begin, set, centroids.data() + nlp::centroid_count * begin);
  }
  int failures = 0;
  for (const float value : centroids) failures += !(value >= 0 && value < 40);
  std::vector<std::uint8_t> codes(count * parts), same(count * parts);
  nlp::quantize_rows(matrix.rows, part_dim, centroids.data(), 1, set, codes.data());
  nlp::quantize_rows(matrix.rows, part_dim, centroids.data(), 3, set, same.data());
  return failures + (codes != same) + check_codes(matrix.rows, part_dim, centroids, codes);
}

}  // namespace

int main() {
  std::mt19937 random(1);
  int failures = 0;
  for (int best = static_cast<int>(nlp::best_instruction_set()), set = 0; set <= best; ++set) {
    const auto instructions = static_cast<nlp::InstructionSet>(set);
    failures += check(random, 700, 7, 2, instructions) + check(random, 257, 5, 5, instructions) +
                check(random, 1, 3, 1, instructions) + check(random, 300, 1, 2, instructions);
  }
  std::printf("%d failures\n", failures);
  return 0;
}
