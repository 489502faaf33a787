// The last step of cleaning: white space, and the parentheses that dropped markup left empty.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nlp {

// Bytes [begin, end) of the untidy text are a link's anchor; links do not overlap and ascend.
struct RawLink {
  std::size_t begin;
  std::size_t end;
  std::string target;
};

// A link's place in the tidy text, in code points; start == end if nothing of it is left.
struct Placed {
  std::int32_t start = 0;
  std::int32_t end = 0;
};

// Appends `untidy` to `out` and places the links. White space becomes one space, or one line break
// where it holds two or more (a paragraph's end); there is none at either end. Returns the number
// of code points appended.
std::int32_t append_tidy(std::string& out, std::string_view untidy,
                         const std::vector<RawLink>& links, std::vector<Placed>& placed);

}  // namespace nlp
