#include "encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <numeric>

#include "parallel.h"
#include "utf8.h"

namespace nlp {
namespace {

static_assert(std::endian::native == std::endian::little, "keys are cut by little-endian masks");

constexpr std::uint32_t block_bytes = 1 << 15;  // positions of one block stay in the L2 cache
constexpr std::int32_t dropped = -2;

struct Word {
  const std::uint8_t* data;
  std::uint32_t length;
  std::uint32_t text;  // the index of its text
};

// Hash table from a word's bytes to a running id (open addressing, linear probing, at most half
// full). The first 16 bytes stand in the slot itself, so that nearly every look-up touches one
// cache line and never the text; longer words carry a hash of the rest and are compared in full.
class WordTable {
 public:
  WordTable() : slots_(std::size_t{1} << 16) {}

  std::uint32_t id_of(Word word, const std::uint8_t* text_end) {
    const Key key = key_of(word, text_end);
    for (std::size_t at = hash(key, word.length) & mask();; at = (at + 1) & mask()) {
      Slot& slot = slots_[at];
      if (slot.key == key && slot.length == word.length &&
          (word.length <= 16 || std::memcmp(words_[slot.id].data, word.data, word.length) == 0)) {
        return slot.id;
      }
      if (slot.length == 0) return insert(slot, key, word);
    }
  }

  std::size_t size() const { return words_.size(); }
  const std::vector<Word>& words() const { return words_; }

 private:
  struct Key {
    std::uint64_t low = 0, high = 0;
    bool operator==(const Key&) const = default;
  };
  struct Slot {
    Key key;
    std::uint32_t id = 0;
    std::uint32_t length = 0;  // 0: empty
  };

  std::size_t mask() const { return slots_.size() - 1; }

  static std::uint64_t low_bytes(std::uint32_t count) {
    return count >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * count)) - 1;
  }

  static Key key_of(Word word, const std::uint8_t* text_end) {
    Key key;
    if (text_end - word.data >= 16) {
      std::memcpy(&key.low, word.data, 8);
      std::memcpy(&key.high, word.data + 8, 8);
      key.low &= low_bytes(word.length);
      key.high &= word.length > 8 ? low_bytes(word.length - 8) : 0;
    } else {
      std::uint8_t bytes[16] = {};
      std::memcpy(bytes, word.data, std::min<std::uint32_t>(word.length, 16));
      std::memcpy(&key.low, bytes, 8);
      std::memcpy(&key.high, bytes + 8, 8);
    }
    for (std::uint32_t i = 16; i < word.length; ++i) {
      key.high = (key.high ^ word.data[i]) * 0x100000001B3ull;  // FNV-1a's prime
    }
    return key;
  }

  static std::size_t hash(const Key& key, std::uint32_t length) {
    // Two 64-bit multiplications folded by shifts: enough mixing for words, no 128-bit type needed.
    std::uint64_t h = (key.low ^ (std::uint64_t{length} << 56)) * 0x9E3779B97F4A7C15ull;
    h = (h ^ (h >> 32) ^ key.high) * 0xD1B54A32D192ED03ull;
    return static_cast<std::size_t>(h ^ (h >> 29));
  }

  std::uint32_t insert(Slot& slot, const Key& key, Word word) {
    if (words_.size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
      throw std::length_error("more than 2^31 distinct words");
    }
    const auto id = static_cast<std::uint32_t>(words_.size());
    words_.push_back(word);
    slot = Slot{key, id, word.length};
    if (2 * words_.size() > slots_.size()) grow();
    return id;
  }

  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.length == 0) continue;
      std::size_t at = hash(slot.key, slot.length) & mask();
      while (slots_[at].length != 0) at = (at + 1) & mask();
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::vector<Word> words_;
};

// The texts as if they stood one after the other.
struct Corpus {
  explicit Corpus(std::span<const Text> all) : texts(all), starts{0} {
    for (const Text& text : texts) starts.push_back(starts.back() + text.size());
  }

  std::size_t size() const { return starts.back(); }
  const std::uint8_t* end_of(std::size_t text) const {
    return texts[text].data() + texts[text].size();
  }
  std::int64_t position_of(const Word& word) const {
    return static_cast<std::int64_t>(starts[word.text]) + (word.data - texts[word.text].data());
  }
  // How many texts have ended at a position.
  std::size_t ended_at(std::size_t position) const {
    const auto after = std::upper_bound(starts.begin() + 1, starts.end(), position);
    return static_cast<std::size_t>(after - starts.begin()) - 1;
  }

  std::span<const Text> texts;
  std::vector<std::size_t> starts;  // of each text; at last the size of all
};

// One thread's share of the corpus.
struct Part {
  std::size_t begin = 0, end = 0;    // positions in the corpus
  WordTable table;
  std::vector<std::int64_t> counts;  // by provisional id
  std::int32_t* ids = nullptr;       // provisional ids and line_end, in the caller's scratch
  std::size_t ids_size = 0;
  std::int64_t lines = 0;
  EncodingProblem problem = EncodingProblem::none;
  std::int64_t problem_position = 0;
  std::vector<std::int32_t> final_ids;  // by provisional id; `dropped` for rare words
};

// Adds a word; false if it is none, with the problem noted.
bool add_word(Part& part, const Corpus& corpus, const std::uint8_t* from, const std::uint8_t* to,
              std::uint32_t text) {
  const Word word{from, static_cast<std::uint32_t>(to - from), text};
  if (static_cast<std::size_t>(to - from) > max_word_bytes) {
    part.problem = EncodingProblem::long_word;
    part.problem_position = corpus.position_of(word);
    return false;
  }
  const std::uint32_t id = part.table.id_of(word, corpus.end_of(text));
  if (id == part.counts.size()) {
    part.counts.push_back(0);
    const std::string_view bytes(reinterpret_cast<const char*>(from), word.length);
    const std::size_t valid = first_invalid(bytes);
    if (valid != bytes.size()) {
      part.problem = EncodingProblem::not_utf8;
      part.problem_position = corpus.position_of(word) + static_cast<std::int64_t>(valid);
      return false;
    }
  }
  ++part.counts[id];
  part.ids[part.ids_size++] = static_cast<std::int32_t>(id);
  return true;
}

void end_line(Part& part) {
  part.ids[part.ids_size++] = line_end;
  ++part.lines;
}

// Reads bytes [from, to) of one text, which begin after a separator or at the text's start.
bool read_piece(Part& part, const Corpus& corpus, std::uint32_t text, const std::uint8_t* from,
                const std::uint8_t* to, std::vector<std::uint32_t>& positions,
                FindSeparators find_separators, Exchange& exchange) {
  const std::uint8_t* word_start = from;
  for (const std::uint8_t* block = from; block < to;) {
    if (exchange.cancelled.load(std::memory_order_relaxed)) throw Cancelled();
    const auto size = static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(block_bytes, to - block));
    const std::size_t found = find_separators(block, size, positions.data());
    for (std::size_t i = 0; i < found; ++i) {
      const std::uint8_t* separator = block + positions[i];
      if (separator > word_start && !add_word(part, corpus, word_start, separator, text)) {
        return false;
      }
      if (*separator == '\n') end_line(part);
      word_start = separator + 1;
    }
    block += size;
    exchange.bytes_done.fetch_add(size, std::memory_order_relaxed);
  }
  if (word_start < to && !add_word(part, corpus, word_start, to, text)) return false;
  if (to == corpus.end_of(text) && to[-1] != '\n') end_line(part);  // no line spans two texts
  return true;
}

void read_part(Part& part, const Corpus& corpus, FindSeparators find_separators,
               Exchange& exchange) {
  std::vector<std::uint32_t> positions(block_bytes);
  for (std::size_t i = corpus.ended_at(part.begin); i < corpus.texts.size(); ++i) {
    const std::size_t start = corpus.starts[i];
    const std::size_t from = std::max(part.begin, start);
    const std::size_t to = std::min(part.end, corpus.starts[i + 1]);
    if (start >= part.end) return;
    const std::uint8_t* data = corpus.texts[i].data();
    if (from < to &&
        !read_piece(part, corpus, static_cast<std::uint32_t>(i), data + (from - start),
                    data + (to - start), positions, find_separators, exchange)) {
      return;
    }
  }
}

// Cuts the corpus into `count` parts of similar size, each starting after a separator or with a
// text. A word or line break takes at least one byte, and the line break that an open last line is
// given takes none: so the ids of a part fit into as many entries as it has bytes and texts' ends.
std::vector<Part> cut(const Corpus& corpus, std::size_t count, std::int32_t* scratch) {
  std::vector<Part> parts(count);
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    parts[i].begin = at;
    parts[i].ids = scratch + at + corpus.ended_at(at);
    at = i + 1 == count ? corpus.size() : std::max(at, corpus.size() / count * (i + 1));
    const std::size_t text = corpus.ended_at(at);
    while (at < corpus.size() && at < corpus.starts[text + 1] &&
           !is_separator(corpus.texts[text][at - corpus.starts[text]])) {
      ++at;
    }
    parts[i].end = at;
  }
  return parts;
}

bool begins_with(const Word& word, std::string_view prefix) {
  return !prefix.empty() && word.length >= prefix.size() &&
         std::memcmp(word.data, prefix.data(), prefix.size()) == 0;
}

// Merges the parts' vocabularies, fills the vocabulary side of `out` and each part's final_ids.
void merge(std::vector<Part>& parts, const Corpus& corpus, std::int64_t min_count,
           std::string_view always_kept, Encoding& out) {
  // The first part's words keep their ids; only the others' have to be looked up.
  Part& first = parts.front();
  first.final_ids.resize(first.table.size());
  std::iota(first.final_ids.begin(), first.final_ids.end(), 0);
  WordTable all = std::move(first.table);
  std::vector<std::int64_t> counts = std::move(first.counts);
  for (Part& part : std::span(parts).subspan(1)) {
    part.final_ids.resize(part.table.size());
    for (std::size_t i = 0; i < part.table.size(); ++i) {
      const Word& word = part.table.words()[i];
      const std::uint32_t id = all.id_of(word, corpus.end_of(word.text));
      if (id == counts.size()) counts.push_back(0);
      counts[id] += part.counts[i];
      part.final_ids[i] = static_cast<std::int32_t>(id);
    }
  }

  std::vector<std::uint32_t> order;
  for (std::uint32_t id = 0; id < counts.size(); ++id) {
    if (counts[id] >= min_count || begins_with(all.words()[id], always_kept)) order.push_back(id);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return counts[a] > counts[b]; });

  std::vector<std::int32_t> rank(counts.size(), dropped);
  out.word_offsets.push_back(0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Word word = all.words()[order[i]];
    rank[order[i]] = static_cast<std::int32_t>(i);
    out.word_bytes.insert(out.word_bytes.end(), word.data, word.data + word.length);
    out.word_offsets.push_back(static_cast<std::int64_t>(out.word_bytes.size()));
    out.counts.push_back(counts[order[i]]);
  }
  for (Part& part : parts) {
    for (std::int32_t& id : part.final_ids) id = rank[static_cast<std::size_t>(id)];
    out.lines += part.lines;
  }
  out.types = static_cast<std::int64_t>(counts.size());
  out.tokens = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  out.max_count = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
}

// Replaces a part's provisional ids by final ones, without those of rare words.
void finish_ids(Part& part) {
  std::int32_t* to = part.ids;
  for (const std::int32_t* from = part.ids; from < part.ids + part.ids_size; ++from) {
    const std::int32_t id =
        *from == line_end ? line_end : part.final_ids[static_cast<std::size_t>(*from)];
    if (id != dropped) *to++ = id;
  }
  part.ids_size = static_cast<std::size_t>(to - part.ids);
}

// The problem that stands first in the corpus. A part stops at its first one, so the parts before
// the one that is named here have been read to their ends: `threads` makes no difference.
const Part* first_with_problem(const std::vector<Part>& parts) {
  for (const Part& part : parts) {
    if (part.problem != EncodingProblem::none) return &part;
  }
  return nullptr;
}

}  // namespace

Encoding encode(std::span<const Text> texts, std::int64_t min_count, std::string_view always_kept,
                int threads, InstructionSet instructions, std::span<std::int32_t> scratch,
                Exchange& exchange) {
  const Corpus corpus(texts);
  if (scratch.size() < corpus.size() + texts.size()) {
    throw std::invalid_argument("scratch needs an entry for every byte and every text");
  }
  const FindSeparators find_separators = find_separators_for(instructions);
  Encoding out;

  const auto count = static_cast<std::size_t>(std::max(threads, 1));
  std::vector<Part> parts = cut(corpus, count, scratch.data());
  for_each_item(parts, [&](Part& part) { read_part(part, corpus, find_separators, exchange); });
  if (const Part* part = first_with_problem(parts)) {
    out.problem = part->problem;
    out.problem_position = part->problem_position;
    return out;
  }
  merge(parts, corpus, min_count, always_kept, out);
  for_each_item(parts, finish_ids);
  for (const Part& part : parts) {
    // Towards the front, so never over ids that are still to be moved.
    std::int32_t* const to = scratch.data() + out.ids_size;
    if (to != part.ids) std::memmove(to, part.ids, part.ids_size * sizeof(std::int32_t));
    out.ids_size += static_cast<std::int64_t>(part.ids_size);
  }
  return out;
}

}  // namespace nlp
