// The rows nearest to a vector by cosine, exactly.
//
// A search reads a copy of the matrix in a quarter of its size: each row, scaled to length 1, as
// int8 codes times one factor, with the length of what rounding took away. By the Cauchy-Schwarz
// inequality a row's true cosine lies within that length of the cosine of its codes, so a row whose
// upper bound is below the k-th best cosine so far is none of the k best. Only the few others are
// looked up in the matrix itself, and only their true cosines are ever compared or returned.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rows.h"
#include "separators.h"

namespace nlp {

inline constexpr std::size_t code_block = 16;     // a row's codes are padded with zeros to this
inline constexpr std::size_t largest_dim = 65536; // up to here sums of products fit in int32

// Row-wise codes of N rows; all arrays belong to the caller.
struct Codes {
  std::int8_t* codes = nullptr;     // (N, width)
  std::size_t width = 0;            // the rows' dim, rounded up to a multiple of code_block
  float* factors = nullptr;         // (N) row / |row| is about codes * factor
  float* errors = nullptr;          // (N) length of the difference
  float* inverse_norms = nullptr;   // (N) 1 / |row|; 0 for a row without direction
};

// Fills `out`. A row that is zero or not finite has no direction: its cosines are 0.
void make_codes(const Rows& rows, int threads, const Codes& out);

// The k rows of the highest cosine to each query, best first; of equal ones the first row. Queries
// need no length of 1; one without direction has cosine 0 with every row. k is at most rows.count.
// Writes ids[queries.count][k] and cosines[queries.count][k]. The result does not depend on
// `threads`.
void top_k(const Rows& rows, const Codes& codes, const Rows& queries, std::size_t k, int threads,
           InstructionSet instructions, std::int32_t* ids, float* cosines);

}  // namespace nlp
