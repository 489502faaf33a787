// Wikitext to clean text with link spans, for whole blocks of a dump.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "site_rules.h"

namespace nlp {

// Strings one after the other, as Arrow lays them out: string i is bytes[offsets[i], offsets[i+1]).
struct Strings {
  std::string bytes;
  std::vector<std::int32_t> offsets{0};

  void add(std::string_view text) {
    bytes.append(text);
    close();
  }
  void close();  // ends the string whose bytes were appended; std::length_error beyond 2 GB
};

enum class PageKind : std::uint8_t { article, redirect, disambiguation };
enum class Problem : std::uint8_t { none, no_title_or_id, invalid_utf8 };

// The article-namespace pages of a block, as columns. The lists of page p are entries
// [offsets[p], offsets[p + 1]) of the columns beside their offsets.
struct Extraction {
  std::vector<std::int64_t> ids;
  std::vector<std::uint8_t> kinds;  // PageKind
  Strings titles;
  Strings redirects;  // targets; empty for pages that are none
  Strings texts;
  std::vector<std::int32_t> link_offsets{0};
  std::vector<std::int32_t> link_starts, link_ends;  // in code points of the page's text
  Strings link_targets;
  std::vector<std::int32_t> outside_offsets{0};  // links of captions and tables left out
  Strings outside_anchors, outside_targets;
  std::vector<std::int32_t> category_offsets{0};
  Strings categories;
  std::int64_t characters = 0;   // of all texts
  std::int64_t other_pages = 0;  // of other namespaces
  std::int64_t consumed = 0;     // bytes of the block up to the end of its last complete page
  Problem problem = Problem::none;
  std::int64_t bad_page = 0;  // the number of the page with the problem, from 1
};

// Extracts the complete pages of a block of XML; stops at a page with a problem.
Extraction extract(std::string_view xml, const SiteRules& rules);

// The same for one page's wikitext, which must be valid UTF-8.
Extraction extract_wikitext(std::string_view wikitext, const SiteRules& rules);

}  // namespace nlp
