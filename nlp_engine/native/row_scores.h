// What rows of a classifier's input matrix add to the scores of the labels.
//
// The layer is linear: the scores of the mean of rows are the mean of the rows' scores. With few
// labels these lie in a line of memory or two, where the row itself has many lines. So whoever answers
// many texts with one model keeps the scores of rows that texts have had.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace nlp {

// A table of (rows, stride) floats, which processes forked later share. It takes memory as rows are
// used; threads and processes fill it together.
class RowScores {
 public:
  // Throws std::bad_alloc if the system has no memory for it.
  RowScores(std::size_t rows, std::size_t scores);
  ~RowScores();
  RowScores(const RowScores&) = delete;
  RowScores& operator=(const RowScores&) = delete;

  // Floats that a row has in the table: a multiple of 8.
  static std::size_t floats_for(std::size_t scores) { return (scores + 7) / 8 * 8; }

  const float* table() const { return table_; }
  std::size_t stride() const { return stride_; }

  // Has the scores of these rows fetched from memory.
  void fetch(std::span<const std::int32_t> rows) const {
    for (const std::int32_t row : rows) __builtin_prefetch(at(row));
  }

  // Whether the scores of these rows are in the table. Those of new rows are put there:
  // `scores_of(row)` gives them.
  template <typename ScoresOf>
  bool know(std::span<const std::int32_t> rows, const ScoresOf& scores_of) {
    for (const std::int32_t row : rows) {
      const auto state = state_of(row).load(std::memory_order_acquire);
      if (state == claimed || (state == unknown && !add(row, scores_of))) return false;
    }
    return true;
  }

 private:
  // The bits of a row's first score say what is known of the row. As numbers, both of these are next
  // to nothing; a score that has such bits is kept as -0.
  static constexpr std::uint32_t unknown = 0, claimed = 1;

  float* at(std::int32_t row) const { return table_ + static_cast<std::size_t>(row) * stride_; }

  std::atomic_ref<std::uint32_t> state_of(std::int32_t row) const {
    static_assert(std::atomic_ref<std::uint32_t>::is_always_lock_free, "processes share it");
    return std::atomic_ref<std::uint32_t>(*reinterpret_cast<std::uint32_t*>(at(row)));
  }

  // False if another thread is at this row, or a process that was killed in between.
  template <typename ScoresOf>
  bool add(std::int32_t row, const ScoresOf& scores_of) {
    std::uint32_t expected = unknown;
    if (!state_of(row).compare_exchange_strong(expected, claimed)) return false;
    const float* const scores = scores_of(row);
    for (std::size_t i = 1; i < scores_; ++i) at(row)[i] = scores[i];
    const auto first = std::bit_cast<std::uint32_t>(scores[0]);
    state_of(row).store(first > claimed ? first : std::bit_cast<std::uint32_t>(-0.f),
                        std::memory_order_release);
    return true;
  }

  std::size_t scores_, stride_, bytes_;
  float* table_;
};

}  // namespace nlp
