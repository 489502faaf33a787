#include "site_rules.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "utf8.h"

namespace nlp {
namespace {

constexpr bool is_word(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

// Numbers 128 to 159 are read as Windows-1252, as HTML5 has it.
constexpr std::uint16_t windows_1252[32] = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

std::uint32_t html_character(std::uint32_t number) {
  if (number >= 0x80 && number < 0xA0) return windows_1252[number - 0x80];
  const bool valid = number > 0 && number <= 0x10FFFF && (number < 0xD800 || number > 0xDFFF);
  return valid ? number : 0xFFFD;
}

Target with_capital(const SiteRules& rules, LinkKind kind, std::string title) {
  if (rules.first_letter && !title.empty()) {
    const CodePoint first = code_point_at(title, 0);
    std::string capital;
    append_code_point(capital, rules.to_upper(first.value));
    title.replace(0, first.bytes, capital);
  }
  return {kind, std::move(title)};
}

// Throws if an argument could be written twice: nested templates would then grow without bound.
// Alternatives of one hole, as in {text/1}, exclude each other.
void check_holes(const Pattern& pattern) {
  const auto holes = std::count_if(pattern.begin(), pattern.end(),
                                   [](const Hole& hole) { return !hole.names.empty(); });
  StringSet seen;
  for (const Hole& hole : pattern) {
    for (const std::string& name : hole.names) {
      const bool several = name == "*" || name == "-1" || name == "measure";
      if (!seen.insert(name).second || (several && holes > 1)) {
        throw std::invalid_argument("an argument could stand in two holes");
      }
    }
  }
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto white = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && white(text.front())) text.remove_prefix(1);
  while (!text.empty() && white(text.back())) text.remove_suffix(1);
  return text;
}

std::string squeezed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool gap = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (is_white(c.value) || c.value == '_') {
      gap = !out.empty();
    } else {
      if (gap) out.push_back(' ');
      gap = false;
      out.append(text.substr(at, c.bytes));
    }
    at += c.bytes;
  }
  return out;
}

std::string SiteRules::lower_case(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    append_code_point(out, to_lower(c.value));
    at += c.bytes;
  }
  return out;
}

Target SiteRules::target(std::string_view raw) const {
  const std::string decoded = without_entities(raw);
  std::string title = squeezed(std::string_view(decoded).substr(0, decoded.find('#')));
  // A colon in front makes a plain link of a category, file or language link.
  const bool plain = title.starts_with(':');
  title.erase(0, std::min(title.find_first_not_of(": "), title.size()));
  if (title.empty()) return {};
  const std::size_t colon = title.find(':');
  if (colon == std::string::npos) return with_capital(*this, LinkKind::article, title);
  const auto known = prefixes.find(lower_case(trimmed(std::string_view(title).substr(0, colon))));
  if (known == prefixes.end()) return with_capital(*this, LinkKind::article, title);
  if (plain) return {LinkKind::other, title};
  if (known->second != LinkKind::category) return {known->second, title};
  title.erase(0, std::min(title.find_first_not_of(' ', colon + 1), title.size()));
  if (title.empty()) return {};
  return with_capital(*this, LinkKind::category, title);
}

const Pattern* SiteRules::inline_template(std::string_view name) const {
  const auto exact = templates.find(name);
  if (exact != templates.end()) return &exact->second;
  for (const auto& [beginning, pattern] : template_families) {
    if (name.starts_with(beginning)) return &pattern;
  }
  return nullptr;
}

std::size_t SiteRules::append_entity(std::string& out, std::string_view text) const {
  constexpr std::size_t longest = 40;  // of HTML5's names: 31
  if (text.size() > 2 && text[1] == '#') {
    const bool hex = (text[2] | 0x20) == 'x';
    const char* digits = text.data() + (hex ? 3 : 2);
    const char* limit = text.data() + std::min(text.size(), longest);
    std::uint32_t number = 0;
    if (digits > limit) return 0;
    const auto [end, error] = std::from_chars(digits, limit, number, hex ? 16 : 10);
    if (end == digits || end == limit || *end != ';') return 0;
    append_code_point(out, error == std::errc{} ? html_character(number) : 0xFFFD);
    return static_cast<std::size_t>(end + 1 - text.data());
  }
  std::size_t end = 1;
  while (end < text.size() && end < longest && is_word(text[end])) ++end;
  if (end == text.size() || text[end] != ';') return 0;
  const auto named = entities.find(text.substr(1, end - 1));
  if (named == entities.end()) return 0;
  out.append(named->second);
  return end + 1;
}

std::string SiteRules::without_entities(std::string_view text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t ampersand = std::min(text.find('&', at), text.size());
    out.append(text.substr(at, ampersand - at));
    if (ampersand == text.size()) break;
    const std::size_t length = append_entity(out, text.substr(ampersand));
    if (length == 0) out.push_back('&');
    at = ampersand + std::max<std::size_t>(length, 1);
  }
  return out;
}

Pattern read_pattern(std::string_view text) {
  Pattern pattern;
  while (true) {
    const std::size_t open = text.find('{');
    Hole hole{std::string(text.substr(0, open)), {}};
    if (open == std::string_view::npos) {
      if (!hole.literal.empty()) pattern.push_back(std::move(hole));
      check_holes(pattern);
      return pattern;
    }
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) throw std::invalid_argument("a { without }");
    std::string_view names = text.substr(open + 1, close - open - 1);
    while (true) {
      const std::size_t slash = names.find('/');
      const std::string_view name = names.substr(0, slash);
      if (name.empty()) throw std::invalid_argument("a hole without name");
      hole.names.emplace_back(name);
      if (slash == std::string_view::npos) break;
      names.remove_prefix(slash + 1);
    }
    pattern.push_back(std::move(hole));
    text.remove_prefix(close + 1);
  }
}

}  // namespace nlp
