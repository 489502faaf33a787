// Matrices of float32 that lie in somebody else's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace nlp {

// `count` rows of `dim` float32, `stride` bytes apart. Rows may be padded, and in a mapped file they
// begin at any byte, so they are only ever copied, never dereferenced as float.
struct Rows {
  const std::uint8_t* data = nullptr;
  std::size_t count = 0;
  std::size_t dim = 0;
  std::size_t stride = 0;

  const std::uint8_t* row(std::size_t index) const { return data + index * stride; }

  void load(std::size_t index, float* out) const {
    std::memcpy(out, row(index), dim * sizeof(float));
  }
};

}  // namespace nlp
