#include "quantizer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "parallel.h"
#include "random.h"

namespace nlp {
namespace {

constexpr std::size_t block = 64;  // points that are compared with a centroid at once
constexpr int steps = 25;

// Blocks of points, value by value: values[dim][block].
using Nearest = void (*)(const float* values, const float* centroids, std::size_t count,
                         std::size_t dim, std::uint8_t* codes, float* distances);

// The nearest of `count` centroids for each point of a block, and its squared distance. Inlined into
// each version below, where the compiler vectorises it for that instruction set; no sum is fused, so
// that all give the same.
[[gnu::always_inline]] inline void nearest(const float* values, const float* centroids,
                                           std::size_t count, std::size_t dim,
                                           std::uint8_t* codes, float* distances) {
  std::array<float, block> least;
  std::array<std::int32_t, block> found{};
  least.fill(std::numeric_limits<float>::infinity());
  for (std::size_t c = 0; c < count; ++c) {
    const auto code = static_cast<std::int32_t>(c);
    std::array<float, block> distance{};
    for (std::size_t j = 0; j < dim; ++j) {
      const float at = centroids[c * dim + j];
      for (std::size_t i = 0; i < block; ++i) {
        const float difference = values[j * block + i] - at;
        distance[i] += difference * difference;
      }
    }
    for (std::size_t i = 0; i < block; ++i) {
      const std::int32_t nearer = -static_cast<std::int32_t>(distance[i] < least[i]);  // all bits
      least[i] = std::min(least[i], distance[i]);
      found[i] = (code & nearer) | (found[i] & ~nearer);
    }
  }
  for (std::size_t i = 0; i < block; ++i) codes[i] = static_cast<std::uint8_t>(found[i]);
  std::copy(least.begin(), least.end(), distances);
}

// Most parts have two values; when their number is known, the compiler keeps sums in registers.
[[gnu::always_inline]] inline void nearest_of_any(const float* values, const float* centroids,
                                                  std::size_t count, std::size_t dim,
                                                  std::uint8_t* codes, float* distances) {
  if (dim == 1) return nearest(values, centroids, count, 1, codes, distances);
  if (dim == 2) return nearest(values, centroids, count, 2, codes, distances);
  if (dim == 4) return nearest(values, centroids, count, 4, codes, distances);
  nearest(values, centroids, count, dim, codes, distances);
}

void nearest_baseline(const float* values, const float* centroids, std::size_t count,
                      std::size_t dim, std::uint8_t* codes, float* distances) {
  nearest_of_any(values, centroids, count, dim, codes, distances);
}

#if defined(NLP_X86)

__attribute__((target("avx2"))) void nearest_avx2(const float* values, const float* centroids,
                                                  std::size_t count, std::size_t dim,
                                                  std::uint8_t* codes, float* distances) {
  nearest_of_any(values, centroids, count, dim, codes, distances);
}

__attribute__((target("avx512f,avx512bw,prefer-vector-width=512"))) void nearest_avx512(
    const float* values, const float* centroids, std::size_t count, std::size_t dim,
    std::uint8_t* codes, float* distances) {
  nearest_of_any(values, centroids, count, dim, codes, distances);
}

#endif

Nearest nearest_for(InstructionSet set) {
#if defined(NLP_X86)
  if (set == InstructionSet::avx512) return nearest_avx512;
  if (set == InstructionSet::avx2) return nearest_avx2;
#endif
  static_cast<void>(set);
  return nearest_baseline;
}

// Points in blocks, with what is known of each: its centroid, and the squared distance to it. The
// last block is filled up with zeros, which nobody looks at.
class Points {
 public:
  Points(const Rows& rows, InstructionSet set)
      : count_(rows.count), dim_(rows.dim), blocks_((rows.count + block - 1) / block),
        nearest_(nearest_for(set)), values_(blocks_ * block * dim_), codes_(blocks_ * block),
        distances_(blocks_ * block) {
    std::vector<float> row(dim_);
    for (std::size_t i = 0; i < count_; ++i) {
      rows.load(i, row.data());
      for (std::size_t j = 0; j < dim_; ++j) values_[at(i, j)] = row[j];
    }
  }

  std::size_t count() const { return count_; }
  std::uint8_t code(std::size_t point) const { return codes_[point]; }
  float distance(std::size_t point) const { return distances_[point]; }
  float value(std::size_t point, std::size_t j) const { return values_[at(point, j)]; }

  void copy(std::size_t point, float* to) const {
    for (std::size_t j = 0; j < dim_; ++j) to[j] = value(point, j);
  }

  // Goes to the nearest of all centroids; whether any point has another one than before.
  bool assign(const float* centroids) {
    bool changed = false;
    for (std::size_t b = 0; b < blocks_; ++b) {
      std::array<std::uint8_t, block> codes;
      nearest_(values_.data() + b * block * dim_, centroids, centroid_count, dim_, codes.data(),
               distances_.data() + b * block);
      changed = changed || !std::equal(codes.begin(), codes.end(), codes_.begin() + b * block);
      std::copy(codes.begin(), codes.end(), codes_.begin() + b * block);
    }
    return changed;
  }

  void forget_distances() {
    std::fill(distances_.begin(), distances_.end(), std::numeric_limits<float>::infinity());
  }

  // Distances are to the nearest of some centroids; takes one more into account.
  void approach(const float* centroid) {
    for (std::size_t b = 0; b < blocks_; ++b) {
      std::array<std::uint8_t, block> codes;
      std::array<float, block> distances;
      nearest_(values_.data() + b * block * dim_, centroid, 1, dim_, codes.data(),
               distances.data());
      float* const known = distances_.data() + b * block;
      for (std::size_t i = 0; i < block; ++i) known[i] = std::min(known[i], distances[i]);
    }
    std::fill(distances_.begin() + count_, distances_.end(), 0.f);
  }

  // A point by chance, by its squared distance; `count` if all are 0.
  std::size_t draw(Random& random) const {
    std::vector<double> ends(blocks_);
    double total = 0;
    for (std::size_t b = 0; b < blocks_; ++b) ends[b] = total += sum_of(b);
    const double chance = static_cast<double>(random.next() >> 11) * 0x1p-53 * total;
    const auto found = std::upper_bound(ends.begin(), ends.end(), chance);
    if (found == ends.end()) return count_;
    const auto b = static_cast<std::size_t>(found - ends.begin());
    double sum = b ? ends[b - 1] : 0;
    std::size_t last = b * block;
    for (std::size_t i = b * block; i < (b + 1) * block; ++i) {
      if (distances_[i] > 0) last = i;
      if ((sum += static_cast<double>(distances_[i])) > chance) break;
    }
    return last;
  }

  // The point that is farthest from its centroid, which then counts as at its place.
  std::size_t take_farthest() {
    const auto end = distances_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto found = std::max_element(distances_.begin(), end);
    *found = 0;
    return static_cast<std::size_t>(found - distances_.begin());
  }

 private:
  std::size_t at(std::size_t point, std::size_t j) const {
    return (point / block * dim_ + j) * block + point % block;
  }

  // Eight sums side by side, which the compiler keeps in registers.
  double sum_of(std::size_t b) const {
    std::array<float, 8> sums{};
    for (std::size_t i = 0; i < block; ++i) sums[i % 8] += distances_[b * block + i];
    double sum = 0;
    for (const float part : sums) sum += static_cast<double>(part);
    return sum;
  }

  std::size_t count_, dim_, blocks_;
  Nearest nearest_;
  std::vector<float> values_;
  std::vector<std::uint8_t> codes_;
  std::vector<float> distances_;
};

// k-means++: every next centroid is a point by chance, by its squared distance to the nearest one.
void start(Points& points, std::size_t dim, Random& random, float* centroids) {
  points.forget_distances();
  std::size_t next = random.below(static_cast<std::uint32_t>(points.count()));
  for (std::size_t c = 0; c < centroid_count && next < points.count(); ++c) {
    points.copy(next, centroids + c * dim);
    points.approach(centroids + c * dim);
    next = points.draw(random);
  }
}

// Moves every centroid to the mean of its points.
void move(Points& points, std::size_t dim, float* centroids) {
  std::vector<double> sums(centroid_count * dim);
  std::array<std::size_t, centroid_count> counts{};
  for (std::size_t i = 0; i < points.count(); ++i) {
    const std::size_t code = points.code(i);
    ++counts[code];
    for (std::size_t j = 0; j < dim; ++j) {
      sums[code * dim + j] += static_cast<double>(points.value(i, j));
    }
  }
  for (std::size_t c = 0; c < centroid_count; ++c) {
    if (counts[c] == 0) {
      points.copy(points.take_farthest(), centroids + c * dim);
      continue;
    }
    for (std::size_t j = 0; j < dim; ++j) {
      const double mean = sums[c * dim + j] / static_cast<double>(counts[c]);
      centroids[c * dim + j] = static_cast<float>(mean);
    }
  }
}

}  // namespace

void find_centroids(const Rows& rows, std::uint64_t seed, InstructionSet set, float* centroids) {
  std::fill(centroids, centroids + centroid_count * rows.dim, 0.f);
  if (rows.count <= centroid_count) {
    for (std::size_t i = 0; i < rows.count; ++i) rows.load(i, centroids + i * rows.dim);
    return;
  }
  Points points(rows, set);
  Random random{mixed(seed) | 1};
  start(points, rows.dim, random, centroids);
  for (int step = 0; step < steps; ++step) {
    if (!points.assign(centroids) && step > 0) break;
    move(points, rows.dim, centroids);
  }
}

void quantize_rows(const Rows& rows, std::size_t part_dim, const float* centroids, int threads,
                   InstructionSet set, std::uint8_t* codes) {
  const std::size_t parts = (rows.dim + part_dim - 1) / part_dim;
  const Nearest nearest = nearest_for(set);
  for_each_range(rows.count, static_cast<std::size_t>(std::max(threads, 1)),
                 [&](std::size_t, std::size_t begin, std::size_t end) {
    std::vector<float> row(rows.dim), values(rows.dim * block);
    std::array<std::uint8_t, block> found;
    std::array<float, block> distances;
    for (std::size_t first = begin; first < end; first += block) {
      const std::size_t count = std::min(block, end - first);
      for (std::size_t i = 0; i < count; ++i) {
        rows.load(first + i, row.data());
        for (std::size_t j = 0; j < rows.dim; ++j) values[j * block + i] = row[j];
      }
      for (std::size_t part = 0; part < parts; ++part) {
        const std::size_t from = part * part_dim;
        nearest(values.data() + from * block, centroids + from * centroid_count, centroid_count,
                std::min(part_dim, rows.dim - from), found.data(), distances.data());
        for (std::size_t i = 0; i < count; ++i) codes[(first + i) * parts + part] = found[i];
      }
    }
  });
}

}  // namespace nlp
