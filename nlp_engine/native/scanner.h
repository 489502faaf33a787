// One page's wikitext to untidy text, links and categories.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "markup.h"
#include "site_rules.h"
#include "tidy.h"

namespace nlp {

struct OutsideLink {
  std::string anchor;  // untidy
  std::string target;
};

// Scans pages one after the other; its buffers are reused. After scan() the public members hold
// the page's result.
//
// The scan goes through the prepared source once, from mark to mark, copying what lies between.
// Brackets are balanced beforehand, so every decision is local and the time is linear. Parts that
// leave no text of their own (captions, tables) are scanned all the same and their text is taken
// back, which leaves their links.
class Scanner {
 public:
  explicit Scanner(const SiteRules& rules);

  void scan(std::string_view wikitext);

  std::string text;
  std::vector<RawLink> links;
  std::vector<OutsideLink> outside_links;
  std::vector<std::string> categories;  // in order, each once
  bool disambiguation = false;

 private:
  static constexpr int deepest_nesting = 40;  // what is nested deeper is text as it stands
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool empty() const { return begin >= end; }
  };
  struct Argument {
    std::string_view name;
    Span value;
  };

  void scan(Span span, int depth);
  std::size_t mark(std::size_t at, Span span, int depth);
  // Each handles one mark and returns where scanning goes on: `at` if it is no markup after all.
  std::size_t brace(std::size_t at, Span span, int depth);
  std::size_t bracket(std::size_t at, Span span, int depth);
  std::size_t link(std::size_t at, std::size_t end, Span span, int depth);
  std::size_t external_link(std::size_t at, Span span, int depth);
  std::size_t bare_url(std::size_t at, Span span);
  std::size_t tag(std::size_t at, Span span, int depth);
  std::size_t quotes(std::size_t at, Span span);
  std::size_t new_line(std::size_t at, Span span, int depth);
  std::size_t entity(std::size_t at, Span span);
  std::size_t magic_word(std::size_t at, Span span);
  std::size_t literal(std::size_t at, Span span);
  std::size_t variant(std::size_t at, Span span, int depth);

  void template_(Span inner, int depth);
  void fill(const Pattern& pattern, const std::vector<Argument>& arguments, int depth);
  void measure(const std::vector<Argument>& arguments, int depth);
  void table(Span inner, int depth);
  bool table_line(Span line, bool row_empty, int depth);
  std::vector<Span> cells(Span line, char mark) const;
  std::size_t stray_table_line(std::size_t at, Span span, int depth);
  void file(const std::vector<Span>& parts, int depth);
  void collect_links(Span span, int depth);
  void add_category(std::string title);
  void break_paragraph();

  std::size_t pair_end(std::size_t at, std::size_t limit) const;
  std::size_t skip(std::size_t at, std::size_t limit) const;
  std::vector<Span> split(Span span, char separator) const;
  void add_arguments(std::vector<Argument>& out, const std::vector<Span>& parts) const;
  void find_odd_quotes(std::size_t at);
  std::string_view view(Span span) const {
    return std::string_view(source_).substr(span.begin, span.end - span.begin);
  }
  Span trimmed(Span span) const;

  const SiteRules& rules_;
  std::array<bool, 256> is_mark_{};
  std::string source_;
  std::vector<Pair> pairs_;
  StringSet known_categories_;
  bool in_block_ = false;             // whether the current line is a list item or heading
  std::size_t plain_begin_ = 0;       // of the plain text before the current mark
  std::size_t line_begin_ = 0, line_end_ = 0;  // of the line whose quotes have been counted
  // By depth, where no address in brackets is closed.
  std::array<Span, deepest_nesting + 1> unclosed_;
  std::size_t odd_quotes_ = 0;        // where ''' on that line means an apostrophe and ''
};

}  // namespace nlp
