#include "entity_graph.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "separators.h"

namespace nlp {
namespace {

constexpr std::int64_t sources_at_once = 1 << 16;  // `newest` takes a quarter of a megabyte
constexpr std::size_t words_at_once = sources_at_once / 64;
constexpr double least_of_hub = 512;  // in-links, for each stretch

// Finds the place of an entity among n, by hashing.
class Places {
 public:
  explicit Places(const std::vector<std::int32_t>& entities) {
    std::size_t size = 16;
    while (size < 2 * entities.size()) size *= 2;
    slots_.assign(size, {-1, -1});
    mask_ = size - 1;
    for (std::size_t i = 0; i < entities.size(); ++i) {
      std::size_t at = slot(entities[i]);
      while (slots_[at].entity >= 0) at = (at + 1) & mask_;
      slots_[at] = {entities[i], static_cast<std::int32_t>(i)};
    }
  }

  std::int32_t operator[](std::int64_t entity) const {
    std::size_t at = slot(entity);
    while (slots_[at].entity >= 0 && slots_[at].entity != entity) at = (at + 1) & mask_;
    return slots_[at].entity < 0 ? -1 : slots_[at].place;
  }

 private:
  struct Slot {
    std::int32_t entity, place;
  };
  std::size_t slot(std::int64_t entity) const {
    return (static_cast<std::uint64_t>(entity) * 0x9E3779B97F4A7C15ull >> 32) & mask_;
  }
  std::vector<Slot> slots_;
  std::size_t mask_;
};

void find_links(const EntityGraph& graph, Relations& out) {
  const std::size_t n = out.size();
  const Places places(out.entities);
  for (std::size_t i = 0; i < n; ++i) {
    for (auto row = graph.out_links.row(out.entities[i]); row.next();) {
      const std::int32_t j = places[row.value];
      if (j < 0 || static_cast<std::size_t>(j) == i) continue;
      out.linked[i * n + static_cast<std::size_t>(j)] = 1;
      out.linked[static_cast<std::size_t>(j) * n + i] = 1;
    }
  }
}

// The bits that two sets of a stretch share.
[[gnu::always_inline]] inline std::uint32_t plain_bits_in_both(const std::uint64_t* a,
                                                               const std::uint64_t* b) {
  std::uint32_t both = 0;
  for (std::size_t w = 0; w < words_at_once; ++w) {
    both += static_cast<std::uint32_t>(std::popcount(a[w] & b[w]));
  }
  return both;
}

#if defined(NLP_X86)
// The same by an instruction that not every processor has.
[[gnu::target("popcnt")]] std::uint32_t fast_bits_in_both(const std::uint64_t* a,
                                                          const std::uint64_t* b) {
  return plain_bits_in_both(a, b);
}
#endif

std::uint32_t bits_in_both(const std::uint64_t* a, const std::uint64_t* b) {
#if defined(NLP_X86)
  static const bool fast = __builtin_cpu_supports("popcnt");
  if (fast) return fast_bits_in_both(a, b);
#endif
  return plain_bits_in_both(a, b);
}

// Scatter counting: every in-link of every entity is read once. A source that was met before with
// other entities counts once for each of these pairs; a list of them hangs at each source. Sources
// are taken a stretch at a time, so that the heads of the lists stay in a near cache.
//
// Most in-links belong to a few hubs, and most of their sources to no other entity. So hubs have no
// entries: a bit says whether a source has any, and hubs meet each other as sets of bits.
class SharedCounter {
 public:
  SharedCounter(const EntityGraph& graph, RelationsSpace& space, Relations& out)
      : space_(space), out_(out) {
    const auto stretches = static_cast<double>(graph.entities / sources_at_once + 1);
    const double least = least_of_hub * stretches;
    for (std::size_t i = 0; i < out.size(); ++i) {
      NumberLists::Reader reader = graph.in_links.row(out.entities[i]);
      if (!reader.next()) continue;
      (out.in_degrees[i] < least ? small_ : hubs_).push_back({static_cast<std::uint32_t>(i), reader});
    }
    space_.newest.resize(sources_at_once);
    space_.present.assign(words_at_once, 0);
    space_.hubs.assign(words_at_once * hubs_.size(), 0);
  }

  void run() {
    while (!small_.empty() || !hubs_.empty()) {
      std::int64_t begin = std::numeric_limits<std::int64_t>::max();
      for (const Waiting& list : small_) begin = std::min(begin, list.reader.value);
      for (const Waiting& list : hubs_) begin = std::min(begin, list.reader.value);
      add_small(begin);
      add_hubs(begin);
      std::fill(space_.present.begin(), space_.present.end(), 0);
      std::erase_if(small_, [](const Waiting& list) { return list.done; });
      std::erase_if(hubs_, [](const Waiting& list) { return list.done; });
    }
  }

 private:
  // An entity, and the next of its sources.
  struct Waiting {
    std::uint32_t entity;
    NumberLists::Reader reader;
    bool done = false;
  };
  static constexpr std::uint32_t none = UINT32_MAX;

  // Counts a pair for each entity that a source has met.
  void count(std::uint32_t* counts, std::uint32_t newest) const {
    for (std::uint32_t at = newest; at != none; at = space_.entries[at].before) {
      ++counts[space_.entries[at].entity];
    }
  }

  void add_small(std::int64_t begin) {
    space_.entries.clear();
    for (Waiting& list : small_) {
      std::uint32_t* counts = out_.shared.data() + list.entity * out_.size();
      while (!list.done && list.reader.value < begin + sources_at_once) {
        const auto source = static_cast<std::size_t>(list.reader.value - begin);
        std::uint64_t& present = space_.present[source / 64];
        const std::uint64_t bit = std::uint64_t{1} << source % 64;
        const std::uint32_t before = present & bit ? space_.newest[source] : none;
        present |= bit;
        count(counts, before);
        space_.newest[source] = static_cast<std::uint32_t>(space_.entries.size());
        space_.entries.push_back({list.entity, before});
        list.done = !list.reader.next();
      }
    }
  }

  void add_hubs(std::int64_t begin) {
    const std::size_t n = out_.size();
    for (std::size_t h = 0; h < hubs_.size(); ++h) {
      Waiting& hub = hubs_[h];
      std::uint64_t* own = space_.hubs.data() + h * words_at_once;
      std::fill_n(own, words_at_once, 0);
      std::uint32_t* counts = out_.shared.data() + hub.entity * n;
      while (!hub.done && hub.reader.value < begin + sources_at_once) {
        const auto source = static_cast<std::size_t>(hub.reader.value - begin);
        const std::uint64_t bit = std::uint64_t{1} << source % 64;
        own[source / 64] |= bit;
        if (space_.present[source / 64] & bit) count(counts, space_.newest[source]);
        hub.done = !hub.reader.next();
      }
      for (std::size_t other = 0; other < h; ++other) {
        const std::uint64_t* its = space_.hubs.data() + other * words_at_once;
        counts[hubs_[other].entity] += bits_in_both(own, its);
      }
    }
  }

  RelationsSpace& space_;
  Relations& out_;
  std::vector<Waiting> small_, hubs_;
};

void count_shared(const EntityGraph& graph, RelationsSpace& space, Relations& out) {
  SharedCounter(graph, space, out).run();
  const std::size_t n = out.size();
  for (std::size_t i = 0; i < n; ++i) {  // counted in the row of the later entity
    for (std::size_t j = 0; j < i; ++j) {
      const std::uint32_t sum = out.shared[i * n + j] + out.shared[j * n + i];
      out.shared[i * n + j] = out.shared[j * n + i] = sum;
    }
  }
}

}  // namespace

void Different::add(std::int32_t entity) {
  const auto next = static_cast<std::int32_t>(entities.size());
  const auto [at, is_new] = place_of_.emplace(entity, next);
  if (is_new) entities.push_back(entity);
  places.push_back(at->second);
}

double Relations::milne_witten(std::size_t a, std::size_t b, double pages,
                               double min_shared) const {
  if (a == b) return 1;
  const double both = shared[a * size() + b];
  if (both < std::max(min_shared, 1.0)) return 0;
  const double smaller = std::min(in_degrees[a], in_degrees[b]);
  const double larger = std::max(in_degrees[a], in_degrees[b]);
  const double far = std::log(larger) - std::log(both);
  const double scale = std::log(pages) - std::log(smaller);
  if (scale <= 0) return far <= 0 ? 1 : 0;  // linked from everywhere
  return std::clamp(1 - far / scale, 0.0, 1.0);
}

void relate(const EntityGraph& graph, std::vector<std::int32_t> entities, bool count,
            RelationsSpace& space, Relations& out) {
  out.entities = std::move(entities);
  const std::size_t n = out.size();
  out.in_degrees.clear();
  for (const std::int32_t entity : out.entities) out.in_degrees.push_back(graph.in_degree(entity));
  out.linked.assign(n * n, 0);
  find_links(graph, out);
  out.shared.clear();
  if (!count) return;
  out.shared.assign(n * n, 0);
  count_shared(graph, space, out);
}

}  // namespace nlp
