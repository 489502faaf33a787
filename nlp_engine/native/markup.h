// The parts of wikitext that are settled before scanning: comments, extension elements, and which
// opening bracket closes where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nlp {

// Enclose literal text (nowiki, pre) in prepared source; neither occurs there otherwise, since
// prepare() makes blanks of those in the wikitext, as tidying does of all control characters.
inline constexpr char literal_begin = '\x01';
inline constexpr char literal_end = '\x02';

enum class Element : std::uint8_t {
  unknown,
  transparent,  // the tag goes, the content stays
  breaking,     // the same, and a paragraph ends
  literal,      // the content is no markup
  dropped,      // tag and content go
};

struct Tag {
  Element element = Element::unknown;
  bool closing = false;       // </name>
  bool self_closing = false;  // <name/>
  bool table = false;         // of an HTML table
  bool reference = false;     // of <ref>
  std::string_view name;      // in lower case; lives as long as the program
  std::size_t length = 0;     // of the whole tag; 0: no tag stands here
};

// The tag at text[at] == '<'. A tag ends before the next '<'.
Tag tag_at(std::string_view text, std::size_t at);

// Removes comments and dropped elements, and marks literal ones. An opener without an end is
// literal text (a comment) or loses its tag only (an element), so that it never swallows the page.
void prepare(std::string& out, std::string_view wikitext);

// A balanced pair of brackets, by the offsets of its first and past its last byte.
struct Pair {
  std::uint32_t begin;
  std::uint32_t end;
};

// Finds {{ }}, {{{ }}}, {| |}, <table> </table> and [[ ]] by two stacks, in one pass. An opener
// without closer is in no pair, whatever comes after it. The result is sorted by begin.
void balance(std::vector<Pair>& pairs, std::string_view source);

}  // namespace nlp
