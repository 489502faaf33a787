// A thread's own copy of rows that all threads write.
#pragma once

#include <cstdint>
#include <mutex>

#include "aligned.h"

namespace nlp {

// Rows that all threads write wander from core to core, which takes longer than to fetch them from
// a shared cache. So a thread writes into a copy, and now and then adds what became of it.
class OwnRows {
 public:
  OwnRows(float* shared, std::int64_t floats, std::mutex& merging);

  float* rows() const { return rows_.get(); }

  // Adds what became of the copy to the shared rows, and begins anew with what others made of them.
  void merge();
  // The same, unless another thread is at it: then a later call will do.
  void try_merge();

 private:
  void merge_locked();

  float* shared_;
  std::mutex& merging_;
  std::int64_t floats_;
  AlignedFloats rows_, before_;
};

}  // namespace nlp
