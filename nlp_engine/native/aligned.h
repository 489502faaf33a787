// Memory for rows of floats.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace nlp {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using AlignedFloats = std::unique_ptr<float[], Free>;

// Floats aligned to cache lines, all zero.
inline AlignedFloats aligned_floats(std::int64_t count) {
  const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(float) + 63) / 64 * 64;
  void* memory = std::aligned_alloc(64, std::max<std::size_t>(bytes, 64));
  if (memory == nullptr) throw std::bad_alloc();
  std::fill_n(static_cast<float*>(memory), bytes / sizeof(float), 0.f);
  return AlignedFloats(static_cast<float*>(memory));
}

}  // namespace nlp
