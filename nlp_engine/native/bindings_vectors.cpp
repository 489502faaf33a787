// The thin Python layer of the kernels for word vectors. Results go into arrays of the caller.
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include "arrays.h"
#include "bindings.h"
#include "fill_uniform.h"
#include "float_text.h"
#include "subwords.h"
#include "top_k.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Offsets = Array<const std::int64_t>;

nlp::Codes codes_of(const Matrix<std::int8_t>& codes, const Array<float>& factors,
                    const Array<float>& errors, const Array<float>& inverse_norms,
                    const nlp::Rows& rows) {
  check(rows.dim <= nlp::largest_dim, "vectors may have 65,536 dimensions");
  check(codes.shape(1) % nlp::code_block == 0 && codes.shape(1) >= rows.dim, "codes too narrow");
  for (const std::size_t size :
       {codes.shape(0), factors.shape(0), errors.shape(0), inverse_norms.shape(0)}) {
    check(size == rows.count, "one entry per row is needed");
  }
  return {codes.data(), codes.shape(1), factors.data(), errors.data(), inverse_norms.data()};
}

void check_words(std::string_view word_bytes, const Offsets& offsets, std::size_t words) {
  check(offsets.shape(0) == words + 1 && offsets(0) == 0, "one offset per word and one more");
  for (std::size_t i = 0; i < words; ++i) check(offsets(i) <= offsets(i + 1), "offsets must rise");
  check(offsets(words) == static_cast<std::int64_t>(word_bytes.size()), "offsets must fit the bytes");
}

nb::bytes format_rows(const nb::bytes& words, const Offsets& offsets, const MatrixBytes& matrix) {
  const std::string_view word_bytes(words.c_str(), words.size());
  const nlp::Rows rows = rows_of(matrix);
  check_words(word_bytes, offsets, rows.count);
  std::string text;
  {
    nb::gil_scoped_release unlocked;
    text = nlp::format_rows(word_bytes, offsets.data(), rows);
  }
  return nb::bytes(text.data(), text.size());
}

nb::tuple parse_rows(const nb::bytes& text, const Matrix<float>& out) {
  nlp::ParsedRows parsed;
  {
    nb::gil_scoped_release unlocked;
    parsed = nlp::parse_rows({text.c_str(), text.size()}, out.shape(1), out.shape(0), out.data());
  }
  return nb::make_tuple(parsed.rows, parsed.consumed,
                        nb::bytes(parsed.words.data(), parsed.words.size()),
                        static_cast<int>(parsed.problem), parsed.numbers,
                        nb::bytes(parsed.bad_number.data(), parsed.bad_number.size()));
}

void make_codes(const MatrixBytes& matrix, int threads, const Matrix<std::int8_t>& codes,
                const Array<float>& factors, const Array<float>& errors,
                const Array<float>& inverse_norms) {
  const nlp::Rows rows = rows_of(matrix);
  const nlp::Codes out = codes_of(codes, factors, errors, inverse_norms, rows);
  nb::gil_scoped_release unlocked;
  nlp::make_codes(rows, threads, out);
}

void top_k(const MatrixBytes& matrix, const Matrix<std::int8_t>& codes,
           const Array<float>& factors, const Array<float>& errors,
           const Array<float>& inverse_norms, const MatrixBytes& queries, int threads,
           const std::string& instructions, const Matrix<std::int32_t>& ids,
           const Matrix<float>& cosines) {
  const nlp::Rows rows = rows_of(matrix);
  const nlp::Rows wanted = rows_of(queries);
  const nlp::Codes known = codes_of(codes, factors, errors, inverse_norms, rows);
  const nlp::InstructionSet set = instruction_set(instructions);
  const std::size_t k = ids.shape(1);
  check(wanted.dim == rows.dim && k <= rows.count, "queries do not fit the matrix");
  check(ids.shape(0) == wanted.count && cosines.shape(0) == wanted.count && cosines.shape(1) == k,
        "results do not fit the queries");
  nb::gil_scoped_release unlocked;
  nlp::top_k(rows, known, wanted, k, threads, set, ids.data(), cosines.data());
}

void word_means(const nb::bytes& words, const Offsets& offsets, const MatrixBytes& word_matrix,
                const MatrixBytes& bucket_matrix, int min_char, int max_char, int threads,
                const Matrix<float>& out) {
  const std::string_view word_bytes(words.c_str(), words.size());
  const nlp::Rows word_rows = rows_of(word_matrix);
  const nlp::Rows bucket_rows = rows_of(bucket_matrix);
  check_words(word_bytes, offsets, word_rows.count);
  check(bucket_rows.count > 0 && bucket_rows.count <= UINT32_MAX, "there must be buckets");
  check(bucket_rows.dim == word_rows.dim && out.shape(0) == word_rows.count &&
            out.shape(1) == word_rows.dim,
        "matrices do not fit each other");
  nb::gil_scoped_release unlocked;
  nlp::word_means(word_bytes, offsets.data(), word_rows, bucket_rows, min_char, max_char, threads,
                  out.data());
}

// Rows of which each is in one piece.
using PlainRows = nb::ndarray<float, nb::ndim<2>, nb::device::cpu>;

void check_plain(const PlainRows& rows) {
  check(rows.size() == 0 || rows.shape(1) == 1 || rows.stride(1) == 1, "rows must be in one piece");
}

void fill_uniform(const PlainRows& rows, std::uint64_t seed, int threads) {
  check_plain(rows);
  nb::gil_scoped_release unlocked;
  nlp::fill_uniform(rows.data(), static_cast<std::int64_t>(rows.shape(0)),
                    static_cast<std::int64_t>(rows.shape(1)), rows.stride(0),
                    1.f / static_cast<float>(rows.shape(1)), seed, threads);
}

void fill_uniform_sums(const PlainRows& rows, std::uint64_t seed, const Array<const std::int64_t>& numbers,
                       const Array<const std::int64_t>& offsets, int threads) {
  check_plain(rows);
  check(offsets.size() == rows.shape(0) + 1 && offsets(0) >= 0 &&
            offsets(rows.shape(0)) <= static_cast<std::int64_t>(numbers.size()),
        "offsets do not fit rows and numbers");
  nb::gil_scoped_release unlocked;
  nlp::fill_uniform_sums(rows.data(), static_cast<std::int64_t>(rows.shape(0)),
                         static_cast<std::int64_t>(rows.shape(1)), rows.stride(0),
                         1.f / static_cast<float>(rows.shape(1)), seed, numbers.data(),
                         offsets.data(), threads);
}

}  // namespace

void bind_vectors(nb::module_& m) {
  m.attr("CODE_BLOCK") = nlp::code_block;
  m.def("fill_uniform_sums", &fill_uniform_sums, "rows"_a.noconvert(), "seed"_a, "numbers"_a,
        "offsets"_a, "threads"_a);
  m.def("fill_uniform", &fill_uniform, "rows"_a.noconvert(), "seed"_a, "threads"_a);
  m.def("format_rows", &format_rows, "words"_a, "offsets"_a, "matrix"_a);
  m.def("parse_rows", &parse_rows, "text"_a, "out"_a);
  m.def("make_codes", &make_codes, "matrix"_a, "threads"_a, "codes"_a, "factors"_a, "errors"_a,
        "inverse_norms"_a);
  m.def("top_k", &top_k, "matrix"_a, "codes"_a, "factors"_a, "errors"_a, "inverse_norms"_a,
        "queries"_a, "threads"_a, "instructions"_a, "ids"_a, "cosines"_a);
  m.def("word_means", &word_means, "words"_a, "offsets"_a, "word_matrix"_a, "bucket_matrix"_a,
        "min_char"_a, "max_char"_a, "threads"_a, "out"_a);
}
