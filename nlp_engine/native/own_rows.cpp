#include "own_rows.h"

#include <algorithm>

namespace nlp {

OwnRows::OwnRows(float* shared, std::int64_t floats, std::mutex& merging)
    : shared_(shared),
      merging_(merging),
      floats_(floats),
      rows_(aligned_floats(floats)),
      before_(aligned_floats(floats)) {
  const std::lock_guard lock(merging_);
  std::copy_n(shared_, floats_, rows_.get());
  std::copy_n(shared_, floats_, before_.get());
}

void OwnRows::merge() {
  const std::lock_guard lock(merging_);
  merge_locked();
}

void OwnRows::try_merge() {
  if (const std::unique_lock lock(merging_, std::try_to_lock); lock.owns_lock()) merge_locked();
}

void OwnRows::merge_locked() {
  for (std::int64_t i = 0; i < floats_; ++i) {
    shared_[i] += rows_[i] - before_[i];
    rows_[i] = before_[i] = shared_[i];
  }
}

}  // namespace nlp
