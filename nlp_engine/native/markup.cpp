#include "markup.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "ascii.h"

namespace nlp {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_name(char c) { return is_digit(c) || is_letter(c); }

std::unordered_map<std::string_view, Element> make_elements() {
  std::unordered_map<std::string_view, Element> elements;
  const auto add = [&](Element element, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) elements.emplace(name, element);
  };
  add(Element::dropped,
      {"ref", "references", "math", "chem", "ce", "gallery", "timeline", "score",
       "syntaxhighlight", "source", "imagemap", "templatestyles", "templatedata", "graph",
       "mapframe", "maplink", "hiero", "inputbox", "categorytree", "rss", "style", "script",
       "includeonly", "indicator", "dynamicpagelist", "quiz", "phonos"});
  add(Element::literal, {"nowiki", "pre"});
  add(Element::breaking,
      {"br", "p", "div", "li", "ul", "ol", "dl", "dd", "dt", "table", "caption", "tr", "td", "th",
       "hr", "blockquote", "center", "poem", "h1", "h2", "h3", "h4", "h5", "h6"});
  add(Element::transparent,
      {"a",     "abbr",  "b",    "bdi",  "bdo",   "big",    "cite",   "code",       "data",
       "del",   "dfn",   "em",   "font", "i",     "ins",    "kbd",    "noinclude",  "onlyinclude",
       "q",     "rb",    "rp",   "rt",   "rtc",   "ruby",   "s",      "samp",       "section",
       "small", "span",  "strike", "strong", "sub", "sup",  "tbody",  "thead",      "tfoot",
       "time",  "translate", "tt", "tvar", "u",   "var",    "wbr",    "languages",  "nobr",
       "mark",  "col",   "colgroup", "seo"});
  return elements;
}

// The element of a name in any case, and its name in lower case.
std::pair<std::string_view, Element> element_named(std::string_view name) {
  static const auto elements = make_elements();
  constexpr std::size_t longest = 16;
  if (name.size() > longest) return {};
  char lower[longest];
  std::transform(name.begin(), name.end(), lower, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  const auto found = elements.find(std::string_view(lower, name.size()));
  if (found == elements.end()) return {};
  return *found;
}

bool same_name(std::string_view text, std::size_t at, std::string_view name) {
  if (text.size() - at < name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if ((text[at + i] | 0x20) != (name[i] | 0x20)) return false;
  }
  const std::size_t end = at + name.size();
  return end == text.size() || !is_name(text[end]);
}

struct Span {
  std::size_t begin;
  std::size_t end;
};
constexpr Span nowhere{npos, npos};

// The end tags of one page; each name is searched for from left to right once.
class EndTags {
 public:
  explicit EndTags(std::string_view text) : text_(text) {}

  // The first </name> at or after `from`, which never falls for a name.
  Span find(std::string_view name, std::size_t from) {
    const auto known = std::find_if(found_.begin(), found_.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    if (known != found_.end() && (known->second.begin >= from)) return known->second;
    const Span found = search(name, from);
    if (known != found_.end()) known->second = found;
    else found_.emplace_back(name, found);
    return found;
  }

 private:
  Span search(std::string_view name, std::size_t from) const {
    for (std::size_t at = text_.find("</", from); at != npos; at = text_.find("</", at + 2)) {
      if (!same_name(text_, at + 2, name)) continue;
      std::size_t end = at + 2 + name.size();
      while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\n' || text_[end] == '\t'))
        ++end;
      if (end < text_.size() && text_[end] == '>') return {at, end + 1};
    }
    return nowhere;
  }

  std::string_view text_;
  std::vector<std::pair<std::string_view, Span>> found_;
};

// Whether another <ref> opens in `content`: then the one before it was never closed.
bool opens_reference(std::string_view content) {
  for (std::size_t at = content.find('<'); at != npos; at = content.find('<', at + 1)) {
    if (!same_name(content, at + 1, "ref")) continue;
    const Tag tag = tag_at(content, at);
    if (tag.length != 0 && !tag.self_closing) return true;
  }
  return false;
}

// Drops the comment text[at, end) from `out`'s continuation and returns where copying goes on. A
// comment that is alone on its line goes with the line, as in MediaWiki.
std::size_t drop_comment(std::string& out, std::string_view text, std::size_t end) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  constexpr std::size_t widest = 200;  // keeps the time linear
  std::size_t kept = out.size();
  while (kept > 0 && blank(out[kept - 1]) && out.size() - kept < widest) --kept;
  std::size_t after = end;
  while (after < text.size() && blank(text[after])) ++after;
  const bool alone = kept > 0 && out[kept - 1] == '\n' && after < text.size() && text[after] == '\n';
  if (!alone) return end;
  out.resize(kept);
  return after + 1;
}

}  // namespace

Tag tag_at(std::string_view text, std::size_t at) {
  Tag tag;
  std::size_t name = at + 1;
  if (name < text.size() && text[name] == '/') {
    tag.closing = true;
    ++name;
  }
  std::size_t name_end = name;
  while (name_end < text.size() && is_name(text[name_end])) ++name_end;
  if (name_end == name) return {};
  std::tie(tag.name, tag.element) = element_named(text.substr(name, name_end - name));
  if (tag.element == Element::unknown) return {};
  constexpr std::string_view after_name = " \t\n\v\f\r/>";
  if (name_end < text.size() && after_name.find(text[name_end]) == npos) return {};
  const std::size_t end = text.find_first_of("<>", name_end);
  if (end == npos || text[end] == '<') return {};
  tag.self_closing = text[end - 1] == '/';
  tag.table = tag.name == "table";
  tag.reference = tag.name == "ref";
  tag.length = end + 1 - at;
  return tag;
}

void prepare(std::string& out, std::string_view text) {
  std::string cleaned;
  if (text.find(literal_begin) != npos || text.find(literal_end) != npos) {
    cleaned = text;
    for (const char mark : {literal_begin, literal_end}) {
      std::replace(cleaned.begin(), cleaned.end(), mark, ' ');
    }
    text = cleaned;
  }
  EndTags end_tags(text);
  bool comments_close = true;  // whether a --> still comes
  out.assign(1, '\n');
  std::size_t from = 0;
  for (std::size_t at = text.find('<'); at != npos; at = text.find('<', from)) {
    out.append(text.substr(from, at - from));
    from = at + 1;
    if (text.substr(at, 4) == "<!--") {
      const std::size_t end = comments_close ? text.find("-->", at + 4) : npos;
      comments_close = end != npos;
      if (comments_close) from = drop_comment(out, text, end + 3);
      else out.push_back('<');
      continue;
    }
    const Tag tag = tag_at(text, at);
    const bool whole = tag.element == Element::dropped || tag.element == Element::literal;
    if (tag.length == 0 || !whole) {
      out.push_back('<');
      continue;
    }
    from = at + tag.length;
    if (tag.closing || tag.self_closing) continue;
    const Span end = end_tags.find(tag.name, from);
    if (end.begin == npos) continue;
    const std::string_view content = text.substr(from, end.begin - from);
    if (tag.reference && opens_reference(content)) continue;
    if (tag.element == Element::literal) {
      out.push_back(literal_begin);
      out.append(content);
      out.push_back(literal_end);
    }
    from = end.end;
  }
  out.append(text.substr(from));
}

namespace {

enum class Bracket : std::uint8_t { braces, table, html_table };
constexpr std::size_t kinds = 3;

struct Opener {
  Bracket kind;
  std::uint32_t begin;
  std::uint32_t count;  // of braces
};

// Openers of templates and tables that wait for their closers.
class Braces {
 public:
  explicit Braces(std::vector<Pair>& pairs) : pairs_(pairs) {}

  void open(Bracket kind, std::size_t begin, std::size_t count) {
    stack_.push_back({kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(count)});
    ++waiting_[static_cast<std::size_t>(kind)];
  }

  bool on_top(Bracket kind) const { return !stack_.empty() && stack_.back().kind == kind; }

  // Closes the nearest opener of this kind and drops those that stand between.
  void close(Bracket kind, std::size_t end) {
    if (drop_until(kind)) {
      pairs_.push_back({stack_.back().begin, static_cast<std::uint32_t>(end)});
      pop();
    }
  }

  // Closes with a run of `count` braces at `begin`, three or two at a time as MediaWiki does.
  void close_braces(std::size_t begin, std::size_t count) {
    while (count >= 2 && drop_until(Bracket::braces)) {
      Opener& opener = stack_.back();
      const std::uint32_t used = std::min<std::uint32_t>(3, std::min<std::uint32_t>(
          opener.count, static_cast<std::uint32_t>(std::min<std::size_t>(count, 3))));
      begin += used;
      count -= used;
      opener.count -= used;
      pairs_.push_back({opener.begin + opener.count, static_cast<std::uint32_t>(begin)});
      if (opener.count < 2) pop();
    }
  }

 private:
  // Makes an opener of this kind the top; false if none waits.
  bool drop_until(Bracket kind) {
    if (waiting_[static_cast<std::size_t>(kind)] == 0) return false;
    while (stack_.back().kind != kind) pop();
    return true;
  }

  void pop() {
    --waiting_[static_cast<std::size_t>(stack_.back().kind)];
    stack_.pop_back();
  }

  std::vector<Pair>& pairs_;
  std::vector<Opener> stack_;
  std::array<std::size_t, kinds> waiting_{};
};

// The last character before `at` that is no blank; a line break at the text's begin.
char before_blanks(std::string_view text, std::size_t at) {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) --at;
  return at > 0 ? text[at - 1] : '\n';
}

// A table begins on a line of its own, which may be indented, or after a template or tag, and ends
// at the beginning of a line.
bool may_open_table(std::string_view text, std::size_t at) {
  return std::string_view("\n:*#;}>").find(before_blanks(text, at)) != npos;
}
bool may_close_table(std::string_view text, std::size_t at) {
  return before_blanks(text, at) == '\n';
}

}  // namespace

void balance(std::vector<Pair>& pairs, std::string_view source) {
  pairs.clear();
  Braces braces(pairs);
  std::vector<std::uint32_t> brackets;
  constexpr std::string_view marks = "{}[]|<\x01";
  std::array<bool, 256> is_mark{};
  for (const char mark : marks) is_mark[static_cast<unsigned char>(mark)] = true;
  const auto next_is = [&](std::size_t at, char c) {
    return at + 1 < source.size() && source[at + 1] == c;
  };
  for (std::size_t at = 0; at < source.size();) {
    if (!is_mark[static_cast<unsigned char>(source[at])]) {
      ++at;
      continue;
    }
    std::size_t length = 1;
    switch (source[at]) {
      case '{':
        length = run_length(source, at, source.size(), source[at]);
        if (length == 1 && next_is(at, '|') && may_open_table(source, at)) {
          braces.open(Bracket::table, at, 1);
          ++length;
        } else if (length >= 2) {
          braces.open(Bracket::braces, at, length);
        }
        break;
      case '}':
        length = run_length(source, at, source.size(), source[at]);
        braces.close_braces(at, length);
        break;
      case '|':
        if (!next_is(at, '}') || !may_close_table(source, at)) break;
        // `|}}` may be the last, empty argument of a template: {{name|}}
        if (!next_is(at + 1, '}') || braces.on_top(Bracket::table)) {
          braces.close(Bracket::table, at + 2);
          length = 2;
        }
        break;
      case '[':
        length = run_length(source, at, source.size(), source[at]);
        if (length >= 2) brackets.push_back(static_cast<std::uint32_t>(at + length - 2));
        break;
      case ']':
        length = run_length(source, at, source.size(), source[at]);
        for (std::size_t used = 2; used <= length && !brackets.empty(); used += 2) {
          pairs.push_back({brackets.back(), static_cast<std::uint32_t>(at + used)});
          brackets.pop_back();
        }
        break;
      case '<': {
        const Tag tag = tag_at(source, at);
        if (tag.length == 0 || !tag.table || tag.self_closing) break;
        length = tag.length;
        if (tag.closing) braces.close(Bracket::html_table, at + length);
        else braces.open(Bracket::html_table, at, 1);
        break;
      }
      default: {  // literal_begin
        const std::size_t end = source.find(literal_end, at);
        length = end == npos ? 1 : end - at;
      }
    }
    at += length;
  }
  std::sort(pairs.begin(), pairs.end(),
            [](const Pair& a, const Pair& b) { return a.begin < b.begin; });
}

}  // namespace nlp
