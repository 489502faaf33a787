// What the scanner knows of a wiki: its languages' letters, namespaces and inline templates.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace nlp {

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <typename T>
using StringMap = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;
using StringSet = std::unordered_set<std::string, StringHash, std::equal_to<>>;

// What a link target means for an article's text.
enum class LinkKind : std::uint8_t { article, category, file, language, other };

struct Target {
  LinkKind kind = LinkKind::other;
  std::string title;
};

// How an inline template becomes text: "{1} {2}" is two holes with a space between.
struct Hole {
  std::string literal;             // what stands before the hole
  std::vector<std::string> names;  // the first present and not empty is taken; none: only literal
};
using Pattern = std::vector<Hole>;

Pattern read_pattern(std::string_view text);  // std::invalid_argument if it is none

struct SiteRules {
  std::vector<std::uint16_t> lower, upper;  // (65,536) simple case mappings of the BMP
  std::vector<std::uint8_t> trail;          // (65,536) 1: a letter that joins a link before it
  StringMap<LinkKind> prefixes;             // what `prefix:` makes of a target, lower-case
  bool first_letter = true;                 // whether titles begin with a capital
  bool variants = false;                    // whether -{ }- chooses between scripts
  bool captions = false, tables = false;    // whether their text is kept
  StringMap<Pattern> templates;             // by lower-case name
  std::vector<std::pair<std::string, Pattern>> template_families;  // by the name's beginning
  StringSet disambiguation;                 // templates that mark such a page
  StringMap<std::string> entities;          // characters by name, without & and ;

  std::uint32_t to_lower(std::uint32_t c) const { return c < lower.size() ? lower[c] : c; }
  std::uint32_t to_upper(std::uint32_t c) const { return c < upper.size() ? upper[c] : c; }
  bool is_trail(std::uint32_t c) const { return c < trail.size() && trail[c] != 0; }

  std::string lower_case(std::string_view text) const;
  // Classifies and normalises what stands before the | of a [[link]].
  Target target(std::string_view raw) const;
  // The pattern of an inline template; nullptr if the template is to be dropped.
  const Pattern* inline_template(std::string_view name) const;
  // Appends the character that an entity at text[0] == '&' names, and returns the entity's length;
  // 0 if it is none.
  std::size_t append_entity(std::string& out, std::string_view text) const;
  std::string without_entities(std::string_view text) const;
};

std::string_view trimmed(std::string_view text);  // of ASCII white space
// White space (Unicode's) and underscores squeezed to single spaces, and trimmed.
std::string squeezed(std::string_view text);

}  // namespace nlp
