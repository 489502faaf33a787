// What a fastText classifier makes of a line of text: its labels, and the rows of the input matrix
// whose mean stands for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "separators.h"

namespace nlp {

// Where a line's features come from. Rows are those of words, then those of buckets, to which
// character and word n-grams are hashed.
struct FeatureSettings {
  int word_ngrams;        // longest word n-gram
  std::uint32_t buckets;
  int min_char, max_char; // of character n-grams; max_char 0: none
};

// The words and labels of a model and its rules, which are fastText's (dictionary.cc: getLine,
// addSubwords, addWordNgrams, pushHash). Immutable: threads share one.
//
// Words end at separators. One that begins with "__label__" and is no word of the model is a label,
// or nothing if the model lacks it. The end of the line is the word "</s>", and that word ends the
// line. A word that the model lacks still counts in word n-grams, and has character n-grams.
class LineFeatures {
 public:
  // Entry i is bytes[offsets[i], offsets[i + 1]): `words` words, then labels. `kept_buckets` are
  // the buckets that a pruned model still has, in the order of their rows; null: it has all.
  LineFeatures(std::string_view bytes, const std::int64_t* offsets, std::int32_t words,
               std::int32_t entries, FeatureSettings settings,
               const std::vector<std::int32_t>* kept_buckets);

  // Rows that features may name.
  std::size_t rows() const {
    const bool uses_buckets = settings_.word_ngrams > 1 || settings_.max_char > 0;
    const std::size_t buckets = pruned_ ? kept_.size() : uses_buckets ? settings_.buckets : 0;
    return static_cast<std::size_t>(words_) + buckets;
  }

  // A line's features; the caller reuses it.
  struct Line {
    std::vector<std::int32_t> rows;
    std::vector<std::int32_t> labels;
    std::int32_t unknown_labels = 0;
    std::int32_t tokens = 0;  // words and labels, the line's end included
    // Of each row: its first token and the one after its last, counting words alone. Filled if
    // `spans` is set.
    bool spans = false;
    std::vector<std::int32_t> first, last;

   private:
    friend class LineFeatures;
    struct Token {
      std::string_view text;
      std::uint32_t hash;
    };
    std::vector<Token> split;            // what `split` found
    std::vector<std::uint32_t> hashes;   // of the words
    std::vector<std::uint32_t> ngrams;   // buckets of a word's character n-grams
  };

  // Reads the line that begins at `from` and gives where the next one begins; `end` ends a line.
  const std::uint8_t* read(const std::uint8_t* from, const std::uint8_t* end, Line& line) const;
  // Reads a whole text as one line: in it a line feed is like a space.
  void read_text(std::string_view text, Line& line) const;
  // The same in two steps, the text staying where it is: whoever reads another text in between has
  // the entries that this one needs fetched from memory meanwhile.
  void split_text(std::string_view text, Line& line) const;
  void find_rows(Line& line) const;

 private:
  struct Entry {
    std::uint32_t begin, length;
  };
  struct Slot {
    std::uint32_t hash;
    std::int32_t entry;  // -1: empty
    Entry text;
  };

  std::string_view text_of(const Entry& entry) const {
    return std::string_view(bytes_).substr(entry.begin, entry.length);
  }
  std::int32_t find(std::string_view token, std::uint32_t hash) const;
  void add_token(std::string_view token, std::uint32_t hash, Line& line) const;
  void add_bucket(std::uint32_t bucket, Line& line) const;
  void add_word_ngrams(Line& line) const;
  void add_split(std::string_view token, std::uint32_t hash, Line& line) const;
  const std::uint8_t* split(const std::uint8_t* from, const std::uint8_t* end, bool whole,
                            Line& line) const;
  void note_spans(Line& line, std::int32_t first, std::int32_t last) const;

  FindSeparators find_separators_ = find_separators_for(best_instruction_set());
  std::string bytes_;
  std::int32_t words_;
  FeatureSettings settings_;
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;                      // by hash, linear probing, at most half full
  std::vector<std::int32_t> ngram_rows_;         // of words with character n-grams: those rows
  std::vector<std::int64_t> ngram_offsets_;      // (words + 1), or empty
  bool pruned_;
  std::unordered_map<std::uint32_t, std::int32_t> kept_;  // position by bucket
};

// Examples of a labelled file: each line's rows and labels one after the other.
struct Examples {
  std::vector<std::int32_t> rows;
  std::vector<std::int64_t> row_offsets{0};    // (lines + 1)
  std::vector<std::int32_t> labels;
  std::vector<std::int64_t> label_offsets{0};  // (lines + 1)
  std::vector<std::int32_t> unknown_labels;    // (lines)
  std::int64_t tokens = 0;
};

// Reads all lines of a text on `threads` threads; their number makes no difference.
Examples read_examples(const LineFeatures& features, const std::uint8_t* text, std::size_t size,
                       int threads);

}  // namespace nlp
