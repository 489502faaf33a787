// Built by test_sanitizers.py under AddressSanitizer and UndefinedBehaviorSanitizer: extracts
// hostile and random input and checks that the columns fit together.
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "utf8.h"
#include "wikitext.h"

namespace {

int failures = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  ++failures;
  std::fprintf(stderr, "not so: %s\n", what);
}

nlp::SiteRules make_rules(int choice) {
  nlp::SiteRules rules;
  rules.lower.resize(0x10000);
  rules.upper.resize(0x10000);
  rules.trail.assign(0x10000, 0);
  for (std::size_t c = 0; c < 0x10000; ++c) {
    rules.lower[c] = static_cast<std::uint16_t>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    rules.upper[c] = static_cast<std::uint16_t>(c >= 'a' && c <= 'z' ? c & ~0x20u : c);
    rules.trail[c] = (c >= 'a' && c <= 'z') || c == 0xE9;
  }
  rules.prefixes = {{"category", nlp::LinkKind::category},
                    {"file", nlp::LinkKind::file},
                    {"fr", nlp::LinkKind::language},
                    {"wikt", nlp::LinkKind::other}};
  for (const auto& [name, pattern] : std::vector<std::pair<std::string, std::string>>{
           {"nowrap", "{1}"}, {"convert", "{measure}"}, {"lang", "{2/text}"}, {"zh", "{*}"},
           {"plural:", "{-1}"}, {"as of", "As of {3} {2} {1}"}}) {
    rules.templates.emplace(name, nlp::read_pattern(pattern));
  }
  rules.template_families.emplace_back("lang-", nlp::read_pattern("{1/text}"));
  rules.disambiguation = {"hndis"};
  rules.entities = {{"amp", "&"}, {"lt", "<"}, {"nbsp", "\u00A0"}};
  rules.captions = choice & 1;
  rules.tables = choice & 2;
  rules.variants = choice & 4;
  rules.first_letter = !(choice & 8);
  return rules;
}

std::size_t count(const nlp::Strings& strings) { return strings.offsets.size() - 1; }

void check_strings(const nlp::Strings& strings) {
  expect(static_cast<std::size_t>(strings.offsets.back()) == strings.bytes.size(), "bytes end");
  for (std::size_t i = 0; i < count(strings); ++i) {
    expect(strings.offsets[i] <= strings.offsets[i + 1], "offsets ascend");
  }
}

void check(const nlp::Extraction& found) {
  for (const nlp::Strings* strings :
       {&found.titles, &found.redirects, &found.texts, &found.link_targets, &found.outside_anchors,
        &found.outside_targets, &found.categories}) {
    check_strings(*strings);
    expect(nlp::first_invalid(strings->bytes) == strings->bytes.size(), "UTF-8 in, UTF-8 out");
  }
  expect(found.link_starts.size() == count(found.link_targets), "a start for each target");
  expect(found.link_ends.size() == found.link_starts.size(), "an end for each start");
  expect(count(found.outside_anchors) == count(found.outside_targets), "an anchor for each target");
  for (std::size_t page = 0; page < count(found.texts); ++page) {
    const auto from = static_cast<std::size_t>(found.texts.offsets[page]);
    const auto size = static_cast<std::size_t>(found.texts.offsets[page + 1]) - from;
    const std::int32_t length =
        nlp::count_code_points(std::string_view(found.texts.bytes).substr(from, size));
    std::int32_t position = 0;
    for (auto i = static_cast<std::size_t>(found.link_offsets[page]);
         i < static_cast<std::size_t>(found.link_offsets[page + 1]); ++i) {
      expect(position <= found.link_starts[i], "links ascend");
      expect(found.link_starts[i] < found.link_ends[i], "links have text");
      position = found.link_ends[i];
    }
    expect(position <= length, "links end in the text");
  }
}

// Exactly sized heap blocks, so that a read past the end is noticed.
class Block {
 public:
  explicit Block(std::string_view text) : bytes_(new char[text.size()]), size_(text.size()) {
    if (size_ > 0) std::memcpy(bytes_.get(), text.data(), size_);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

std::string in_page(std::string_view text) {
  return "<page><title>A</title><ns>0</ns><id>1</id><revision><text xml:space=\"preserve\">" +
         std::string(text) + "</text></revision></page>";
}

void try_wikitext(std::string_view text, const nlp::SiteRules& rules) {
  if (nlp::first_invalid(text) == text.size()) {
    check(nlp::extract_wikitext(Block(text).view(), rules));
  }
  check(nlp::extract(Block(in_page(text)).view(), rules));
}

const std::vector<std::string> pieces = {
    "[[", "]]", "{{", "}}", "{|", "|}", "{{{", "}}}", "|", "||", "\n|", "\n!", "\n|-\n", "!!",
    "[[a|", "[[b]]", "{{nowrap|", "{{convert|5|", "{{lang|fr|", "{{plural:3|", "{{zh|", "{{hndis}}",
    "[[File:a|thumb|", "[[Category:", "[[:", "[[fr:", "'''", "''", "''''", "\n", "\n==", "==\n",
    "\n*", "<ref>", "<ref/>", "</ref>", "<nowiki>", "</nowiki>", "<!--", "-->", "<br>", "<table>",
    "</table>", "<", ">", "/", "http://x", "[http://x ", "]", "[", "__TOC__", "_", "-{", "}-",
    "-{zh-hans:", ";", ":", "#", "%C3%A9", "%", "&amp;", "&lt;", "&#65;", "&#x", "&#1;", "&#", "&",
    "(", ")", "\uFF08", "\uFF09", ",", " ", "a", "Bc", "\u00E9", "\u65E5", "\U0001D538", "\u200E",
    "\u00A0", "\u3000", std::string(1, '\0'), "\x01", "\x02", "=", "2=", "</text>", "<page>",
    "</page>", "<title>", "</title>", "<redirect title=\"", "<ns>", "<id>", "\xFF", "\xE6\x97",
    "\xF0\x9D", "\xC3", "\x80"};

void check_random(std::mt19937& random) {
  for (int round = 0; round < 6000; ++round) {
    static const std::vector<nlp::SiteRules> rules = [] {
      std::vector<nlp::SiteRules> all;
      for (int choice = 0; choice < 16; ++choice) all.push_back(make_rules(choice));
      return all;
    }();
    std::string text;
    const std::size_t length = random() % 40;
    for (std::size_t i = 0; i < length; ++i) text += pieces[random() % pieces.size()];
    try_wikitext(text, rules[random() % rules.size()]);
    check(nlp::extract(Block(text).view(), rules[0]));
    std::string bytes(random() % 60, ' ');
    for (char& byte : bytes) byte = static_cast<char>(random());
    try_wikitext(bytes, rules[random() % rules.size()]);
  }
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += piece;
  return out;
}

void check_hostile() {
  constexpr std::size_t many = 100'000;
  const nlp::SiteRules rules = make_rules(7);
  for (const std::string_view piece : pieces) try_wikitext(repeated(piece, 10'000), rules);
  try_wikitext(repeated("{{", many) + repeated("}}", many), rules);
  try_wikitext(repeated("{{nowrap|", many) + repeated("}}", many), rules);
  try_wikitext(repeated("[[a|", many) + repeated("]]", many), rules);
  try_wikitext(repeated("{|\n|", many) + repeated("\n|}", many), rules);
  try_wikitext(repeated("<table>", many) + repeated("</table>", many), rules);
  try_wikitext("[[" + repeated(":", many) + "]]", rules);
  try_wikitext(repeated("x", 10 << 20), rules);
  try_wikitext("", rules);
  check(nlp::extract({}, rules));
  const std::string page = in_page("[[a]] \u65E5 {{nowrap|b}} &amp;#65;");
  for (std::size_t size = 0; size <= page.size(); ++size) {
    check(nlp::extract(Block(std::string_view(page).substr(0, size)).view(), rules));
  }
}

}  // namespace

int main() {
  std::mt19937 random(1);
  check_random(random);
  check_hostile();
  std::printf("%d failures\n", failures);
  return failures != 0;
}
