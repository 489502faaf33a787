// Built by test_sanitizers.py under AddressSanitizer, UndefinedBehaviorSanitizer or
// ThreadSanitizer: encodes generated texts and compares with a map-based count.
#include <cstdio>
#include <map>
#include <memory>
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

bool agrees(const std::string& text, int threads, nlp::InstructionSet instructions) {
  // An exactly sized heap block, so that a read past the end is noticed.
  const auto bytes = std::make_unique<std::uint8_t[]>(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) bytes[i] = static_cast<std::uint8_t>(text[i]);
  nlp::Exchange exchange;
  const nlp::Encoding got = nlp::encode(bytes.get(), text.size(), 2, threads, instructions, exchange);
  std::int64_t kept = 0, tokens = 0;
  for (const auto& [word, times] : count(text)) {
    tokens += times;
    kept += times >= 2 ? times : 0;
  }
  return got.tokens == tokens && got.ids_size == kept + got.lines;
}

}  // namespace

int main() {
  std::mt19937 random(1);
  int failures = 0;
  for (int round = 0; round < 100; ++round) {
    const std::string text = make_text(random, random() % (round < 97 ? 3000 : 200000));
    const int threads = 1 + static_cast<int>(random() % 4);
    for (int set = 0; set <= static_cast<int>(nlp::best_instruction_set()); ++set) {
      failures += !agrees(text, threads, static_cast<nlp::InstructionSet>(set));
    }
  }
  nlp::Exchange cancelled;
  cancelled.cancelled = true;
  try {
    const std::string text = "some words";
    nlp::encode(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), 1, 3,
                nlp::best_instruction_set(), cancelled);
    ++failures;
  } catch (const nlp::Cancelled&) {
  }
  std::printf("%d failures\n", failures);
  return failures != 0;
}
