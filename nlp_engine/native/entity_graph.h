// Entities and who links to whom.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "form_text.h"
#include "varint.h"

namespace nlp {

// Rows of rising numbers, compressed: each row begins with its first number, and goes on with the
// distances from one to the next, as varints.
struct NumberLists {
  const std::uint8_t* bytes = nullptr;
  const std::uint32_t* offsets = nullptr;  // (rows + 1) where each begins in `bytes`
  std::int64_t rows = 0;

  struct Reader {
    const std::uint8_t* at;
    const std::uint8_t* end;
    std::int64_t value = 0;

    // Moves on to the next number; false at the end of the row.
    bool next() {
      if (at >= end) return false;
      value += static_cast<std::uint32_t>(read_varint(at, end));  // never falls, even if damaged
      return true;
    }
  };
  Reader row(std::int64_t i) const {
    if (i >= rows) return {nullptr, nullptr};
    return {bytes + offsets[i], bytes + offsets[i + 1]};
  }
};

// Text i is bytes[offsets[i], offsets[i + 1]).
template <typename Offset>
struct TextsOf {
  const std::uint8_t* bytes = nullptr;
  const Offset* offsets = nullptr;
  std::int64_t count = 0;

  std::string_view operator[](std::int64_t i) const {
    return {reinterpret_cast<const char*>(bytes + offsets[i]),
            static_cast<std::size_t>(offsets[i + 1] - offsets[i])};
  }
};

using Texts = TextsOf<std::int64_t>;

// Entities are numbered from 0. Those behind the knowledge base's own, which a user added, have a
// title and no links.
struct EntityGraph {
  std::int64_t entities = 0;
  double pages = 0;                           // of the wiki
  const std::uint32_t* in_degrees = nullptr;  // (entities)
  NumberLists in_links, out_links;            // entities that link to each, and that it links to
  TextsOf<std::uint32_t> titles;
  Texts added_titles;
  Characters characters;

  double in_degree(std::int64_t entity) const {
    return entity < entities ? in_degrees[entity] : 0.0;
  }
  std::string_view title(std::int64_t entity) const {
    return entity < entities ? titles[entity] : added_titles[entity - entities];
  }
};

// How n different entities hang together; matrices are (n, n), row by row, and symmetric.
struct Relations {
  std::vector<std::int32_t> entities;
  std::vector<double> in_degrees;
  std::vector<std::uint32_t> shared;  // pages that link to both; empty unless counted
  std::vector<std::uint8_t> linked;   // whether one links to the other

  std::size_t size() const { return entities.size(); }
  // Milne and Witten's relatedness (entity-linking's usual one): 0 with fewer than `min_shared`
  // pages in common.
  double milne_witten(std::size_t a, std::size_t b, double pages, double min_shared) const;
};

// The different ones of some entities, in order, and the place of each among them.
struct Different {
  std::vector<std::int32_t> entities;
  std::vector<std::int32_t> places;

  void add(std::int32_t entity);

 private:
  std::unordered_map<std::int32_t, std::int32_t> place_of_;
};

// Scratch that calls on one thread share.
struct RelationsSpace {
  // Of a stretch of sources, by source: the newest of its entries and whether there is any (a bit).
  std::vector<std::uint32_t> newest;
  std::vector<std::uint64_t> present;
  struct Entry {
    std::uint32_t entity, before;  // a place in `Relations`, and an earlier entry of the source
  };
  std::vector<Entry> entries;
  std::vector<std::uint64_t> hubs;  // a set of sources, as bits, for each entity with many in-links
};

// Relates different entities by links, and by common in-links if `count_shared`.
void relate(const EntityGraph& graph, std::vector<std::int32_t> entities, bool count_shared,
            RelationsSpace& space, Relations& out);

}  // namespace nlp
