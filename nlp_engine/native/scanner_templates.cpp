// Templates whose value stays in the text.
#include "scanner.h"

#include <algorithm>

#include "ascii.h"
#include "utf8.h"

namespace nlp {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::size_t longest_template_name = 200;

}  // namespace

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

}  // namespace nlp
