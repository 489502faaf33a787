// Finding the pages of a MediaWiki XML export.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nlp {

// What stands between <page> and </page>; the views point into the XML and keep its escapes.
struct PageXml {
  std::int64_t id = -1;  // -1: missing
  std::int64_t name_space = 0;
  std::string_view title;     // empty: missing
  std::string_view redirect;  // the title of <redirect>
  bool is_redirect = false;
  std::string_view text;  // of the last revision
};

struct PagesXml {
  std::vector<PageXml> pages;
  std::size_t consumed = 0;  // bytes up to the end of the last complete page
};

// Finds all complete pages. Text inside elements holds no '<' of its own (it is escaped), so the
// search goes from tag to tag and touches text only to find the next tag.
PagesXml find_pages(std::string_view xml);

// Appends `escaped` to `out` with XML's entities and numeric references resolved.
void append_unescaped(std::string& out, std::string_view escaped);

}  // namespace nlp
