// Links, files and addresses.
#include "scanner.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "ascii.h"
#include "utf8.h"

namespace nlp {
namespace {

constexpr auto npos = std::string_view::npos;

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

}  // namespace nlp
