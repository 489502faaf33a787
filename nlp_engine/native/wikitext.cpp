#include "wikitext.h"

#include <limits>
#include <stdexcept>

#include "pages.h"
#include "scanner.h"
#include "utf8.h"

namespace nlp {
namespace {

// Gathers pages into columns.
class Extractor {
 public:
  explicit Extractor(const SiteRules& rules) : rules_(rules), scanner_(rules) {}

  void add_article(std::string_view wikitext) {
    scanner_.scan(wikitext);
    out.kinds.push_back(static_cast<std::uint8_t>(
        scanner_.disambiguation ? PageKind::disambiguation : PageKind::article));
    out.redirects.add({});
    add_text();
    for (const OutsideLink& link : scanner_.outside_links) {
      append_tidy(out.outside_anchors.bytes, link.anchor, {}, placed_);
      const bool empty =
          out.outside_anchors.bytes.size() == static_cast<std::size_t>(out.outside_anchors.offsets.back());
      if (empty) continue;
      out.outside_anchors.close();
      out.outside_targets.add(link.target);
    }
    for (const std::string& category : scanner_.categories) out.categories.add(category);
    close_lists();
  }

  void add_redirect(std::string_view target) {
    out.kinds.push_back(static_cast<std::uint8_t>(PageKind::redirect));
    // A title of another namespace keeps its prefix, so that it is no article's.
    const Target found = rules_.target(target);
    out.redirects.add(found.kind == LinkKind::article ? found.title : squeezed(target));
    out.texts.add({});
    close_lists();
  }

  Extraction out;

 private:
  void add_text() {
    out.characters += append_tidy(out.texts.bytes, scanner_.text, scanner_.links, placed_);
    out.texts.close();
    for (std::size_t i = 0; i < placed_.size(); ++i) {
      if (placed_[i].start == placed_[i].end) continue;
      out.link_starts.push_back(placed_[i].start);
      out.link_ends.push_back(placed_[i].end);
      out.link_targets.add(scanner_.links[i].target);
    }
  }

  void close_lists() {
    const auto count = [](const Strings& strings) {
      return static_cast<std::int32_t>(strings.offsets.size() - 1);
    };
    out.link_offsets.push_back(count(out.link_targets));
    out.outside_offsets.push_back(count(out.outside_targets));
    out.category_offsets.push_back(count(out.categories));
  }

  const SiteRules& rules_;
  Scanner scanner_;
  std::vector<Placed> placed_;
};

}  // namespace

void Strings::close() {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw std::length_error("a block of more than 2 GB of text");
  }
  offsets.push_back(static_cast<std::int32_t>(bytes.size()));
}

Extraction extract(std::string_view xml, const SiteRules& rules) {
  const PagesXml found = find_pages(xml);
  Extractor extractor(rules);
  Extraction& out = extractor.out;
  out.consumed = static_cast<std::int64_t>(found.consumed);
  std::string buffer;
  const auto unescaped = [&](std::string_view escaped) -> const std::string& {
    buffer.clear();
    append_unescaped(buffer, escaped);
    return buffer;
  };
  for (const PageXml& page : found.pages) {
    ++out.bad_page;
    if (page.title.empty() || page.id < 0) {
      out.problem = Problem::no_title_or_id;
      return std::move(out);
    }
    for (const std::string_view part : {page.title, page.redirect, page.text}) {
      if (first_invalid(part) != part.size()) out.problem = Problem::invalid_utf8;
    }
    if (out.problem != Problem::none) return std::move(out);
    if (page.name_space != 0) {
      ++out.other_pages;
      continue;
    }
    out.ids.push_back(page.id);
    out.titles.add(unescaped(page.title));
    if (page.is_redirect) extractor.add_redirect(unescaped(page.redirect));
    else extractor.add_article(unescaped(page.text));
  }
  out.bad_page = 0;
  return std::move(out);
}

Extraction extract_wikitext(std::string_view wikitext, const SiteRules& rules) {
  Extractor extractor(rules);
  extractor.add_article(wikitext);
  return std::move(extractor.out);
}

}  // namespace nlp
