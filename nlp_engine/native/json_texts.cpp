#include "json_texts.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "utf8.h"

namespace nlp {
namespace {

constexpr std::size_t most_digits = 9;

class Reader {
 public:
  Reader(std::string_view json, InstructionSet set) : json_(json), set_(set) {
    // Texts point into it: it must neither grow nor be so short that a string has it inside.
    request_.unescaped.reserve(json.size() + sizeof(std::string));
  }

  std::optional<TextRequest> read() {
    const bool whole = object([&](std::string_view key) {
      if (key == "instances") return once(has_texts_) && texts();
      return key == "configuration" && once(has_configuration_) && configuration();
    });
    skip_white();
    if (!whole || !has_texts_ || at_ != json_.size()) return std::nullopt;
    if (first_invalid(json_, set_) != json_.size()) return std::nullopt;
    return std::move(request_);
  }

 private:
  static bool once(bool& seen) { return !std::exchange(seen, true); }

  void skip_white() {
    const auto is_white = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (at_ < json_.size() && is_white(json_[at_])) ++at_;
  }

  // Whether the next character that is not white is this one, which is then behind.
  bool next_is(char wanted) {
    skip_white();
    if (at_ == json_.size() || json_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  // {"key": value, …}; `value(key)` reads one.
  template <typename Value>
  bool object(const Value& value) {
    if (!next_is('{')) return false;
    if (next_is('}')) return true;
    do {
      std::string_view key;
      if (!next_is('"') || !string(key) || !next_is(':') || !value(key)) return false;
    } while (next_is(','));
    return next_is('}');
  }

  bool configuration() {
    return object([&](std::string_view key) {
      return key == "k" && once(has_k_) && positive(request_.k);
    });
  }

  bool texts() {
    if (!next_is('[')) return false;
    if (next_is(']')) return true;
    do {
      std::string_view text;
      if (!next_is('"') || !string(text)) return false;
      request_.texts.push_back(text);
    } while (next_is(','));
    return next_is(']');
  }

  bool positive(std::size_t& number) {
    skip_white();
    const std::size_t begin = at_;
    while (at_ < json_.size() && json_[at_] >= '0' && json_[at_] <= '9') ++at_;
    if (at_ == begin || at_ - begin > most_digits || json_[begin] == '0') return false;
    number = 0;
    for (std::size_t i = begin; i < at_; ++i) {
      number = 10 * number + static_cast<std::size_t>(json_[i] - '0');
    }
    return true;
  }

  // Where what stands for itself ends in a string: at a quotation mark, backslash or control
  // character.
  std::size_t plain_end(std::size_t at) const {
    // Eight bytes at a time: a byte that is zero after the difference borrows from its highest bit.
    constexpr std::uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
    const auto has_zero = [](std::uint64_t x) { return (x - ones) & ~x & high; };
    for (; at + 8 <= json_.size(); at += 8) {
      std::uint64_t bytes;
      std::memcpy(&bytes, json_.data() + at, 8);
      const std::uint64_t control = (bytes - 0x20 * ones) & ~bytes & high;
      if (control | has_zero(bytes ^ ('"' * ones)) | has_zero(bytes ^ ('\\' * ones))) break;
    }
    while (at < json_.size() && json_[at] != '"' && json_[at] != '\\' &&
           static_cast<unsigned char>(json_[at]) >= 0x20) {
      ++at;
    }
    return at;
  }

  // What follows an opening quotation mark, up to the closing one.
  bool string(std::string_view& text) {
    const std::size_t begin = at_, unescaped = request_.unescaped.size();
    at_ = plain_end(at_);
    if (at_ < json_.size() && json_[at_] == '"') {
      text = json_.substr(begin, at_++ - begin);
      return true;
    }
    for (std::size_t from = begin;; from = at_, at_ = plain_end(at_)) {
      request_.unescaped.append(json_, from, at_ - from);
      if (at_ == json_.size()) return false;
      const char end = json_[at_++];
      if (end == '"') break;
      if (end != '\\' || !escape()) return false;
    }
    text = std::string_view(request_.unescaped).substr(unescaped);
    return true;
  }

  bool escape() {
    constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
    if (at_ == json_.size()) return false;
    const char name = json_[at_++];
    if (const std::size_t found = names.find(name); found != names.npos) {
      request_.unescaped += values[found];
      return true;
    }
    std::uint32_t value = 0, low = 0;
    if (name != 'u' || !hex(value)) return false;
    if (value >= 0xD800 && value < 0xE000) {  // the first of a pair
      if (value >= 0xDC00 || json_.substr(at_, 2) != "\\u") return false;
      at_ += 2;
      if (!hex(low) || low < 0xDC00 || low >= 0xE000) return false;
      value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
    }
    append_code_point(request_.unescaped, value);
    return true;
  }

  bool hex(std::uint32_t& value) {
    if (json_.size() - at_ < 4) return false;
    const char* const begin = json_.data() + at_;
    const auto read = std::from_chars(begin, begin + 4, value, 16);
    at_ += 4;
    return read.ptr == begin + 4 && *begin != '-';
  }

  std::string_view json_;
  InstructionSet set_;
  std::size_t at_ = 0;
  bool has_texts_ = false, has_configuration_ = false, has_k_ = false;
  TextRequest request_;
};

// JSON has no numbers that are not finite.
void append_number(std::string& out, float number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), static_cast<double>(number)).ptr;
  out.append(digits, end);
  const std::string_view written(digits, static_cast<std::size_t>(end - digits));
  if (written.find_first_of(".e") == written.npos) out += ".0";
}

}  // namespace

std::optional<TextRequest> read_text_request(std::string_view json, InstructionSet set) {
  return Reader(json, set).read();
}

std::string write_predictions(const Predictions& predictions, std::span<const std::string> labels) {
  std::string out = "[";
  std::size_t begin = 0;
  for (const std::int32_t count : predictions.counts) {
    const std::size_t end = begin + static_cast<std::size_t>(count);
    out += out.size() > 1 ? ",{\"prob\":[" : "{\"prob\":[";
    for (std::size_t i = begin; i < end; ++i) {
      if (i > begin) out += ',';
      append_number(out, predictions.probabilities[i]);
    }
    out += "],\"label\":[";
    for (std::size_t i = begin; i < end; ++i) {
      if (i > begin) out += ',';
      out += labels[static_cast<std::size_t>(predictions.labels[i])];
    }
    out += "]}";
    begin = end;
  }
  return out += ']';
}

}  // namespace nlp
