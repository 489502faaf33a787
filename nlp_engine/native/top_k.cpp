#include "top_k.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "parallel.h"

#if defined(NLP_X86)
#include <immintrin.h>
#endif

namespace nlp {
namespace {

constexpr std::size_t row_block = 128;            // rows whose codes stay in the nearest cache
constexpr std::size_t query_block = 32;           // queries that are compared with such a block
constexpr std::ptrdiff_t bytes_ahead = 4096;      // of codes that are fetched from memory
constexpr float query_scale = 32767;              // a query's codes are int16
constexpr float rounding = 2e-6F;                 // of the float32 arithmetic in a bound
// Products that are worth a thread's start. A thread takes about 0.3 ms for so many; on a busy
// machine waiting for a second one takes longer than that.
constexpr std::size_t work_per_thread = 16000000;

struct Hit {
  float cosine;
  std::int32_t id;
};

bool better(const Hit& a, const Hit& b) {
  return a.cosine != b.cosine ? a.cosine > b.cosine : a.id < b.id;
}

// The best k hits so far; the worst of them is at the front.
class Best {
 public:
  explicit Best(std::size_t k) : k_(k) { hits_.reserve(k); }

  float least() const { return hits_.size() < k_ ? -INFINITY : hits_.front().cosine; }

  void add(const Hit& hit) {
    if (hits_.size() == k_) {
      if (!better(hit, hits_.front())) return;
      std::pop_heap(hits_.begin(), hits_.end(), better);
      hits_.pop_back();
    }
    hits_.push_back(hit);
    std::push_heap(hits_.begin(), hits_.end(), better);
  }

  const std::vector<Hit>& hits() const { return hits_; }

 private:
  std::size_t k_;
  std::vector<Hit> hits_;
};

struct Query {
  std::vector<float> unit;           // the query at length 1, or zeros
  std::vector<std::int16_t> codes;   // unit * query_scale, padded with zeros to the codes' width
  float error = 0;                   // length of unit - codes / query_scale
};

float inverse_norm(const float* values, std::size_t size) {
  double squares = 0;
  for (std::size_t i = 0; i < size; ++i) squares += static_cast<double>(values[i]) * values[i];
  const auto inverse = static_cast<float>(1 / std::sqrt(squares));
  return squares > 0 && std::isfinite(squares) && std::isfinite(inverse) ? inverse : 0;
}

Query make_query(const Rows& queries, std::size_t index, std::size_t width) {
  Query query{std::vector<float>(queries.dim), std::vector<std::int16_t>(width), 0};
  queries.load(index, query.unit.data());
  const float inverse = inverse_norm(query.unit.data(), queries.dim);
  double squares = 0;
  for (std::size_t i = 0; i < queries.dim; ++i) {
    float& value = query.unit[i];
    value = inverse > 0 ? value * inverse : 0;
    query.codes[i] = static_cast<std::int16_t>(std::lround(value * query_scale));
    const double lost = value - query.codes[i] / static_cast<double>(query_scale);
    squares += lost * lost;
  }
  query.error = static_cast<float>(std::sqrt(squares));
  return query;
}

void make_row_codes(const float* row, std::size_t dim, const Codes& out, std::size_t index) {
  std::int8_t* const codes = out.codes + index * out.width;
  std::fill(codes, codes + out.width, std::int8_t{0});
  const float inverse = inverse_norm(row, dim);
  out.inverse_norms[index] = inverse;
  out.factors[index] = out.errors[index] = 0;
  if (inverse == 0) return;

  float largest = 0;
  for (std::size_t i = 0; i < dim; ++i) largest = std::max(largest, std::abs(row[i]));
  const float factor = largest * inverse / 127;
  float squares = 0;
  for (std::size_t i = 0; i < dim; ++i) {
    const float unit = row[i] * inverse;
    codes[i] = static_cast<std::int8_t>(std::lrintf(unit / factor));
    const float lost = unit - static_cast<float>(codes[i]) * factor;
    squares += lost * lost;
  }
  out.factors[index] = factor;
  out.errors[index] = std::sqrt(squares);
}

// The cosine itself. Sixteen sums side by side, so that the compiler can keep them in registers.
float cosine(const Rows& rows, std::size_t index, float inverse, const Query& query,
             std::vector<float>& row) {
  if (inverse == 0) return 0;
  rows.load(index, row.data());
  std::array<float, 16> sums{};
  std::size_t i = 0;
  for (; i + sums.size() <= rows.dim; i += sums.size()) {
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += row[i + j] * query.unit[i + j];
  }
  double sum = 0;
  for (; i < rows.dim; ++i) sum += static_cast<double>(row[i]) * query.unit[i];
  for (const float part : sums) sum += part;
  return static_cast<float>(sum * inverse);
}

// The sums of products of four rows' codes with a query's.
using FourProducts = void (*)(const std::int8_t* const rows[4], const std::int16_t* query,
                              std::size_t width, std::int32_t* products);

void four_products_baseline(const std::int8_t* const rows[4], const std::int16_t* query,
                            std::size_t width, std::int32_t* products) {
  for (int r = 0; r < 4; ++r) {
    products[r] = 0;
    for (std::size_t j = 0; j < width; ++j) {
      products[r] += static_cast<std::int16_t>(rows[r][j]) * query[j];
    }
  }
}

#if defined(NLP_X86)

// Four rows share what is loaded of the query, and the steps that add up a register: pairs of
// registers are interleaved and added, twice, so that every quarter holds four partial sums.

__attribute__((target("avx2"))) void four_products_avx2(const std::int8_t* const rows[4],
                                                        const std::int16_t* query,
                                                        std::size_t width,
                                                        std::int32_t* products) {
  __m256i sums[4] = {};
  for (std::size_t j = 0; j < width; j += 16) {
    const __m256i other = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query + j));
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[r] + j));
      sums[r] =
          _mm256_add_epi32(sums[r], _mm256_madd_epi16(_mm256_cvtepi8_epi16(codes), other));
    }
  }
  const __m256i halves = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]),
                                           _mm256_hadd_epi32(sums[2], sums[3]));
  _mm_storeu_si128(
      reinterpret_cast<__m128i*>(products),
      _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1)));
}

__attribute__((target("avx512f,avx512bw"))) void four_products_avx512(
    const std::int8_t* const rows[4], const std::int16_t* query, std::size_t width,
    std::int32_t* products) {
  __m512i sums[4] = {};
  std::size_t j = 0;
  for (; j + 32 <= width; j += 32) {
    const __m512i other = _mm512_loadu_si512(query + j);
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      const __m256i codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[r] + j));
      sums[r] =
          _mm512_add_epi32(sums[r], _mm512_madd_epi16(_mm512_cvtepi8_epi16(codes), other));
    }
  }
  if (j < width) {  // half a register
    const __m256i other = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query + j));
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[r] + j));
      const __m256i products_of_pairs = _mm256_madd_epi16(_mm256_cvtepi8_epi16(codes), other);
      sums[r] = _mm512_add_epi32(sums[r], _mm512_zextsi256_si512(products_of_pairs));
    }
  }
  const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[0], sums[1]),
                                      _mm512_unpackhi_epi32(sums[0], sums[1]));
  const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[2], sums[3]),
                                      _mm512_unpackhi_epi32(sums[2], sums[3]));
  const __m512i quarters =
      _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  const __m256i halves = _mm256_add_epi32(_mm512_castsi512_si256(quarters),
                                          _mm512_extracti64x4_epi64(quarters, 1));
  _mm_storeu_si128(
      reinterpret_cast<__m128i*>(products),
      _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1)));
}

#endif

// Writes the highest cosine that rows [begin, begin + count) can have with the query; gives whether
// any is at least `least`. `fetch`: codes behind them are fetched from memory meanwhile.
using UpperBounds = bool (*)(const Codes& codes, std::size_t begin, std::size_t count,
                             const Query& query, float least, bool fetch, float* bounds);

// Inlined into each version below, where the compiler vectorises it for that instruction set.
template <FourProducts four_products>
[[gnu::always_inline]] inline bool upper_bounds(const Codes& codes, std::size_t begin,
                                                std::size_t count, const Query& query, float least,
                                                bool fetch, float* bounds) {
  std::array<std::int32_t, row_block> products;
  const std::int8_t* const first = codes.codes + begin * codes.width;
  for (std::size_t i = 0; i < count; i += 4) {
    const std::int8_t* rows[4];
    for (std::size_t r = 0; r < 4; ++r) rows[r] = first + std::min(i + r, count - 1) * codes.width;
    for (std::size_t at = 0; fetch && at < 4 * codes.width; at += 64) {
      __builtin_prefetch(rows[0] + bytes_ahead + at);
    }
    four_products(rows, query.codes.data(), codes.width, products.data() + i);
  }
  const float* const factors = codes.factors + begin;
  const float* const errors = codes.errors + begin;
  const float stretch = 1 + query.error;
  const float slack = query.error + rounding;
  int reached = 0;
  for (std::size_t i = 0; i < count; ++i) {
    bounds[i] = static_cast<float>(products[i]) * factors[i] * (1 / query_scale) +
                errors[i] * stretch + slack;
    reached |= bounds[i] >= least;
  }
  return reached;
}

bool upper_bounds_baseline(const Codes& codes, std::size_t begin, std::size_t count,
                           const Query& query, float least, bool fetch, float* bounds) {
  return upper_bounds<four_products_baseline>(codes, begin, count, query, least, fetch, bounds);
}

#if defined(NLP_X86)

__attribute__((target("avx2"))) bool upper_bounds_avx2(const Codes& codes, std::size_t begin,
                                                       std::size_t count, const Query& query,
                                                       float least, bool fetch, float* bounds) {
  return upper_bounds<four_products_avx2>(codes, begin, count, query, least, fetch, bounds);
}

__attribute__((target("avx512f,avx512bw,prefer-vector-width=512"))) bool upper_bounds_avx512(
    const Codes& codes, std::size_t begin, std::size_t count, const Query& query, float least,
    bool fetch, float* bounds) {
  return upper_bounds<four_products_avx512>(codes, begin, count, query, least, fetch, bounds);
}

#endif

UpperBounds upper_bounds_for(InstructionSet set) {
#if defined(NLP_X86)
  if (set == InstructionSet::avx512) return upper_bounds_avx512;
  if (set == InstructionSet::avx2) return upper_bounds_avx2;
#endif
  static_cast<void>(set);
  return upper_bounds_baseline;
}

// Compares rows [begin, end) with all queries.
void search(const Rows& rows, const Codes& codes, std::size_t begin, std::size_t end,
            const std::vector<Query>& queries, UpperBounds bounds_of,
            std::vector<Best>& best) {
  std::vector<float> row(rows.dim);
  std::array<float, row_block> bounds;
  for (std::size_t first = 0; first < queries.size(); first += query_block) {
    const std::size_t last = std::min(first + query_block, queries.size());
    for (std::size_t block = begin; block < end; block += row_block) {
      const std::size_t count = std::min(row_block, end - block);
      for (std::size_t q = first; q < last; ++q) {
        float least = best[q].least();
        if (!bounds_of(codes, block, count, queries[q], least, q == first, bounds.data())) continue;
        for (std::size_t i = 0; i < count; ++i) {
          if (bounds[i] < least) continue;
          const std::size_t id = block + i;
          best[q].add({cosine(rows, id, codes.inverse_norms[id], queries[q], row),
                       static_cast<std::int32_t>(id)});
          least = best[q].least();
        }
      }
    }
  }
}

}  // namespace

void make_codes(const Rows& rows, int threads, const Codes& out) {
  for_each_range(rows.count, static_cast<std::size_t>(std::max(threads, 1)),
                 [&](std::size_t, std::size_t begin, std::size_t end) {
                   std::vector<float> row(rows.dim);
                   for (std::size_t i = begin; i < end; ++i) {
                     rows.load(i, row.data());
                     make_row_codes(row.data(), rows.dim, out, i);
                   }
                 });
}

void top_k(const Rows& rows, const Codes& codes, const Rows& queries, std::size_t k, int threads,
           InstructionSet instructions, std::int32_t* ids, float* cosines) {
  if (k == 0 || queries.count == 0) return;
  std::vector<Query> prepared;
  for (std::size_t q = 0; q < queries.count; ++q) {
    prepared.push_back(make_query(queries, q, codes.width));
  }
  const std::size_t worthwhile = 1 + rows.count * codes.width * queries.count / work_per_thread;
  const std::size_t parts = std::min(static_cast<std::size_t>(std::max(threads, 1)), worthwhile);
  std::vector<std::vector<Best>> best(parts, std::vector<Best>(queries.count, Best(k)));
  for_each_range(rows.count, parts, [&](std::size_t part, std::size_t begin, std::size_t end) {
    search(rows, codes, begin, end, prepared, upper_bounds_for(instructions), best[part]);
  });

  for (std::size_t q = 0; q < queries.count; ++q) {
    std::vector<Hit> hits;
    for (const std::vector<Best>& part : best) {
      hits.insert(hits.end(), part[q].hits().begin(), part[q].hits().end());
    }
    std::sort(hits.begin(), hits.end(), better);
    for (std::size_t i = 0; i < k; ++i) {
      ids[q * k + i] = hits[i].id;
      cosines[q * k + i] = hits[i].cosine;
    }
  }
}

}  // namespace nlp
