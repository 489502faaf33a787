#include "encoder.h"

#include <algorithm>
#include <array>
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

// Of what is too long to be a word so much that this can be told.
Word word_between(const std::uint8_t* from, const std::uint8_t* to, std::uint32_t text) {
  const auto length = std::min(static_cast<std::size_t>(to - from), max_word_bytes + 1);
  return {from, static_cast<std::uint32_t>(length), text};
}

// A word on the way into a table.
struct Sought {
  // The first 16 bytes; for longer words the second half is mixed with a hash of the rest.
  struct Key {
    std::uint64_t low = 0, high = 0;
    bool operator==(const Key&) const = default;
  };
  Word word;
  Key key;
  std::size_t hash;
};

std::uint64_t low_bytes(std::uint32_t count) {
  return count >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * count)) - 1;
}

Sought::Key key_of(const Word& word, const std::uint8_t* text_end) {
  Sought::Key key;
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

std::size_t hash_of(const Sought::Key& key, std::uint32_t length) {
  // Two 64-bit multiplications folded by shifts: enough mixing for words, no 128-bit type needed.
  std::uint64_t h = (key.low ^ (std::uint64_t{length} << 56)) * 0x9E3779B97F4A7C15ull;
  h = (h ^ (h >> 32) ^ key.high) * 0xD1B54A32D192ED03ull;
  return static_cast<std::size_t>(h ^ (h >> 29));
}

Sought sought_for(const Word& word, const std::uint8_t* text_end) {
  const Sought::Key key = key_of(word, text_end);
  return {word, key, hash_of(key, word.length)};
}

// Hash table from a word's bytes to a running id and a count (open addressing, linear probing, at
// most half full). The word's key stands in the slot itself, so that nearly every word touches one
// cache line and never the text; those over 16 bytes are compared in full.
class WordTable {
 public:
  WordTable() : slots_(std::size_t{1} << 12) {}

  void prefetch(const Sought& sought) const {
    __builtin_prefetch(&slots_[sought.hash & mask()], 1);
  }

  // Counts a word `times` more; its id, which is the size before if it is new.
  std::uint32_t add(const Sought& sought, std::int64_t times) {
    const Word& word = sought.word;
    for (std::size_t at = sought.hash & mask();; at = (at + 1) & mask()) {
      Slot& slot = slots_[at];
      if (slot.key == sought.key && slot.length == word.length &&
          (word.length <= 16 || std::memcmp(words_[slot.id].data, word.data, word.length) == 0)) {
        slot.count += times;
        return slot.id;
      }
      if (slot.length == 0) return insert(slot, sought, times);
    }
  }

  std::size_t size() const { return words_.size(); }
  const std::vector<Word>& words() const { return words_; }  // by id, as are the counts
  std::vector<std::int64_t> counts() const {
    std::vector<std::int64_t> all(words_.size());
    for (const Slot& slot : slots_) {
      if (slot.length > 0) all[slot.id] = slot.count;
    }
    return all;
  }

 private:
  struct alignas(32) Slot {  // half a cache line
    Sought::Key key;
    std::uint32_t id = 0;
    std::uint32_t length = 0;  // 0: empty
    std::int64_t count = 0;
  };

  std::size_t mask() const { return slots_.size() - 1; }

  std::uint32_t insert(Slot& slot, const Sought& sought, std::int64_t times) {
    const auto id = static_cast<std::uint32_t>(words_.size());
    words_.push_back(sought.word);
    slot = Slot{sought.key, id, sought.word.length, times};
    if (2 * words_.size() > slots_.size()) grow();
    return id;
  }

  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.length == 0) continue;
      std::size_t at = hash_of(slot.key, slot.length) & mask();
      while (slots_[at].length != 0) at = (at + 1) & mask();
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::vector<Word> words_;
};

// A word's hash says which of these tables has it, so that the tables of several threads are merged
// by several threads. Its id is its table's, with the table in the lowest bits.
constexpr std::uint32_t tables = 16;
constexpr std::size_t most_in_table = (std::size_t{1} << 31) / tables;

std::size_t table_of(const Sought& sought) { return sought.hash >> 60; }

// The table's cache line is what a word waits for: words come in batches of which all lines are
// fetched first.
constexpr std::size_t batch_words = 16;

class Words {
 public:
  Sought seek(const Word& word, const std::uint8_t* text_end) const {
    const Sought sought = sought_for(word, text_end);
    tables_[table_of(sought)].prefetch(sought);
    return sought;
  }

  struct Added {
    std::uint32_t id;
    bool is_new;
  };

  Added add(const Sought& sought) {
    const std::size_t at = table_of(sought);
    WordTable& table = tables_[at];
    const std::size_t before = table.size();
    if (before == most_in_table) throw std::length_error("more than 2^31 distinct words");
    const std::uint32_t id = table.add(sought, 1);
    return {id * tables + static_cast<std::uint32_t>(at), id == before};
  }

  WordTable& table(std::size_t at) { return tables_[at]; }

 private:
  std::array<WordTable, tables> tables_;
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
  Words words;
  std::int32_t* ids = nullptr;       // provisional ids and line_end, in the caller's scratch
  std::size_t ids_size = 0;
  std::int64_t lines = 0;
  EncodingProblem problem = EncodingProblem::none;
  std::int64_t problem_position = 0;
  std::vector<std::int32_t> final_ids[tables];  // by id in the table; `dropped` for rare words
};

// Adds a word; false if it is none, with the problem noted.
bool add_word(Part& part, const Corpus& corpus, const Sought& sought) {
  const Word& word = sought.word;
  if (word.length > max_word_bytes) {
    part.problem = EncodingProblem::long_word;
    part.problem_position = corpus.position_of(word);
    return false;
  }
  const auto [id, is_new] = part.words.add(sought);
  if (is_new) {
    const std::string_view bytes(reinterpret_cast<const char*>(word.data), word.length);
    const std::size_t valid = first_invalid(bytes);
    if (valid != bytes.size()) {
      part.problem = EncodingProblem::not_utf8;
      part.problem_position = corpus.position_of(word) + static_cast<std::int64_t>(valid);
      return false;
    }
  }
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
  Sought sought[batch_words];
  const std::uint8_t* const text_end = corpus.end_of(text);
  const std::uint8_t* word_start = from;
  for (const std::uint8_t* block = from; block < to;) {
    if (exchange.cancelled.load(std::memory_order_relaxed)) throw Cancelled();
    const auto size = static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(block_bytes, to - block));
    const std::size_t found = find_separators(block, size, positions.data());
    for (std::size_t first = 0; first < found; first += batch_words) {
      const std::size_t count = std::min(batch_words, found - first);
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t* separator = block + positions[first + i];
        sought[i] = part.words.seek(word_between(word_start, separator, text), text_end);
        word_start = separator + 1;
      }
      for (std::size_t i = 0; i < count; ++i) {
        if (sought[i].word.length > 0 && !add_word(part, corpus, sought[i])) return false;
        if (block[positions[first + i]] == '\n') end_line(part);
      }
    }
    block += size;
    exchange.bytes_done.fetch_add(size, std::memory_order_relaxed);
  }
  if (word_start < to &&
      !add_word(part, corpus, part.words.seek(word_between(word_start, to, text), text_end))) {
    return false;
  }
  if (to == text_end && to[-1] != '\n') end_line(part);  // no line spans two texts
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

// A word that stays, and where it stands in the tables of all parts.
struct Kept {
  Word word;
  std::int64_t count, position;
  std::uint32_t table, id;
};

// One table of all parts.
struct Merged {
  WordTable table;
  std::vector<std::int64_t> counts;
  std::vector<Kept> kept;
  std::vector<std::int32_t> ranks;  // by id; `dropped` for rare words
};

// Adds a part's words; its final_ids are their ids in the table.
void add_words(WordTable& table, const WordTable& from, const Corpus& corpus,
               std::vector<std::int32_t>& ids) {
  const std::vector<Word>& words = from.words();
  const std::vector<std::int64_t> counts = from.counts();
  Sought sought[batch_words];
  for (std::size_t first = 0; first < words.size(); first += batch_words) {
    const std::size_t count = std::min(batch_words, words.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      const Word& word = words[first + i];
      sought[i] = sought_for(word, corpus.end_of(word.text));
      table.prefetch(sought[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      ids.push_back(static_cast<std::int32_t>(table.add(sought[i], counts[first + i])));
    }
  }
}

// Merges one table of the parts and finds what is kept.
void merge_table(std::uint32_t at, std::vector<Part>& parts, const Corpus& corpus,
                 std::int64_t min_count, std::string_view always_kept, Merged& merged) {
  // The first part's words keep their ids; only the others' have to be looked up.
  Part& leading = parts.front();
  merged.table = std::move(leading.words.table(at));
  leading.final_ids[at].resize(merged.table.size());
  std::iota(leading.final_ids[at].begin(), leading.final_ids[at].end(), 0);
  for (Part& part : std::span(parts).subspan(1)) {
    add_words(merged.table, part.words.table(at), corpus, part.final_ids[at]);
  }
  merged.counts = merged.table.counts();
  merged.ranks.assign(merged.counts.size(), dropped);
  for (std::uint32_t id = 0; id < merged.counts.size(); ++id) {
    const Word& word = merged.table.words()[id];
    if (merged.counts[id] >= min_count || begins_with(word, always_kept)) {
      merged.kept.push_back({word, merged.counts[id], corpus.position_of(word), at, id});
    }
  }
}

// Fills the vocabulary side of `out` and the ranks.
void rank(std::vector<Merged>& all, Encoding& out) {
  std::vector<Kept> order;
  for (const Merged& merged : all) {
    order.insert(order.end(), merged.kept.begin(), merged.kept.end());
    for (const std::int64_t count : merged.counts) {
      out.tokens += count;
      out.max_count = std::max(out.max_count, count);
    }
    out.types += static_cast<std::int64_t>(merged.counts.size());
  }
  std::sort(order.begin(), order.end(), [](const Kept& a, const Kept& b) {
    return a.count != b.count ? a.count > b.count : a.position < b.position;
  });
  out.word_offsets.push_back(0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Kept& kept = order[i];
    all[kept.table].ranks[kept.id] = static_cast<std::int32_t>(i);
    out.word_bytes.insert(out.word_bytes.end(), kept.word.data, kept.word.data + kept.word.length);
    out.word_offsets.push_back(static_cast<std::int64_t>(out.word_bytes.size()));
    out.counts.push_back(kept.count);
  }
}

// Merges the parts' vocabularies, fills the vocabulary side of `out` and each part's final_ids.
void merge(std::vector<Part>& parts, const Corpus& corpus, std::int64_t min_count,
           std::string_view always_kept, Encoding& out) {
  std::vector<Merged> all(tables);
  const auto for_each_table = [&](const auto& work) {
    for_each_range(tables, std::min<std::size_t>(parts.size(), tables),
                   [&](std::size_t, std::size_t begin, std::size_t end) {
      for (std::size_t at = begin; at < end; ++at) work(static_cast<std::uint32_t>(at));
    });
  };
  for_each_table([&](std::uint32_t at) {
    merge_table(at, parts, corpus, min_count, always_kept, all[at]);
  });
  rank(all, out);
  for_each_table([&](std::uint32_t at) {
    for (Part& part : parts) {
      for (std::int32_t& id : part.final_ids[at]) id = all[at].ranks[static_cast<std::size_t>(id)];
    }
  });
  for (const Part& part : parts) out.lines += part.lines;
}

// Replaces a part's provisional ids by final ones, without those of rare words.
void finish_ids(Part& part) {
  std::int32_t* to = part.ids;
  for (const std::int32_t* from = part.ids; from < part.ids + part.ids_size; ++from) {
    const auto word = static_cast<std::uint32_t>(*from);
    const std::int32_t id =
        *from == line_end ? line_end : part.final_ids[word % tables][word / tables];
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
