#include "subwords.h"

#include <algorithm>
#include <string>

#include "fasttext_hash.h"
#include "parallel.h"

namespace nlp {
namespace {

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

void append_ngrams(std::string_view word, int min_char, int max_char, std::uint32_t buckets,
                   std::vector<std::uint32_t>& out) {
  std::string marked = "<";
  marked.append(word).push_back('>');
  const std::size_t size = marked.size();
  for (std::size_t begin = 0; begin < size; ++begin) {
    if (continues_character(marked[begin])) continue;
    FastTextHash hash;
    std::size_t end = begin;
    for (int characters = 1; end < size && characters <= max_char; ++characters) {
      do {
        hash.add(static_cast<std::uint8_t>(marked[end++]));
      } while (end < size && continues_character(marked[end]));
      const bool mark_alone = characters == 1 && (begin == 0 || end == size);
      if (characters >= min_char && !mark_alone) out.push_back(hash.value() % buckets);
    }
  }
}

void word_means(std::string_view word_bytes, const std::int64_t* offsets, const Rows& word_rows,
                const Rows& bucket_rows, int min_char, int max_char, int threads, float* out) {
  const std::size_t dim = word_rows.dim;
  const auto work = [&](std::size_t, std::size_t begin, std::size_t end) {
    std::vector<std::uint32_t> buckets;
    std::vector<float> row(dim);
    for (std::size_t i = begin; i < end; ++i) {
      const auto from = static_cast<std::size_t>(offsets[i]);
      const auto to = static_cast<std::size_t>(offsets[i + 1]);
      const std::string_view word = word_bytes.substr(from, to - from);
      buckets.clear();
      if (word != "</s>") {
        append_ngrams(word, min_char, max_char, static_cast<std::uint32_t>(bucket_rows.count),
                      buckets);
      }
      float* const mean = out + i * dim;
      word_rows.load(i, mean);
      for (const std::uint32_t bucket : buckets) {
        bucket_rows.load(bucket, row.data());
        for (std::size_t j = 0; j < dim; ++j) mean[j] += row[j];
      }
      const auto share = static_cast<float>(1.0 / static_cast<double>(1 + buckets.size()));
      for (std::size_t j = 0; j < dim; ++j) mean[j] *= share;
    }
  };
  for_each_range(word_rows.count, static_cast<std::size_t>(std::max(threads, 1)), work);
}

}  // namespace nlp
