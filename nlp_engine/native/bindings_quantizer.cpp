// The thin Python layer of product quantisation. Results go into arrays of the caller.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>

#include "arrays.h"
#include "bindings.h"
#include "quantizer.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

void find_centroids(const MatrixBytes& points, std::uint64_t seed, const std::string& instructions,
                    const Matrix<float>& out) {
  const nlp::Rows rows = rows_of(points);
  check(rows.count > 0 && rows.count <= UINT32_MAX, "there must be points");
  check(out.shape(0) == nlp::centroid_count && out.shape(1) == rows.dim,
        "256 centroids as wide as the points are needed");
  const nlp::InstructionSet set = instruction_set(instructions);
  nb::gil_scoped_release unlocked;
  nlp::find_centroids(rows, seed, set, out.data());
}

void quantize_rows(const MatrixBytes& matrix, std::size_t part_dim,
                   const Array<const float>& centroids, int threads,
                   const std::string& instructions, const Matrix<std::uint8_t>& codes) {
  const nlp::Rows rows = rows_of(matrix);
  check(part_dim > 0 && centroids.size() == nlp::centroid_count * rows.dim,
        "256 centroids for each part are needed");
  check(codes.shape(0) == rows.count && codes.shape(1) == (rows.dim + part_dim - 1) / part_dim,
        "a code for each part of each row is needed");
  const nlp::InstructionSet set = instruction_set(instructions);
  nb::gil_scoped_release unlocked;
  nlp::quantize_rows(rows, part_dim, centroids.data(), threads, set, codes.data());
}

}  // namespace

void bind_quantizer(nb::module_& m) {
  m.attr("CENTROIDS") = nlp::centroid_count;
  m.def("find_centroids", &find_centroids, "points"_a, "seed"_a, "instructions"_a,
        "out"_a.noconvert());
  m.def("quantize_rows", &quantize_rows, "rows"_a, "part_dim"_a, "centroids"_a.noconvert(),
        "threads"_a, "instructions"_a, "codes"_a.noconvert());
}
