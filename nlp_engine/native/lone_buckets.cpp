#include "lone_buckets.h"

#include <bit>
#include <cstddef>

namespace nlp {
namespace {

// A bit for every bucket: so small a table stays in a near cache.
class BucketSet {
 public:
  explicit BucketSet(std::uint32_t buckets) : bits_((std::size_t{buckets} + 63) / 64) {}

  bool has(std::uint32_t bucket) const { return (bits_[bucket / 64] >> (bucket % 64) & 1) != 0; }
  void add(std::uint32_t bucket) { bits_[bucket / 64] |= std::uint64_t{1} << (bucket % 64); }

  // Counts what is there, for `rank`; gives it, rising.
  std::vector<std::int32_t> list() {
    std::vector<std::int32_t> found;
    before_.reserve(bits_.size());
    for (std::size_t i = 0; i < bits_.size(); ++i) {
      before_.push_back(static_cast<std::int32_t>(found.size()));
      for (std::uint64_t left = bits_[i]; left != 0; left &= left - 1) {
        found.push_back(static_cast<std::int32_t>(i * 64) + std::countr_zero(left));
      }
    }
    return found;
  }

  // How many lower buckets are there.
  std::int32_t rank(std::uint32_t bucket) const {
    const std::uint64_t lower = bits_[bucket / 64] & ((std::uint64_t{1} << (bucket % 64)) - 1);
    return before_[bucket / 64] + std::popcount(lower);
  }

 private:
  std::vector<std::uint64_t> bits_;
  std::vector<std::int32_t> before_;  // each 64 bits
};

BucketSet shared_of(std::span<const std::int32_t> rows, std::int32_t words, std::uint32_t buckets,
                    std::span<const std::int32_t> also) {
  BucketSet occurring(buckets), shared(buckets);
  for (const std::int32_t row : rows) {
    if (row < words) continue;
    const auto bucket = static_cast<std::uint32_t>(row - words);
    if (occurring.has(bucket)) {
      shared.add(bucket);
    } else {
      occurring.add(bucket);
    }
  }
  for (const std::int32_t row : also) {
    if (row >= words && occurring.has(static_cast<std::uint32_t>(row - words))) {
      shared.add(static_cast<std::uint32_t>(row - words));
    }
  }
  return shared;
}

}  // namespace

ExampleBuckets gather_buckets(std::span<std::int32_t> rows, std::span<std::int64_t> row_offsets,
                              std::int32_t words, std::uint32_t buckets,
                              std::span<const std::int32_t> also) {
  BucketSet shared = shared_of(rows, words, buckets, also);
  ExampleBuckets out;
  out.shared = shared.list();
  const std::int32_t groups_from = words + static_cast<std::int32_t>(out.shared.size());
  std::size_t at = 0, kept = 0;  // rows never grow, so that what is still to be read stays
  for (std::size_t example = 1; example < row_offsets.size(); ++example) {
    const std::size_t lone_before = out.lone.size();
    for (const auto end = static_cast<std::size_t>(row_offsets[example]); at < end; ++at) {
      const auto bucket = static_cast<std::uint32_t>(rows[at] - words);
      if (rows[at] < words) {
        rows[kept++] = rows[at];
      } else if (shared.has(bucket)) {
        rows[kept++] = words + shared.rank(bucket);
      } else {
        out.lone.push_back(static_cast<std::int32_t>(bucket));
      }
    }
    if (out.lone.size() > lone_before) {
      rows[kept++] = groups_from + static_cast<std::int32_t>(out.lone_offsets.size()) - 1;
      out.lone_offsets.push_back(static_cast<std::int64_t>(out.lone.size()));
    }
    row_offsets[example] = static_cast<std::int64_t>(kept);
  }
  out.rows_size = static_cast<std::int64_t>(kept);
  return out;
}

}  // namespace nlp
