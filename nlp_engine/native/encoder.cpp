#include "encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <exception>
#include <functional>
#include <limits>
#include <numeric>
#include <thread>

namespace nlp {
namespace {

static_assert(std::endian::native == std::endian::little, "keys are cut by little-endian masks");

constexpr std::uint32_t block_bytes = 1 << 15;  // positions of one block stay in the L2 cache
constexpr std::int32_t dropped = -2;

struct Word {
  const std::uint8_t* data;
  std::uint32_t length;
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

// One thread's part of the text.
struct Part {
  const std::uint8_t* begin;
  const std::uint8_t* end;
  WordTable table;
  std::vector<std::int64_t> counts;  // by provisional id
  std::vector<std::int32_t> ids;     // provisional ids and line_end
  std::int64_t lines = 0;
  std::vector<std::int32_t> final_ids;  // by provisional id; `dropped` for rare words
  std::int64_t kept = 0;                // ids that remain once rare words are dropped
};

void add_word(Part& part, const std::uint8_t* from, const std::uint8_t* to,
              const std::uint8_t* text_end) {
  if (to - from > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error("a word of more than 4 GB");
  }
  const std::uint32_t id = part.table.id_of({from, static_cast<std::uint32_t>(to - from)}, text_end);
  if (id == part.counts.size()) part.counts.push_back(0);
  ++part.counts[id];
  part.ids.push_back(static_cast<std::int32_t>(id));
}

void read_part(Part& part, const std::uint8_t* text_end, FindSeparators find_separators,
               Exchange& exchange) {
  const auto bytes = static_cast<std::size_t>(part.end - part.begin);
  part.ids.reserve(bytes / 5 + 16);
  std::vector<std::uint32_t> positions(block_bytes);
  const std::uint8_t* word_start = part.begin;
  for (const std::uint8_t* block = part.begin; block < part.end;) {
    if (exchange.cancelled.load(std::memory_order_relaxed)) throw Cancelled();
    const auto size =
        static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(block_bytes, part.end - block));
    const std::size_t found = find_separators(block, size, positions.data());
    for (std::size_t i = 0; i < found; ++i) {
      const std::uint8_t* separator = block + positions[i];
      if (separator > word_start) add_word(part, word_start, separator, text_end);
      if (*separator == '\n') {
        part.ids.push_back(line_end);
        ++part.lines;
      }
      word_start = separator + 1;
    }
    block += size;
    exchange.bytes_done.fetch_add(size, std::memory_order_relaxed);
  }
  if (word_start < part.end) add_word(part, word_start, part.end, text_end);
}

// Cuts the text into `count` parts of similar size, each starting after a separator.
std::vector<Part> cut(const std::uint8_t* text, std::size_t size, int count) {
  std::vector<Part> parts(static_cast<std::size_t>(count));
  const std::uint8_t* const end = text + size;
  const std::uint8_t* at = text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].begin = at;
    const std::uint8_t* goal = text + size / parts.size() * (i + 1);
    at = i + 1 == parts.size() ? end : std::max(at, goal);
    while (at < end && !is_separator(*at)) ++at;
    parts[i].end = at;
  }
  return parts;
}

// Runs work(part) for every part, each on its own thread, and rethrows the first exception.
void for_each_part(std::vector<Part>& parts, const std::function<void(Part&)>& work) {
  std::vector<std::exception_ptr> errors(parts.size());
  {
    std::vector<std::jthread> threads;  // joined at the end of this scope
    for (std::size_t i = 0; i < parts.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          work(parts[i]);
        } catch (...) {
          errors[i] = std::current_exception();
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

// Merges the parts' vocabularies, fills the vocabulary side of `out` and each part's final_ids.
void merge(std::vector<Part>& parts, const std::uint8_t* text, const std::uint8_t* text_end,
           std::int64_t min_count, Encoding& out) {
  WordTable all;
  std::vector<std::int64_t> counts;
  for (Part& part : parts) {
    part.final_ids.resize(part.table.size());
    for (std::size_t i = 0; i < part.table.size(); ++i) {
      const std::uint32_t id = all.id_of(part.table.words()[i], text_end);
      if (id == counts.size()) counts.push_back(0);
      counts[id] += part.counts[i];
      part.final_ids[i] = static_cast<std::int32_t>(id);
    }
  }

  std::vector<std::uint32_t> order;
  for (std::uint32_t id = 0; id < counts.size(); ++id) {
    if (counts[id] >= min_count) order.push_back(id);
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
    out.first_positions.push_back(word.data - text);
    out.counts.push_back(counts[order[i]]);
  }
  for (Part& part : parts) {
    part.kept = part.lines;
    for (std::size_t i = 0; i < part.final_ids.size(); ++i) {
      part.final_ids[i] = rank[static_cast<std::size_t>(part.final_ids[i])];
      if (part.final_ids[i] != dropped) part.kept += part.counts[i];
    }
  }
  out.types = static_cast<std::int64_t>(counts.size());
  out.tokens = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  out.max_count = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
}

void write_ids(const Part& part, std::int32_t* ids) {
  for (const std::int32_t id : part.ids) {
    const std::int32_t final_id =
        id == line_end ? line_end : part.final_ids[static_cast<std::size_t>(id)];
    if (final_id != dropped) *ids++ = final_id;
  }
}

}  // namespace

Encoding encode(const std::uint8_t* text, std::size_t size, std::int64_t min_count, int threads,
                InstructionSet instructions, Exchange& exchange) {
  const std::uint8_t* const text_end = text + size;
  const FindSeparators find_separators = find_separators_for(instructions);
  Encoding out;

  std::vector<Part> parts = cut(text, size, std::max(threads, 1));
  for_each_part(parts, [&](Part& part) { read_part(part, text_end, find_separators, exchange); });
  merge(parts, text, text_end, min_count, out);

  const bool open_line = size > 0 && text[size - 1] != '\n';
  std::vector<std::int64_t> starts;
  for (const Part& part : parts) {
    starts.push_back(out.ids_size);
    out.ids_size += part.kept;
    out.lines += part.lines;
  }
  out.ids_size += open_line;
  out.lines += open_line;
  out.ids = std::make_unique_for_overwrite<std::int32_t[]>(static_cast<std::size_t>(out.ids_size));
  for_each_part(parts, [&](Part& part) {
    write_ids(part, out.ids.get() + starts[static_cast<std::size_t>(&part - parts.data())]);
  });
  if (open_line) out.ids[static_cast<std::size_t>(out.ids_size - 1)] = line_end;
  return out;
}

}  // namespace nlp
