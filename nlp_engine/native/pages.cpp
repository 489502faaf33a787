#include "pages.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "utf8.h"

namespace nlp {
namespace {

constexpr std::string_view page_start = "<page>";
constexpr std::string_view page_end = "</page>";

// The text between position `from` and the next '<'.
std::string_view content(std::string_view xml, std::size_t from) {
  return xml.substr(from, std::min(xml.find('<', from), xml.size()) - from);
}

std::int64_t number(std::string_view text) {
  while (!text.empty() && text.front() <= ' ') text.remove_prefix(1);
  std::int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string_view attribute(std::string_view tag, std::string_view name) {
  const std::size_t at = tag.find(name);
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + name.size();
  return tag.substr(from, std::min(tag.find('"', from), tag.size()) - from);
}

PageXml read_page(std::string_view page) {
  PageXml out;
  for (std::size_t at = page.find('<'); at != std::string_view::npos; at = page.find('<', at + 1)) {
    const std::string_view rest = page.substr(at);
    const std::size_t close = rest.find('>');
    if (close == std::string_view::npos) break;
    const std::string_view tag = rest.substr(0, close);
    if (tag == "<title") {
      if (out.title.empty()) out.title = content(rest, close + 1);
    } else if (tag == "<ns") {
      out.name_space = number(content(rest, close + 1));
    } else if (tag == "<id") {  // the page's own id comes before those of revisions and users
      if (out.id < 0) out.id = number(content(rest, close + 1));
    } else if (tag.starts_with("<redirect ")) {
      out.is_redirect = true;
      out.redirect = attribute(tag, "title=\"");
    } else if (tag == "<text" || tag.starts_with("<text ")) {
      out.text = tag.ends_with('/') ? std::string_view{} : content(rest, close + 1);
    }
    at += close;
  }
  return out;
}

}  // namespace

PagesXml find_pages(std::string_view xml) {
  PagesXml found;
  for (std::size_t begin = xml.find(page_start); begin != std::string_view::npos;
       begin = xml.find(page_start, found.consumed)) {
    const std::size_t end = xml.find(page_end, begin);
    if (end == std::string_view::npos) break;
    found.pages.push_back(read_page(xml.substr(begin, end - begin)));
    found.consumed = end + page_end.size();
  }
  return found;
}

void append_unescaped(std::string& out, std::string_view escaped) {
  if (escaped.find('\r') != std::string_view::npos) {  // XML's line breaks are single \n
    std::string lines;
    for (std::size_t i = 0; i < escaped.size(); ++i) {
      if (escaped[i] != '\r') lines.push_back(escaped[i]);
      else if (escaped.substr(i, 2) != "\r\n") lines.push_back('\n');
    }
    return append_unescaped(out, lines);
  }
  constexpr std::pair<std::string_view, char> names[] = {
      {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::size_t from = 0;
  while (true) {
    const std::size_t at = escaped.find('&', from);
    out.append(escaped.substr(from, at - from));
    if (at == std::string_view::npos) return;
    const std::string_view rest = escaped.substr(at);
    const auto* named = std::find_if(std::begin(names), std::end(names),
                                     [&](const auto& name) { return rest.starts_with(name.first); });
    if (named != std::end(names)) {
      out.push_back(named->second);
      from = at + named->first.size();
      continue;
    }
    std::uint32_t value = 0;
    if (rest.starts_with("&#")) {
      const bool hex = rest.size() > 2 && (rest[2] | 0x20) == 'x';
      const char* digits = rest.data() + (hex ? 3 : 2);
      const auto [end, error] =
          std::from_chars(digits, rest.data() + rest.size(), value, hex ? 16 : 10);
      const bool whole = error == std::errc{} && end < rest.data() + rest.size() && *end == ';';
      if (whole && value > 0 && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF)) {
        append_code_point(out, value);
        from = static_cast<std::size_t>(end + 1 - escaped.data());
        continue;
      }
    }
    out.push_back('&');
    from = at + 1;
  }
}

}  // namespace nlp
