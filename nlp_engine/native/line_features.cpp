#include "line_features.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>

#include "fasttext_hash.h"
#include "parallel.h"
#include "subwords.h"

namespace nlp {
namespace {

constexpr std::string_view label_prefix = "__label__";
constexpr std::string_view line_end_word = "</s>";
constexpr std::ptrdiff_t piece_bytes = 4096;  // of a text, whose separators are found at once
constexpr std::uint32_t line_end_hash = FastTextHash::of(line_end_word);
constexpr std::uint64_t ngram_factor = 116049371;  // fastText's, for word n-grams

// fastText takes a word's hash for a signed number when it makes n-grams of it.
std::uint64_t extended(std::uint32_t hash) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(hash)));
}

}  // namespace

LineFeatures::LineFeatures(std::string_view bytes, const std::int64_t* offsets, std::int32_t words,
                           std::int32_t entries, FeatureSettings settings,
                           const std::vector<std::int32_t>* kept_buckets)
    : bytes_(bytes), words_(words), settings_(settings), pruned_(kept_buckets != nullptr) {
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error("over 4 GB of words");
  }
  const auto size = std::bit_ceil(std::max<std::size_t>(2 * static_cast<std::size_t>(entries), 2));
  slots_.assign(size, Slot{0, -1, {}});
  for (std::int32_t i = 0; i < entries; ++i) {
    const auto begin = static_cast<std::uint32_t>(offsets[i]);
    entries_.push_back({begin, static_cast<std::uint32_t>(offsets[i + 1]) - begin});
    const std::uint32_t hash = FastTextHash::of(text_of(entries_.back()));
    if (find(text_of(entries_.back()), hash) >= 0) continue;  // of equal entries the first counts
    std::size_t at = hash & (size - 1);
    while (slots_[at].entry >= 0) at = (at + 1) & (size - 1);
    slots_[at] = {hash, i, entries_.back()};
  }
  if (kept_buckets) {
    for (const std::int32_t bucket : *kept_buckets) {
      kept_.emplace(static_cast<std::uint32_t>(bucket), static_cast<std::int32_t>(kept_.size()));
    }
  }
  if (settings_.max_char <= 0) return;
  ngram_offsets_.push_back(0);
  Line line;
  for (std::int32_t i = 0; i < words; ++i) {
    line.rows.clear();
    line.ngrams.clear();
    const std::string_view word = text_of(entries_[static_cast<std::size_t>(i)]);
    if (word != line_end_word) {
      append_ngrams(word, settings_.min_char, settings_.max_char, settings_.buckets, line.ngrams);
    }
    for (const std::uint32_t bucket : line.ngrams) add_bucket(bucket, line);
    ngram_rows_.insert(ngram_rows_.end(), line.rows.begin(), line.rows.end());
    ngram_offsets_.push_back(static_cast<std::int64_t>(ngram_rows_.size()));
  }
}

std::int32_t LineFeatures::find(std::string_view token, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.entry < 0) return -1;
    if (slot.hash == hash && text_of(slot.text) == token) {
      return slot.entry;
    }
  }
}

const std::uint8_t* LineFeatures::read(const std::uint8_t* from, const std::uint8_t* end,
                                       Line& line) const {
  const std::uint8_t* const next = split(from, end, false, line);
  find_rows(line);
  return next;
}

void LineFeatures::read_text(std::string_view text, Line& line) const {
  split_text(text, line);
  find_rows(line);
}

void LineFeatures::split_text(std::string_view text, Line& line) const {
  const auto* from = reinterpret_cast<const std::uint8_t*>(text.data());
  split(from, from + text.size(), true, line);
}

const std::uint8_t* LineFeatures::split(const std::uint8_t* from, const std::uint8_t* end,
                                        bool whole, Line& line) const {
  line.split.clear();
  const std::uint8_t* const stop = whole ? end : std::find(from, end, '\n');
  const std::uint8_t* begin = from;
  std::uint32_t separators[piece_bytes + 1];
  for (const std::uint8_t* piece = from; piece < stop;) {
    const auto size = static_cast<std::uint32_t>(std::min(stop - piece, piece_bytes));
    std::size_t count = find_separators_(piece, size, separators);
    if (piece + size == stop) separators[count++] = size;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t* const at = piece + separators[i];
      if (at > begin) {
        const std::string_view token(reinterpret_cast<const char*>(begin),
                                     static_cast<std::size_t>(at - begin));
        const bool is_padded = end - at >= FastTextHash::padding;
        add_split(token, is_padded ? FastTextHash::of_padded(token) : FastTextHash::of(token),
                  line);
        if (token == line_end_word) return at;
      }
      begin = at + 1;
    }
    piece += size;
  }
  add_split(line_end_word, line_end_hash, line);
  return stop + (stop != end);
}

void LineFeatures::add_split(std::string_view token, std::uint32_t hash, Line& line) const {
  line.split.push_back({token, hash});
  __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
}

void LineFeatures::find_rows(Line& line) const {
  line.rows.clear();
  line.labels.clear();
  line.hashes.clear();
  line.first.clear();
  line.last.clear();
  line.unknown_labels = 0;
  line.tokens = static_cast<std::int32_t>(line.split.size());
  for (const auto& token : line.split) add_token(token.text, token.hash, line);
  add_word_ngrams(line);
}

void LineFeatures::add_token(std::string_view token, std::uint32_t hash, Line& line) const {
  const std::int32_t entry = find(token, hash);
  if (entry >= words_) {
    line.labels.push_back(entry - words_);
    return;
  }
  if (entry < 0 && token.starts_with(label_prefix)) {
    ++line.unknown_labels;
    return;
  }
  if (entry >= 0) {
    line.rows.push_back(entry);
    if (!ngram_offsets_.empty()) {
      const auto i = static_cast<std::size_t>(entry);
      line.rows.insert(line.rows.end(), ngram_rows_.begin() + ngram_offsets_[i],
                       ngram_rows_.begin() + ngram_offsets_[i + 1]);
    }
  } else if (settings_.max_char > 0 && token != line_end_word) {
    line.ngrams.clear();
    append_ngrams(token, settings_.min_char, settings_.max_char, settings_.buckets, line.ngrams);
    for (const std::uint32_t bucket : line.ngrams) add_bucket(bucket, line);
  }
  line.hashes.push_back(hash);
  const auto words = static_cast<std::int32_t>(line.hashes.size());
  note_spans(line, words - 1, words);
}

void LineFeatures::add_bucket(std::uint32_t bucket, Line& line) const {
  if (!pruned_) {
    line.rows.push_back(words_ + static_cast<std::int32_t>(bucket));
  } else if (const auto found = kept_.find(bucket); found != kept_.end()) {
    line.rows.push_back(words_ + found->second);
  }
}

void LineFeatures::add_word_ngrams(Line& line) const {
  if (settings_.word_ngrams < 2 || settings_.buckets == 0) return;
  const auto count = static_cast<std::int32_t>(line.hashes.size());
  for (std::int32_t i = 0; i < count; ++i) {
    std::uint64_t hash = extended(line.hashes[static_cast<std::size_t>(i)]);
    const std::int32_t last = std::min(count, i + settings_.word_ngrams);
    for (std::int32_t j = i + 1; j < last; ++j) {
      hash = hash * ngram_factor + extended(line.hashes[static_cast<std::size_t>(j)]);
      add_bucket(static_cast<std::uint32_t>(hash % settings_.buckets), line);
      note_spans(line, i, j + 1);
    }
  }
}

void LineFeatures::note_spans(Line& line, std::int32_t first, std::int32_t last) const {
  if (!line.spans) return;
  line.first.resize(line.rows.size(), first);
  line.last.resize(line.rows.size(), last);
}

namespace {

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void append_offsets(std::vector<std::int64_t>& to, const std::vector<std::int64_t>& from) {
  const std::int64_t base = to.back();
  for (std::size_t i = 1; i < from.size(); ++i) to.push_back(base + from[i]);
}

}  // namespace

Examples read_examples(const LineFeatures& features, const std::uint8_t* text, std::size_t size,
                       int threads) {
  const auto line_after = [&](std::size_t position) {
    while (position > 0 && position < size && text[position - 1] != '\n') ++position;
    return position;
  };
  const auto count = static_cast<std::size_t>(std::max(threads, 1));
  std::vector<Examples> parts(count);
  for_each_range(size, count, [&](std::size_t part, std::size_t begin, std::size_t end) {
    Examples& found = parts[part];
    LineFeatures::Line line;
    const std::uint8_t* const stop = text + line_after(end);
    for (const std::uint8_t* at = text + line_after(begin); at < stop;) {
      at = features.read(at, stop, line);
      append(found.rows, line.rows);
      append(found.labels, line.labels);
      found.row_offsets.push_back(static_cast<std::int64_t>(found.rows.size()));
      found.label_offsets.push_back(static_cast<std::int64_t>(found.labels.size()));
      found.unknown_labels.push_back(line.unknown_labels);
      found.tokens += line.tokens;
    }
  });
  Examples all = std::move(parts[0]);
  for (std::size_t i = 1; i < count; ++i) {
    append(all.rows, parts[i].rows);
    append(all.labels, parts[i].labels);
    append(all.unknown_labels, parts[i].unknown_labels);
    append_offsets(all.row_offsets, parts[i].row_offsets);
    append_offsets(all.label_offsets, parts[i].label_offsets);
    all.tokens += parts[i].tokens;
    parts[i] = {};
  }
  return all;
}

}  // namespace nlp
