// Tables, whole ones and lines of those that are not.
#include "scanner.h"

#include <algorithm>

#include "ascii.h"

namespace nlp {

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

}  // namespace nlp
