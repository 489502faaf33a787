#include "tidy.h"

#include <algorithm>
#include <array>

#include "utf8.h"

namespace nlp {
namespace {

// Bytes that need a look: white space, parentheses, separators, and lead bytes of code points that
// are white space, full-width parentheses or invisible.
constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> special{};
  for (int byte = 0; byte <= 0x20; ++byte) special[static_cast<std::size_t>(byte)] = true;
  for (const char byte : {'(', ')', ',', ';', ':', '\x7F', '\xC2', '\xE1', '\xE2', '\xE3', '\xEF'}) {
    special[static_cast<unsigned char>(byte)] = true;
  }
  return special;
}
constexpr auto is_special = make_special();

bool is_opening(std::uint32_t c) { return c == '(' || c == 0xFF08; }
bool is_closing(std::uint32_t c) { return c == ')' || c == 0xFF09; }

// Soft hyphens, byte-order marks and marks of writing direction: nothing that a reader sees.
bool is_invisible(std::uint32_t c) {
  return c == 0xAD || c == 0xFEFF || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x2069);
}

class Tidier {
 public:
  Tidier(std::string& out, const std::vector<RawLink>& links, std::vector<Placed>& placed)
      : out_(out), first_(out.size()), links_(links), placed_(placed) {
    placed.assign(links.size(), {});
  }

  std::int32_t run(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
      pass_boundaries(at);
      if (!is_special[static_cast<unsigned char>(text[at])]) {
        const std::size_t limit = std::min(text.size(), next_boundary());
        std::size_t end = at + 1;
        while (end < limit && !is_special[static_cast<unsigned char>(text[end])]) ++end;
        append(text.substr(at, end - at));
        at = end;
        continue;
      }
      const CodePoint c = code_point_at(text, at);
      take(c.value, text.substr(at, c.bytes));
      at += c.bytes;
    }
    pass_boundaries(at);
    while (out_.size() > first_ && out_.back() == '\n') remove(1, 1);  // left by a removed (
    return length_;
  }

 private:
  std::size_t next_boundary() const {
    if (link_ == links_.size()) return std::string_view::npos;
    return inside_ ? links_[link_].end : links_[link_].begin;
  }

  // Notes the links that begin or end before the byte at `at`. A link begins with the next code
  // point that is kept, so that white space before it stays outside.
  void pass_boundaries(std::size_t at) {
    while (next_boundary() <= at) {
      if (inside_) {
        if (!starts_) {
          // A line break before parentheses that went is not part of the anchor.
          const std::int32_t end = length_ - (out_.size() > first_ && out_.back() == '\n');
          placed_[link_].end = std::max(end, placed_[link_].start);
          if (placed_[link_].end > placed_[link_].start) last_link_end_ = placed_[link_].end;
        }
        starts_ = inside_ = false;
        ++link_;
      } else {
        inside_ = starts_ = true;
      }
    }
  }

  void append(std::string_view plain) {
    settle_space();
    out_.append(plain);
    length_ += count_code_points(plain);
    after_opening_ = false;
  }

  // Writes the white space that is due, and lets a waiting link begin.
  void settle_space() {
    const bool at_start = out_.size() == first_ || out_.back() == '\n';
    if (white_ && !at_start && (breaks_ > 1 || !after_opening_)) {
      out_.push_back(breaks_ > 1 ? '\n' : ' ');
      ++length_;
    }
    drop_space();
    if (starts_) placed_[link_].start = length_;
    starts_ = false;
  }

  void drop_space() {
    white_ = false;
    breaks_ = 0;
  }

  void take(std::uint32_t c, std::string_view bytes) {
    if (is_white(c)) {
      white_ = true;
      breaks_ += c == '\n';
    } else if (is_invisible(c)) {
      return;
    } else if (after_opening_ && breaks_ < 2 && (c == ',' || c == ';' || c == ':')) {
      drop_space();  // "(; born 1879)"
    } else if (is_closing(c)) {
      close(bytes);
    } else {
      append(bytes);
      after_opening_ = is_opening(c);
    }
  }

  // A closing parenthesis: separators before it go, and with nothing inside it goes itself.
  void close(std::string_view bytes) {
    if (breaks_ > 1) {
      append(bytes);
      return;
    }
    drop_space();
    while (can_remove(1) && (out_.back() == ',' || out_.back() == ';')) {
      remove(1, 1);
      if (can_remove(1) && out_.back() == ' ') remove(1, 1);
    }
    if (!removed_opening()) append(bytes);
    else if (can_remove(1) && out_.back() == ' ') remove(1, 1);
  }

  bool removed_opening() {
    if (out_.size() == first_) return false;
    const CodePoint last = code_point_before(out_, out_.size());
    if (!is_opening(last.value) || !can_remove(1)) return false;
    remove(last.bytes, 1);
    return true;
  }

  // Whether the last code points may go: none of them belongs to a link that has ended.
  bool can_remove(std::int32_t code_points) const {
    return out_.size() > first_ && length_ - code_points >= last_link_end_ &&
           (!inside_ || starts_ || length_ - code_points >= placed_[link_].start);
  }

  void remove(std::size_t bytes, std::int32_t code_points) {
    out_.resize(out_.size() - bytes);
    length_ -= code_points;
    if (inside_ && !starts_ && length_ == placed_[link_].start) {  // the link begins anew
      placed_[link_] = {};
      starts_ = true;
    }
    after_opening_ = out_.size() > first_ && is_opening(code_point_before(out_, out_.size()).value);
  }

  std::string& out_;
  const std::size_t first_;  // where this text begins in out_
  const std::vector<RawLink>& links_;
  std::vector<Placed>& placed_;
  std::int32_t length_ = 0;  // code points appended
  std::size_t link_ = 0;     // the next or current link
  bool inside_ = false;      // within links_[link_]
  bool starts_ = false;      // which begins with the next code point kept
  std::int32_t last_link_end_ = 0;
  bool white_ = false;  // white space is due
  int breaks_ = 0;      // line breaks in it
  bool after_opening_ = false;
};

}  // namespace

std::int32_t append_tidy(std::string& out, std::string_view untidy,
                         const std::vector<RawLink>& links, std::vector<Placed>& placed) {
  return Tidier(out, links, placed).run(untidy);
}

}  // namespace nlp
