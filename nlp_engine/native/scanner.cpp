#include "scanner.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "utf8.h"

namespace nlp {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::size_t longest_template_name = 200;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether an external link or a bare address starts so.
std::size_t scheme_length(std::string_view text) {
  for (const std::string_view scheme :
       {"http://", "https://", "//", "ftp://", "ftps://", "mailto:", "irc://", "news:", "git://"}) {
    if (text.size() < scheme.size()) continue;
    const bool same = std::equal(scheme.begin(), scheme.end(), text.begin(), [](char a, char b) {
      return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b | 0x20) : b);
    });
    if (same) return scheme.size();
  }
  return 0;
}

std::size_t run_length(std::string_view text, std::size_t at, std::size_t limit, char c) {
  std::size_t end = at;
  while (end < limit && text[end] == c) ++end;
  return end - at;
}

// White space ends an address, as does the punctuation of languages that write no white space.
bool ends_address(std::uint32_t c) {
  if (c < 0x80) return c <= ' ' || std::string_view("<>[]\"").find(static_cast<char>(c)) != npos;
  return is_white(c) || (c >= 0x3000 && c <= 0x303F) || (c >= 0xFF00 && c <= 0xFFEF);
}

// Quotes are read before addresses, so they end one, too; as does each of `others`.
std::size_t address_end(std::string_view text, std::size_t at, std::size_t limit,
                        std::string_view others) {
  while (at < limit) {
    const CodePoint c = code_point_at(text, at);
    if (ends_address(c.value) || (c.value == '\'' && run_length(text, at, limit, '\'') > 1)) break;
    if (others.find(text[at]) != npos) break;
    at += c.bytes;
  }
  return at;
}

// As MediaWiki reads [[Caf%C3%A9]]; unchanged where that gives no UTF-8.
std::string percent_decoded(std::string_view text) {
  std::string out;
  std::size_t from = 0;
  for (std::size_t at = text.find('%'); at != npos; at = text.find('%', at + 1)) {
    unsigned value = 0;
    const char* digits = text.data() + at + 1;
    if (text.size() - at < 3 || std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2)
      continue;
    out.append(text.substr(from, at - from));
    out.push_back(static_cast<char>(value));
    from = at + 3;
    at += 2;
  }
  out.append(text.substr(from));
  return first_invalid(out) == out.size() ? out : std::string(text);
}

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

// Every handler below returns `at` if no markup stands there after all.

std::size_t Scanner::brace(std::size_t at, Span span, int depth) {
  const std::size_t end = pair_end(at, span.end);
  if (end == 0) return at;
  if (source_[at + 1] == '|') table({at + 2, end - 2}, depth);
  else template_({at + 2, end - 2}, depth);
  return end;
}

void Scanner::template_(Span inner, int depth) {
  const std::vector<Span> parts = split(inner, '|');
  const Span name_span = trimmed(parts[0]);
  std::string_view name = view(name_span);
  if (name.empty() || name.size() > longest_template_name) return;
  std::vector<Argument> values;
  const std::size_t colon = name.find(':');
  std::string key = rules_.lower_case(squeezed(name));
  if (colon != npos) {
    if (key.starts_with("template:")) {
      key = nlp::trimmed(std::string_view(key).substr(9));
    } else {  // a parser function: {{formatnum:1234}}
      key.resize(key.find(':') + 1);
      values.push_back({"1", trimmed({name_span.begin + colon + 1, name_span.end})});
    }
  }
  add_arguments(values, parts);
  disambiguation = disambiguation || rules_.disambiguation.contains(key);
  const Pattern* pattern = rules_.inline_template(key);
  if (pattern != nullptr) fill(*pattern, values, depth);
}

void Scanner::fill(const Pattern& pattern, const std::vector<Argument>& values, int depth) {
  const auto is_positional = [](const Argument& argument) { return is_digit(argument.name[0]); };
  for (const Hole& hole : pattern) {
    text.append(hole.literal);
    for (const std::string& name : hole.names) {
      if (name == "measure") {
        measure(values, depth);
        break;
      }
      if (name == "*") {
        bool first = true;
        for (const Argument& argument : values) {
          if (!is_positional(argument) || argument.value.empty()) continue;
          if (!first) text.append(", ");
          first = false;
          scan(argument.value, depth + 1);
        }
        break;
      }
      const auto found =
          name == "-1" ? std::find_if(values.rbegin(), values.rend(), is_positional)
                       : std::find_if(values.rbegin(), values.rend(), [&](const Argument& argument) {
                           return argument.name == name;
                         });
      if (found != values.rend() && !found->value.empty()) {
        scan(found->value, depth + 1);
        break;
      }
    }
  }
}

// MediaWiki's {{convert}}: a number and its unit; or number, range word, number, unit; or number,
// unit, number, unit. What comes after is about the unit to convert to.
void Scanner::measure(const std::vector<Argument>& values, int depth) {
  std::vector<Span> parts;
  for (const Argument& argument : values) {
    if (is_digit(argument.name[0])) parts.push_back(argument.value);
  }
  const auto is_number = [&](std::size_t i) {  // with a sign of any kind
    const std::string_view value = view(parts[i]);
    const std::size_t digit = value.find_first_of("0123456789");
    return digit != npos && count_code_points(value.substr(0, digit)) < 3 && !is_letter(value[0]);
  };
  // A number in third place alone is the precision of {{convert|2413|ft|0}}.
  const bool twice = parts.size() > 3 && is_number(0) && is_number(2);
  const std::size_t end = std::min<std::size_t>(twice ? 4 : 2, parts.size());
  for (std::size_t i = 0; i < end; ++i) {
    if (i > 0) text.push_back(' ');
    scan(parts[i], depth + 1);
  }
}

// A table's rows, one paragraph each with "; " between cells; or only its links.
void Scanner::table(Span inner, int depth) {
  if (!rules_.tables) {
    collect_links(inner, depth);
    return;
  }
  // Lines of the table begin with a mark; other lines go on with the cell before them.
  const std::vector<Span> lines = split(inner, '\n');
  bool row_empty = true;
  for (std::size_t i = 1; i < lines.size();) {  // lines[0] holds the table's attributes
    Span line = trimmed(lines[i]);
    for (++i; i < lines.size(); ++i) {
      const Span next = trimmed(lines[i]);
      if (!next.empty() && (source_[next.begin] == '|' || source_[next.begin] == '!')) break;
      line.end = std::max(line.end, next.end);
    }
    if (!line.empty()) row_empty = table_line(line, row_empty, depth);
  }
  break_paragraph();
}

// A line of a table, with its mark; returns whether the row that it belongs to is still empty.
bool Scanner::table_line(Span line, bool row_empty, int depth) {
  const char mark = source_[line.begin];
  const char second = line.begin + 1 < line.end ? source_[line.begin + 1] : ' ';
  if (mark != '|' && mark != '!') return row_empty;
  const bool caption = mark == '|' && second == '+';
  const bool new_row = mark == '|' && second == '-';
  row_empty = row_empty || caption || new_row;
  if (row_empty) break_paragraph();
  if (new_row) return true;
  for (const Span cell : cells({line.begin + (caption ? 2 : 1), line.end}, mark)) {
    const std::size_t row_end = text.size();
    if (!row_empty) text.append("; ");
    const std::size_t before = text.size();
    scan(cell, depth + 1);
    if (text.size() == before) text.resize(row_end);
    else row_empty = false;
  }
  return row_empty || caption;
}

// The cells of a line, without their attributes, which stand before a single |.
std::vector<Scanner::Span> Scanner::cells(Span line, char mark) const {
  std::vector<Span> found;
  Span cell{line.begin, line.end};
  const auto close = [&](std::size_t end) {
    const Span content = trimmed({cell.begin, end});
    if (!content.empty()) found.push_back(content);
  };
  bool has_attributes = false;
  for (std::size_t at = line.begin; at < line.end; at = skip(at, line.end)) {
    const bool bar = source_[at] == '|';
    if (!bar && (mark != '!' || source_[at] != '!')) continue;
    if (at + 1 < line.end && source_[at + 1] == source_[at]) {
      close(at);
      cell.begin = at + 2;
      has_attributes = false;
      ++at;
    } else if (bar && !has_attributes) {
      cell.begin = at + 1;
      has_attributes = true;
    }
  }
  close(line.end);
  return found;
}

// A line of a table whose beginning or end is missing, as where a template holds the other part:
// its cells stay, its marks go. `at` is the line's first mark.
std::size_t Scanner::stray_table_line(std::size_t at, Span span, int depth) {
  break_paragraph();
  if (source_[at] == '|' && at + 1 < span.end && source_[at + 1] == '}') return at + 2;
  std::size_t end = at + (source_[at] == '{' ? 2 : 1);
  while (end < span.end && source_[end] != '\n') end = skip(end, span.end);
  if (source_[at] == '|') {
    table_line({at, end}, true, depth);
    break_paragraph();
  }
  return end;
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

std::size_t Scanner::bracket(std::size_t at, Span span, int depth) {
  if (at + 1 < span.end && source_[at + 1] == '[') {
    const std::size_t end = pair_end(at, span.end);
    return end == 0 ? at : link(at, end, span, depth);
  }
  return external_link(at, span, depth);
}

// The link source_[at, end), brackets included.
std::size_t Scanner::link(std::size_t at, std::size_t end, Span span, int depth) {
  const Span inner{at + 2, end - 2};
  const std::vector<Span> parts = split(inner, '|');
  const Span raw = trimmed(parts[0]);
  const bool has_label = parts.size() > 1;
  Span label = has_label ? Span{parts[1].begin, inner.end} : raw;
  const std::size_t scheme = scheme_length(view(raw));
  if (scheme != 0 || view(raw).find_first_of("\n[]{}<>\x01") != npos) {
    // No title: only the label is left, or for an address what follows it.
    if (scheme != 0 && !has_label) {
      label.begin += std::min(view(raw).find(' '), raw.end - raw.begin);
    }
    scan(label, depth + 1);
    return end;
  }
  Target target = rules_.target(percent_decoded(view(raw)));
  if (target.kind == LinkKind::category) {
    add_category(std::move(target.title));
    return end;
  }
  if (target.kind == LinkKind::language) return end;
  if (target.kind == LinkKind::file) {
    file(parts, depth);
    return end;
  }
  if (label.empty()) label = raw;
  if (!has_label || label.begin == raw.begin) {
    if (!label.empty() && source_[label.begin] == ':') ++label.begin;
  }
  const std::size_t begin = text.size();
  const std::size_t link_count = links.size();
  scan(label, depth + 1);
  std::size_t trail = end;
  while (trail < span.end) {
    const CodePoint c = code_point_at(source_, trail);
    if (!rules_.is_trail(c.value)) break;
    trail += c.bytes;
  }
  text.append(source_, end, trail - end);
  if (target.kind == LinkKind::article) {
    links.resize(link_count);  // a link inside a link is none
    links.push_back({begin, text.size(), std::move(target.title)});
  }
  return trail;
}

// A file: its caption is its last part, if that is no option such as `thumb`.
void Scanner::file(const std::vector<Span>& parts, int depth) {
  if (parts.size() < 2) return;
  if (!rules_.captions) {
    collect_links({parts[1].begin, parts.back().end}, depth);
    return;
  }
  collect_links({parts[1].begin, parts.back().begin}, depth);
  const Span last = trimmed(parts.back());
  const std::string_view caption = view(last);
  const std::size_t name = std::min(caption.find_first_of("= \n['"), caption.size());
  const bool option = name < caption.size() ? caption[name] == '=' : caption.size() < 30;
  if (option) return;
  break_paragraph();
  scan(last, depth + 1);
  break_paragraph();
}

void Scanner::add_category(std::string title) {
  if (known_categories_.insert(title).second) categories.push_back(std::move(title));
}

// [address label]: the label stays. It goes to the first ] that closes no link of its own.
std::size_t Scanner::external_link(std::size_t at, Span span, int depth) {
  Span& unclosed = unclosed_[static_cast<std::size_t>(depth)];
  if (at >= unclosed.begin && at < unclosed.end) return at;
  if (scheme_length(view({at + 1, span.end})) == 0) return at;
  std::size_t end = at + 1;
  while (true) {
    end = address_end(source_, end, span.end, "{");
    if (end >= span.end || source_[end] != '{') break;
    end = skip(end, span.end);
  }
  const std::size_t label = end;
  while (end < span.end && source_[end] != ']' && source_[end] != '\n') end = skip(end, span.end);
  if (end >= span.end || source_[end] != ']') {
    unclosed = {at, end};  // no search from inside here would find one: the time stays linear
    return at;
  }
  scan(trimmed({label, end}), depth + 1);
  return end + 1;
}

// An address in running text goes, as it is no word; punctuation after it stays. Its scheme is in
// the plain text that has just been copied.
std::size_t Scanner::bare_url(std::size_t at, Span span) {
  if (at + 1 >= span.end || source_[at + 1] != '/' || at == plain_begin_) return at;
  constexpr std::size_t longest_scheme = 7;
  std::size_t begin = at - 1;
  while (begin > 0 && is_letter(source_[begin - 1]) && at - begin <= longest_scheme) --begin;
  const bool address = source_[at - 1] == ':' && begin >= plain_begin_ &&
                       scheme_length(view({begin, at + 2})) > 2;
  if (!address) return at;
  std::size_t end = address_end(source_, at, span.end, "{}|");
  const bool parenthesis = view({at, end}).find('(') != npos;
  const std::string_view punctuation = parenthesis ? ".,;:!?'" : ".,;:!?')";
  while (end > at + 2 && punctuation.find(source_[end - 1]) != npos) --end;
  text.resize(text.size() - (at - begin));
  return end;
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

// Adds a template's arguments after its name; those without a name are numbered, from 1 or after
// the first argument of a parser function.
void Scanner::add_arguments(std::vector<Argument>& out, const std::vector<Span>& parts) const {
  static constexpr std::string_view numbers[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
  std::size_t positional = out.size();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t equals = view(parts[i]).find_first_of("=[{<\x01");
    if (equals != npos && view(parts[i])[equals] == '=') {
      const Span name = trimmed({parts[i].begin, parts[i].begin + equals});
      if (name.empty()) continue;
      out.push_back({view(name), trimmed({parts[i].begin + equals + 1, parts[i].end})});
    } else {
      out.push_back({positional < std::size(numbers) ? numbers[positional] : "9+",
                     trimmed(parts[i])});
      ++positional;
    }
  }
}

Scanner::Span Scanner::trimmed(Span span) const {
  const auto white = [&](std::size_t i) { return is_blank(source_[i]) || source_[i] == '\n'; };
  while (span.begin < span.end && white(span.begin)) ++span.begin;
  while (span.begin < span.end && white(span.end - 1)) --span.end;
  return span;
}

}  // namespace nlp
