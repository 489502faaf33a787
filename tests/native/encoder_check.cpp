// Built by test_sanitizers.py under AddressSanitizer, UndefinedBehaviorSanitizer or
// ThreadSanitizer: encodes generated texts and compares with a map-based count.
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "encoder.h"

namespace {

std::string make_text(std::mt19937& random, std::size_t size) {
  static const std::string separators = std::string(" \n\t\r\v\f") + '\0';
  std::string text;
  while (text.size() < size) {
    const std::size_t length = random() % 50 == 0 ? random() % 300 : random() % 20;
    for (std::size_t i = 0; i < length; ++i) text += static_cast<char>('a' + random() % 3);
    text += separators[random() % separators.size()];
  }
  text.resize(size);
  return text;
}

std::map<std::string, std::int64_t> count(const std::string& text) {
  std::map<std::string, std::int64_t> counts;
  std::string word;
  for (const char c : text + " ") {
    if (!nlp::is_separator(static_cast<std::uint8_t>(c))) {
      word += c;
    } else if (!word.empty()) {
      ++counts[word];
      word.clear();
    }
  }
  return counts;
}

// Exactly sized heap blocks, so that a read or write past the end is noticed.
std::vector<std::uint8_t> exact(const std::string& text) {
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  bytes.shrink_to_fit();
  return bytes;
}

bool agrees(const std::string& text, std::size_t cut, int threads,
            nlp::InstructionSet instructions) {
  const auto first = exact(text.substr(0, cut)), second = exact(text.substr(cut));
  const std::vector<nlp::Text> texts{first, second};
  std::vector<std::int32_t> scratch(text.size() + texts.size());
  nlp::Exchange exchange;
  const nlp::Encoding got = nlp::encode(texts, 2, "", threads, instructions, scratch, exchange);
  std::int64_t kept = 0, tokens = 0;
  for (const auto& [word, times] : count(text.substr(0, cut) + " " + text.substr(cut))) {
    tokens += times;
    kept += times >= 2 ? times : 0;
  }
  return got.tokens == tokens && got.ids_size == kept + got.lines;
}

}  // namespace

int main() {
  std::mt19937 random(1);
  int failures = 0;
  for (int round = 0; round < 40; ++round) {
    const std::string text = make_text(random, random() % (round < 38 ? 3000 : 200000));
    const int threads = 1 + static_cast<int>(random() % 4);
    for (int set = 0; set <= static_cast<int>(nlp::best_instruction_set()); ++set) {
      failures += !agrees(text, random() % (text.size() + 1), threads,
                          static_cast<nlp::InstructionSet>(set));
    }
  }
  nlp::Exchange cancelled;
  cancelled.cancelled = true;
  try {
    const auto text = exact("some words");
    const std::vector<nlp::Text> texts{text};
    std::vector<std::int32_t> scratch(text.size() + 1);
    nlp::encode(texts, 1, "", 3, nlp::best_instruction_set(), scratch, cancelled);
    ++failures;
  } catch (const nlp::Cancelled&) {
  }
  std::printf("%d failures\n", failures);
  return failures != 0;
}
