// fastText's character n-grams and the vectors made of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rows.h"

namespace nlp {

// Appends the buckets of a word's n-grams: of "<word>", from each character the n-grams of min_char
// to max_char characters, except the marks "<" and ">" alone (fastText's dictionary.cc,
// computeSubwords). The hash is FNV-1a of the bytes taken as signed, as there.
void append_ngrams(std::string_view word, int min_char, int max_char, std::uint32_t buckets,
                   std::vector<std::uint32_t>& out);

// Writes to out[V][dim] each word's vector: the mean of its row and the bucket rows of its n-grams.
// Word i is word_bytes[offsets[i], offsets[i + 1]). Only the line end "</s>" has no n-grams.
void word_means(std::string_view word_bytes, const std::int64_t* offsets, const Rows& word_rows,
                const Rows& bucket_rows, int min_char, int max_char, int threads, float* out);

}  // namespace nlp
