#include "sorted_strings.h"

#include <algorithm>

#include "varint.h"

namespace nlp {
namespace {

std::uint64_t head_of(std::string_view key) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    head = head << 8 | (i < key.size() ? static_cast<unsigned char>(key[i]) : 0u);
  }
  return head;
}

// The size of the bytes that follow it; in a damaged file, no more than there are.
std::uint64_t read_size(const std::uint8_t*& at, const std::uint8_t* end) {
  const std::uint64_t size = read_varint(at, end);
  return std::min(size, static_cast<std::uint64_t>(end - at));
}

// Steps through the strings of a block.
class BlockReader {
 public:
  BlockReader(const SortedStrings& strings, std::int64_t block, std::string& current)
      : current_(current),
        at_(strings.bytes + strings.offsets[block]),
        end_(strings.bytes + strings.offsets[block + 1]) {
    current_.clear();
    next();
  }

  // The next string of the block; false at its end.
  bool next() {
    if (at_ >= end_) return false;
    const std::uint64_t same = first_ ? 0 : read_varint(at_, end_);
    first_ = false;
    const std::uint64_t size = read_size(at_, end_);
    current_.resize(std::min<std::uint64_t>(same, current_.size()));
    current_.append(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    return true;
  }

 private:
  std::string& current_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool first_ = true;
};

std::string_view first_of(const SortedStrings& strings, std::int64_t block) {
  const std::uint8_t* at = strings.bytes + strings.offsets[block];
  const std::uint8_t* end = strings.bytes + strings.offsets[block + 1];
  const std::uint64_t size = read_size(at, end);
  return {reinterpret_cast<const char*>(at), size};
}

bool extends(std::string_view longer, std::string_view key) {
  return longer.size() > key.size() && longer[key.size()] == ' ' && longer.starts_with(key);
}

// The last block whose first string is not greater than the key; -1 if all are greater.
std::int64_t block_of(const SortedStrings& strings, std::string_view key) {
  const std::uint64_t* heads = strings.heads;
  const std::uint64_t* end = heads + strings.blocks();
  const auto [low, high] = std::equal_range(heads, end, head_of(key));
  std::int64_t first = low - heads, last = high - heads;  // ties: compare whole strings
  while (first < last) {
    const std::int64_t middle = (first + last) / 2;
    if (first_of(strings, middle) <= key) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first - 1;
}

}  // namespace

SortedStrings::Found SortedStrings::find(std::string_view key, std::string& scratch) const {
  const std::int64_t at = block_of(*this, key);
  if (at < 0) return {0, false, count > 0 && extends(first_of(*this, 0), key)};
  const auto after = [&] {  // the first string of the block after this one
    return at + 1 < blocks() && extends(first_of(*this, at + 1), key);
  };
  BlockReader reader(*this, at, scratch);
  std::int64_t id = at * block;
  const std::int64_t end = std::min(id + block, count);  // a damaged block may have more
  do {
    if (scratch == key) {
      return {id, true, reader.next() ? extends(scratch, key) : after()};
    }
    if (scratch > key) return {id, false, extends(scratch, key)};
    ++id;
  } while (id < end && reader.next());
  return {id, false, after()};
}

void SortedStrings::at(std::int64_t id, std::string& out) const {
  BlockReader reader(*this, id / block, out);
  for (std::int64_t i = id % block; i > 0; --i) reader.next();
}

CompressedStrings compress_strings(const std::uint8_t* bytes, const std::int64_t* offsets,
                                   std::int64_t count) {
  CompressedStrings out;
  const auto string = [&](std::int64_t i) {
    return std::string_view(reinterpret_cast<const char*>(bytes + offsets[i]),
                            static_cast<std::size_t>(offsets[i + 1] - offsets[i]));
  };
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string_view now = string(i);
    if (i % SortedStrings::block == 0) {
      out.heads.push_back(head_of(now));
      out.sizes.push_back(-static_cast<std::int64_t>(out.bytes.size()));
      append_varint(out.bytes, now.size());
      out.bytes.append(now);
    } else {
      const std::string_view before = string(i - 1);
      const auto same = static_cast<std::size_t>(
          std::mismatch(before.begin(), before.end(), now.begin(), now.end()).first -
          before.begin());
      append_varint(out.bytes, same);
      append_varint(out.bytes, now.size() - same);
      out.bytes.append(now.substr(same));
    }
    const bool last = i + 1 == count || (i + 1) % SortedStrings::block == 0;
    if (last) out.sizes.back() += static_cast<std::int64_t>(out.bytes.size());
  }
  return out;
}

}  // namespace nlp
