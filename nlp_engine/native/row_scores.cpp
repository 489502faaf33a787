#include "row_scores.h"

#include <sys/mman.h>

#include <new>

namespace nlp {

RowScores::RowScores(std::size_t rows, std::size_t scores)
    : scores_(scores),
      stride_(floats_for(scores)),
      bytes_(rows * stride_ * sizeof(float)) {
  void* const memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  table_ = static_cast<float*>(memory);
}

RowScores::~RowScores() { munmap(table_, bytes_); }

}  // namespace nlp
