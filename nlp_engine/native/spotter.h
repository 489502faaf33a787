// Spotting: where a text may mention an entity.
#pragma once

#include <cstdint>
#include <vector>

#include "form_text.h"
#include "sorted_strings.h"

namespace nlp {

// Forms with what is known of each: pages where it occurs, and pages where it is a link.
struct Forms {
  SortedStrings keys;
  const std::uint32_t* link_documents = nullptr;  // (keys.count)
  const std::uint32_t* documents = nullptr;       // (keys.count)
  // Of forms that are one word, those that occur in lower case: ids, rising, and pages likewise.
  const std::int32_t* lower_forms = nullptr;
  const std::uint32_t* lower_link_documents = nullptr;
  const std::uint32_t* lower_documents = nullptr;
  std::int64_t lower_count = 0;
  int max_words = 0;

  // Share of the pages with the form that use it as a link, or of those with it in lower case.
  double link_probability(std::int64_t form, bool lower) const;
};

struct Mention {
  std::int32_t start, end;   // in the text, in code points
  std::int32_t first, last;  // tokens
  std::int64_t form;         // ids of `added` stand behind those of `base`
  double link_probability;
};

struct Spotting {
  double min_link_probability;
  double shorter_wins;                     // see spot
  const std::uint8_t* may_start = nullptr;  // (tokens) whether a mention may start with each
  const std::uint8_t* may_end = nullptr;    // (tokens) null: everywhere
};

// The mentions of a text in order; no two overlap. A form of `added` stands for that of `base`.
//
// The longer of two overlapping forms wins, unless a shorter one stands inside it and is
// `shorter_wins` times more often a link (TAGME's released code, Segmentation.isSuperior).
void spot(const Forms& base, const Forms* added, const FormText& text, const Spotting& spotting,
          std::vector<Mention>& out);

// Counts documents by form.
class DocumentCounter {
 public:
  // `documents` and `lower_documents` (keys.count) are added to; several counters may share them.
  DocumentCounter(const SortedStrings& keys, int max_words, const Characters& characters,
                  std::uint32_t* documents, std::uint32_t* lower_documents);

  void next_document() { ++document_; }
  // Adds a text of the present document.
  void add(std::string_view text);

 private:
  const SortedStrings& keys_;
  int max_words_;
  Characters characters_;
  std::uint32_t* documents_;
  std::uint32_t* lower_documents_;
  std::uint32_t document_ = 0;
  std::vector<std::uint32_t> seen_;  // by form: twice the last document with it, 1 more if lower
  FormText text_;
  std::string scratch_;
};

}  // namespace nlp
