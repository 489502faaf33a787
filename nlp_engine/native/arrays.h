// NumPy arrays that the files of bindings take and give.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rows.h"

template <typename T>
using Array = nanobind::ndarray<T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
template <typename T>
using Matrix = nanobind::ndarray<T, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;

// Matrices of float32 come as their bytes, (rows, 4 * dim), because a mapped one may be unaligned.
using MatrixBytes = nanobind::ndarray<const std::uint8_t, nanobind::ndim<2>, nanobind::device::cpu>;

inline void check(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

inline nlp::Rows rows_of(const MatrixBytes& bytes) {
  check(bytes.shape(1) % sizeof(float) == 0 && (bytes.shape(1) < 2 || bytes.stride(1) == 1) &&
            bytes.stride(0) >= 0,
        "rows must be whole and in order");
  return {bytes.data(), bytes.shape(0), bytes.shape(1) / sizeof(float),
          static_cast<std::size_t>(bytes.stride(0))};
}

// The values move into memory that the array owns.
template <typename T>
nanobind::ndarray<nanobind::numpy, T> to_numpy(std::vector<T>&& values,
                                               std::initializer_list<std::size_t> shape) {
  auto* owned = new std::vector<T>(std::move(values));
  nanobind::capsule owner(owned, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return {owned->data(), shape, owner};
}

template <typename T>
nanobind::ndarray<nanobind::numpy, T> to_numpy(std::vector<T>&& values) {
  const std::size_t size = values.size();
  return to_numpy(std::move(values), {size});
}

inline nanobind::ndarray<nanobind::numpy, std::uint8_t> to_numpy(std::string&& bytes) {
  auto* owned = new std::string(std::move(bytes));
  nanobind::capsule owner(owned, [](void* p) noexcept { delete static_cast<std::string*>(p); });
  return {reinterpret_cast<std::uint8_t*>(owned->data()), {owned->size()}, owner};
}
