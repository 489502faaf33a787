#include "scanner.h"

#include <algorithm>

#include "ascii.h"
#include "utf8.h"

namespace nlp {
namespace {

constexpr auto npos = std::string_view::npos;

}  // namespace

Scanner::Scanner(const SiteRules& rules) : rules_(rules) {
  for (const char c : {'[', '{', '<', '&', '\'', '\n', '_', '/', literal_begin}) {
    is_mark_[static_cast<unsigned char>(c)] = true;
  }
  is_mark_['-'] = rules.variants;
}

void Scanner::scan(std::string_view wikitext) {
  text.clear();
  links.clear();
  outside_links.clear();
  categories.clear();
  known_categories_.clear();
  disambiguation = in_block_ = false;
  line_begin_ = line_end_ = 0;
  unclosed_ = {};
  prepare(source_, wikitext);
  balance(pairs_, source_);
  scan({0, source_.size()}, 0);
}

void Scanner::scan(Span span, int depth) {
  if (depth > deepest_nesting) {
    text.append(view(span));
    return;
  }
  std::size_t at = span.begin;
  while (at < span.end) {
    std::size_t run = at;
    while (run < span.end && !is_mark_[static_cast<unsigned char>(source_[run])]) ++run;
    text.append(source_, at, run - at);
    plain_begin_ = at;
    at = run < span.end ? mark(run, span, depth) : run;
  }
}

// Handles the mark at `at` and returns where scanning goes on.
std::size_t Scanner::mark(std::size_t at, Span span, int depth) {
  std::size_t next = at;
  switch (source_[at]) {
    case '[': next = bracket(at, span, depth); break;
    case '{': next = brace(at, span, depth); break;
    case '<': next = tag(at, span, depth); break;
    case '&': next = entity(at, span); break;
    case '\'': next = quotes(at, span); break;
    case '\n': next = new_line(at, span, depth); break;
    case '_': next = magic_word(at, span); break;
    case '/': next = bare_url(at, span); break;
    case '-': next = variant(at, span, depth); break;
    default: next = literal(at, span);
  }
  if (next != at) return next;
  text.push_back(source_[at]);
  return at + 1;
}

// Scans for links only: their text does not become part of the page's.
void Scanner::collect_links(Span span, int depth) {
  const std::size_t text_size = text.size();
  const std::size_t link_count = links.size();
  const bool in_block = in_block_;
  scan(span, depth + 1);
  for (std::size_t i = link_count; i < links.size(); ++i) {
    outside_links.push_back({text.substr(links[i].begin, links[i].end - links[i].begin),
                             std::move(links[i].target)});
  }
  links.resize(link_count);
  text.resize(text_size);
  in_block_ = in_block;
}

std::size_t Scanner::tag(std::size_t at, Span span, int depth) {
  const Tag found = tag_at(view({0, span.end}), at);
  if (found.length == 0) return at;
  if (found.table && !found.closing) {
    const std::size_t end = pair_end(at, span.end);
    if (end != 0) {
      const Span inner{at + found.length, source_.rfind('<', end - 1)};
      break_paragraph();
      if (rules_.tables) scan(inner, depth + 1);
      else collect_links(inner, depth);
      break_paragraph();
      return end;
    }
  }
  if (found.element == Element::breaking) break_paragraph();
  return at + found.length;
}

// Runs of apostrophes as MediaWiki's doQuotes reads them: 2 italic, 3 bold, 5 both; more and 4
// leave apostrophes of their own.
std::size_t Scanner::quotes(std::size_t at, Span span) {
  const std::size_t run = run_length(source_, at, span.end, '\'');
  if (run < 2) return at;
  if (at < line_begin_ || at >= line_end_) find_odd_quotes(at);
  if (run == 4) text.push_back('\'');
  if (at == odd_quotes_) text.push_back('\'');
  if (run > 5) text.append(run - 5, '\'');
  return at + run;
}

// Where a line has an odd number of both bold and italic marks, one bold one on it is an apostrophe
// and '': the first after a one-letter word, else the first after a longer word, else the first after
// a space (l'''Iliade'').
void Scanner::find_odd_quotes(std::size_t at) {
  line_begin_ = source_.rfind('\n', at);
  line_begin_ = line_begin_ == npos ? 0 : line_begin_ + 1;
  line_end_ = std::min(source_.find('\n', at), source_.size());
  odd_quotes_ = npos;
  std::size_t bold = 0, italic = 0;
  std::size_t after_letter = npos, after_word = npos, after_space = npos;
  std::size_t segment = line_begin_;  // begins after the run before
  for (std::size_t i = line_begin_; i < line_end_;) {
    const std::size_t run = run_length(source_, i, line_end_, '\'');
    if (run < 2) {
      i += std::max<std::size_t>(run, 1);
      continue;
    }
    bold += run != 2;
    italic += run == 2 || run >= 5;
    const bool reads_as_bold = run == 3 || run == 4;
    if (reads_as_bold) {
      const std::size_t length = i - segment + (run == 4);
      const char last = run == 4 ? '\'' : length > 0 ? source_[i - 1] : 'x';
      const char before = length > 1 ? source_[i - 2 + (run == 4)] : 'x';
      if (last == ' ') after_space = std::min(after_space, i);
      else if (before == ' ') after_letter = std::min(after_letter, i);
      else after_word = std::min(after_word, i);
    }
    i += run;
    segment = i;
  }
  if (bold % 2 == 0 || italic % 2 == 0) return;
  odd_quotes_ = after_letter != npos ? after_letter : after_word != npos ? after_word : after_space;
}

std::size_t Scanner::new_line(std::size_t at, Span span, int depth) {
  std::size_t next = at + 1;
  if (next < span.end && source_[next] == '=') {
    const std::size_t line_end = std::min(source_.find('\n', next), span.end);
    const Span title = trimmed({next, line_end});
    std::size_t begin = title.begin, end = title.end;
    while (begin < end && source_[begin] == '=') ++begin;
    while (end > begin && source_[end - 1] == '=') --end;
    if (end < title.end && begin < end) {
      break_paragraph();
      scan(trimmed({begin, end}), depth + 1);
      in_block_ = true;
      return line_end;
    }
  }
  while (next < span.end && std::string_view("*#:;").find(source_[next]) != npos) ++next;
  std::size_t table = next;
  while (table < span.end && is_blank(source_[table])) ++table;
  if (table < span.end &&
      (source_[table] == '|' || (view({table, span.end}).starts_with("{|") &&
                                 pair_end(table, span.end) == 0))) {
    in_block_ = true;
    return stray_table_line(table, span, depth);
  }
  if (next == at + 1) {
    const std::size_t dashes = run_length(source_, next, span.end, '-');
    if (dashes >= 4) next += dashes;
  }
  const bool block = next > at + 1;
  text.append(block || in_block_ ? "\n\n" : "\n");
  in_block_ = block;
  return next;
}

std::size_t Scanner::entity(std::size_t at, Span span) {
  return at + rules_.append_entity(text, view({at, span.end}));
}

// __NOTOC__ and its like, in any language's capitals, with single underscores inside.
std::size_t Scanner::magic_word(std::size_t at, Span span) {
  constexpr std::size_t longest = 60;
  const std::size_t limit = std::min(span.end, at + longest);
  const auto capital = [&](std::size_t i) {
    return i < limit && (static_cast<unsigned char>(source_[i]) >= 0x80 ||
                         (source_[i] >= 'A' && source_[i] <= 'Z'));
  };
  const auto underscores = [&](std::size_t i) {
    return i + 1 < limit && source_[i] == '_' && source_[i + 1] == '_';
  };
  std::size_t end = at + 2;
  if (!underscores(at) || !capital(end)) return at;
  while (capital(end) || (end < limit && source_[end] == '_' && capital(end + 1))) ++end;
  if (!underscores(end)) return at;
  end += 2;
  disambiguation = disambiguation || view({at, end}) == "__DISAMBIG__";
  return end;
}

std::size_t Scanner::literal(std::size_t at, Span span) {
  const std::size_t end = std::min(source_.find(literal_end, at), span.end);
  for (std::size_t i = at + 1; i < end;) {
    const std::size_t length =
        source_[i] == '&' ? rules_.append_entity(text, view({i, end})) : 0;
    if (length == 0 && source_[i] == '\n') text.append("\n\n");
    else if (length == 0) text.push_back(source_[i]);
    i += std::max<std::size_t>(length, 1);
  }
  return std::min(end + 1, span.end);
}

// -{zh-hans:…; zh-hant:…}-: the first script's text; with flags such as T| or H| nothing.
std::size_t Scanner::variant(std::size_t at, Span span, int depth) {
  constexpr std::size_t longest = 2000;
  if (at + 1 >= span.end || source_[at + 1] != '{') return at;
  const std::size_t length = view({at, std::min(span.end, at + longest)}).find("}-");
  if (length == npos) return at;
  const std::size_t close = at + length;
  Span content{at + 2, close};
  const std::vector<Span> flagged = split(content, '|');
  if (flagged.size() > 1) {
    const std::string_view flag = view(trimmed(flagged[0]));
    if (flag == "T" || flag == "H" || flag == "-" || flag == "D") return close + 2;
    content.begin = flagged[1].begin;
  }
  const Span first = split(content, ';')[0];
  const std::size_t colon = first.begin + std::min(view(first).find(':'), first.end - first.begin);
  const std::string_view code = view(trimmed({first.begin, colon}));
  const bool named = colon < first.end && !code.empty() &&
                     std::all_of(code.begin(), code.end(),
                                 [](char c) { return c == '-' || (c >= 'a' && c <= 'z'); }) &&
                     !view({colon, first.end}).starts_with("://");
  scan(trimmed(named ? Span{colon + 1, first.end} : content), depth + 1);
  return close + 2;
}

void Scanner::break_paragraph() { text.append("\n\n"); }

// The end of the pair of brackets that begins at `at`; 0 if none does or it ends beyond `limit`.
std::size_t Scanner::pair_end(std::size_t at, std::size_t limit) const {
  const auto found = std::lower_bound(
      pairs_.begin(), pairs_.end(), at,
      [](const Pair& pair, std::size_t begin) { return pair.begin < begin; });
  return found != pairs_.end() && found->begin == at && found->end <= limit ? found->end : 0;
}

// The position after what stands at `at`: after a pair of brackets or literal text, else one byte.
std::size_t Scanner::skip(std::size_t at, std::size_t limit) const {
  const char c = source_[at];
  if (c == '[' || c == '{' || c == '<') {
    const std::size_t end = pair_end(at, limit);
    if (end != 0) return end;
  } else if (c == literal_begin) {
    return std::min(std::min(source_.find(literal_end, at), limit - 1) + 1, limit);
  }
  return at + 1;
}

// Cuts at every separator that is not inside brackets.
std::vector<Scanner::Span> Scanner::split(Span span, char separator) const {
  std::vector<Span> parts;
  std::size_t begin = span.begin;
  for (std::size_t at = span.begin; at < span.end;) {
    if (source_[at] == separator) {
      parts.push_back({begin, at});
      begin = at + 1;
    }
    at = skip(at, span.end);
  }
  parts.push_back({begin, std::max(begin, span.end)});
  return parts;
}

Scanner::Span Scanner::trimmed(Span span) const {
  const auto white = [&](std::size_t i) { return is_blank(source_[i]) || source_[i] == '\n'; };
  while (span.begin < span.end && white(span.begin)) ++span.begin;
  while (span.begin < span.end && white(span.end - 1)) --span.end;
  return span;
}

}  // namespace nlp
