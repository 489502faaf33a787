// Built by test_sanitizers.py: tokens, forms, spotting and ranking on small structures that end
// where their memory ends, whole and with damaged bytes, and by several threads that share them.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ranking.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

std::atomic<int> failures = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  ++failures;
  std::fprintf(stderr, "not so: %s\n", what);
}

Bytes copy_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

std::string_view view(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// ASCII, 16 ideographs and a combining accent.
const nlp::Characters& characters() {
  using C = nlp::Characters;
  static const std::vector<std::uint32_t> table = [] {
    std::vector<std::uint32_t> entries(0x5000, 0);
    for (std::uint32_t c = '0'; c <= '9'; ++c) entries[c] = c | C::token;
    for (std::uint32_t c = 'a'; c <= 'z'; ++c) {
      entries[c] = c | C::token | C::letter | C::lower;
      entries[c - 32] = c | C::token | C::letter | C::upper;
    }
    for (std::uint32_t c = 0x4E00; c < 0x4E10; ++c) {
      entries[c] = c | C::token | C::letter | C::single;
    }
    entries[0x301] = 0x301 | C::token | C::mark;
    return entries;
  }();
  static const C made{table.data(), static_cast<std::uint32_t>(table.size())};
  return made;
}

const auto intact = [](const Bytes&) {};

// Strings as `SortedStrings` has them; `damage` may shorten or overwrite the bytes.
struct StringList {
  template <typename Damage>
  StringList(const std::vector<std::string>& strings, const Damage& damage) {
    Bytes whole;
    std::vector<std::int64_t> begins{0};
    for (const std::string& string : strings) {
      whole.insert(whole.end(), string.begin(), string.end());
      begins.push_back(static_cast<std::int64_t>(whole.size()));
    }
    const auto count = static_cast<std::int64_t>(strings.size());
    nlp::CompressedStrings made = nlp::compress_strings(whole.data(), begins.data(), count);
    heads = std::move(made.heads);
    bytes = copy_of(made.bytes);
    damage(bytes);
    bytes.shrink_to_fit();
    for (const std::int64_t size : made.sizes) offsets.push_back(offsets.back() + size);
    for (std::int64_t& at : offsets) at = std::min(at, static_cast<std::int64_t>(bytes.size()));
    list = {bytes.data(), offsets.data(), heads.data(), count};
  }
  explicit StringList(const std::vector<std::string>& strings)
      : StringList(strings, intact) {}
  StringList(const StringList&) = delete;

  Bytes bytes;
  std::vector<std::int64_t> offsets{0};
  std::vector<std::uint64_t> heads;
  nlp::SortedStrings list;
};

struct Lists {
  template <typename Damage>
  Lists(const std::vector<std::vector<std::int32_t>>& rows, const Damage& damage) {
    std::string packed;
    for (const auto& row : rows) {
      std::int32_t before = 0;
      for (const std::int32_t number : row) {
        nlp::append_varint(packed, static_cast<std::uint64_t>(number - before));
        before = number;
      }
      offsets.push_back(static_cast<std::uint32_t>(packed.size()));
    }
    bytes = copy_of(packed);
    damage(bytes);
    bytes.shrink_to_fit();
    for (std::uint32_t& at : offsets) at = std::min(at, static_cast<std::uint32_t>(bytes.size()));
    lists = {bytes.data(), offsets.data(), static_cast<std::int64_t>(rows.size())};
  }
  Lists(const Lists&) = delete;

  Bytes bytes;
  std::vector<std::uint32_t> offsets{0};
  nlp::NumberLists lists;
};

// Cuts, or overwrites, or both; runs of 0xFF are numbers of more than 64 bits.
struct Damage {
  std::mt19937& random;
  void operator()(Bytes& bytes) const {
    const std::uint32_t kind = random() % 3;
    if (kind != 1 && !bytes.empty()) bytes.resize(random() % bytes.size());
    for (std::uint32_t i = kind ? random() % 20 : 0; i > 0 && !bytes.empty(); --i) {
      const std::uint8_t usual[] = {0, 1, 0x7F, 0x80, 0xFF};
      bytes[random() % bytes.size()] =
          random() % 2 ? usual[random() % 5] : static_cast<std::uint8_t>(random());
      if (random() % 4) continue;
      const std::size_t begin = random() % bytes.size(), left = bytes.size() - begin;
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                  std::min<std::size_t>(9, left), std::uint8_t{0xFF});
    }
  }
};

void check_text(std::string_view text) {
  const Bytes own = copy_of(text);
  nlp::FormText out;
  nlp::read_form_text(view(own), characters(), out);
  std::uint32_t key_end = 0;
  std::int32_t end = 0;
  for (std::size_t i = 0; i < out.tokens.size(); ++i) {
    const nlp::FormToken& token = out.tokens[i];
    expect(token.start >= end && token.end > token.start, "tokens rise");
    expect(token.key_start == key_end + (i > 0) && token.key_end > token.key_start, "keys rise");
    expect(out.key(i, i).find(' ') == std::string_view::npos, "a key has no space");
    end = token.end;
    key_end = token.key_end;
  }
  expect(key_end == out.keys.size() && end <= static_cast<std::int32_t>(text.size()), "keys end");
  expect(out.tokens.empty() || out.key(0, out.tokens.size() - 1) == out.keys, "keys are one piece");
  if (nlp::is_form(out, characters(), 2)) {
    expect(out.tokens.size() <= 2 && out.keys.size() > 1, "a form is short");
  }
}

void check_texts(std::mt19937& random) {
  const std::string text = "Ab\u0301c \u4E00\u0301\u4E01x9\U0001F600 \u0301a\u00E9Z";
  for (std::size_t size = 0; size <= text.size(); ++size) {  // cut within characters, too
    check_text(std::string_view(text).substr(0, size));
    check_text(std::string_view(text).substr(size));
  }
  for (int i = 0; i < 300; ++i) {
    std::string bytes(random() % 40, ' ');
    for (char& byte : bytes) byte = static_cast<char>(random() % 3 ? random() : 'a');
    check_text(bytes);
  }
  nlp::FormText out;
  nlp::read_form_text("Ab\u0301c \u4E00\u4E01\u0301x", characters(), out);
  expect(out.keys == "ab\u0301c \u4E00 \u4E01\u0301 x" && out.tokens.size() == 4, "four tokens");
  expect(!nlp::is_form(out, characters(), 3) && nlp::is_form(out, characters(), 4), "four words");
}

std::vector<std::string> some_strings(std::mt19937& random, std::size_t count) {
  std::vector<std::string> out;
  while (out.size() < count) {
    std::string one(random() % 2 ? "a long beginning " : "");
    for (std::uint32_t i = 1 + random() % 6; i > 0; --i) one.push_back("ab \xC3"[random() % 4]);
    out.push_back(one);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
  }
  return out;
}

void check_strings(std::mt19937& random) {
  std::string scratch;
  for (const std::size_t count : {0, 1, 16, 31, 32, 33, 64, 200}) {
    const auto strings = some_strings(random, count);
    const StringList whole(strings);
    const auto looked_for = some_strings(random, 50);
    for (const auto& keys : {strings, looked_for, std::vector<std::string>{"", "~", "a long "}}) {
      for (const std::string& key : keys) {
        const auto found = whole.list.find(key, scratch);
        const auto at = std::lower_bound(strings.begin(), strings.end(), key);
        expect(found.id == at - strings.begin(), "the first string that is not less");
        expect(found.exact == (at != strings.end() && *at == key), "exact");
        const auto begins = [&](const std::string& s) { return s.starts_with(key + ' '); };
        expect(found.extendable == std::any_of(strings.begin(), strings.end(), begins), "longer");
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      whole.list.at(static_cast<std::int64_t>(i), scratch);
      expect(scratch == strings[i], "string by its number");
    }
    for (int i = 0; i < 100; ++i) {
      const StringList damaged(strings, Damage{random});
      for (const std::string& key : {strings.empty() ? "a" : strings[random() % count],
                                     looked_for[random() % 50], std::string()}) {
        const std::int64_t id = damaged.list.find(key, scratch).id;
        expect(id >= 0 && id <= damaged.list.count, "a number of the list");
        if (damaged.list.find(key, scratch).exact) expect(id < damaged.list.count, "of a string");
      }
      if (count) damaged.list.at(static_cast<std::int64_t>(random() % count), scratch);
    }
  }
  const Bytes two{1, 'x', 1, 1, 'y'}, cut{1, 'a', 0, 2, 'b'};
  const StringList more({"x", "y"}, [&](Bytes& bytes) { bytes = two; });
  const nlp::SortedStrings one{more.bytes.data(), more.offsets.data(), more.heads.data(), 1};
  const auto beyond = one.find("xy", scratch);
  expect(beyond.id == 1 && !beyond.exact, "a string beyond the last one is none");
  const StringList end({"ab", "ac"}, [&](Bytes& bytes) { bytes = cut; });
  end.list.at(1, scratch);
  expect(scratch == "b", "a string ends with its block");
}

// Three entities that link to each other, one that all pages link to, and others by chance; half of
// the pages have numbers that are far apart.
struct World {
  static constexpr std::int32_t entities = 24;

  template <typename Break>
  World(std::mt19937& random, const Break& damage)
      : rows(links(random)),
        in_links(rows[0], damage),
        out_links(rows[1], damage),
        keys({"a", "a b", "a b c", "b", "b c", "d", "e", "\u4E00 \u4E01"}, damage),
        added_keys(std::vector<std::string>{"b", "e a"}) {
    base.keys = keys.list;
    added.keys = added_keys.list;
    for (nlp::Forms* forms : {&base, &added}) {
      const auto count = static_cast<std::size_t>(forms->keys.count);
      const auto documents = [&] {
        auto& made = numbers.emplace_back();
        for (std::size_t i = 0; i < count; ++i) made.push_back(random() % 9);
        return made.data();
      };
      forms->link_documents = documents();
      forms->documents = documents();
      forms->max_words = 3;
    }
    base.lower_forms = lower_forms.data();
    base.lower_documents = lower_documents.data();
    base.lower_link_documents = lower_documents.data();
    base.lower_count = static_cast<std::int64_t>(lower_forms.size());
    for (std::int64_t form = 0; form < keys.list.count + added_keys.list.count; ++form) {
      const bool is_added = form >= keys.list.count;
      std::vector<std::int32_t> all(entities + 2);
      for (std::int32_t i = 0; i < entities + 2; ++i) all[static_cast<std::size_t>(i)] = i;
      std::shuffle(all.begin(), all.end(), random);
      for (std::uint32_t i = 0, n = random() % 5; i < n; ++i) {
        targets[is_added].push_back(all[i]);
        counts[is_added].push_back(n - i - random() % 2);
      }
      offsets[is_added].push_back(static_cast<std::uint32_t>(targets[is_added].size()));
    }
    for (const bool is_added : {false, true}) {
      of_forms[is_added] = {offsets[is_added].data(), targets[is_added].data(),
                            counts[is_added].data()};
    }
    for (std::int32_t i = 0; i < entities + 2; ++i) {
      std::string title = i == 3 ? "" : i == entities ? "Added a" : "b Title";
      if (i % 3 == 0) title += " \u4E00";
      titles.insert(titles.end(), title.begin(), title.end());
      title_offsets.push_back(static_cast<std::uint32_t>(titles.size()));
    }
    titles.shrink_to_fit();
    for (const auto& row : rows[0]) {  // those with many in-links are counted otherwise
      const auto size = static_cast<std::uint32_t>(row.size());
      in_degrees.push_back(random() % 3 ? size : size + 4096);
    }
    graph.entities = entities;
    graph.pages = 1e6;
    graph.in_degrees = in_degrees.data();
    graph.in_links = in_links.lists;
    graph.out_links = out_links.lists;
    graph.titles = {titles.data(), title_offsets.data(), entities};
    added_title_offsets.assign(title_offsets.begin() + entities, title_offsets.end());
    graph.added_titles = {titles.data(), added_title_offsets.data(), 2};
    graph.characters = characters();
  }
  World(const World&) = delete;

  static std::vector<std::vector<std::vector<std::int32_t>>> links(std::mt19937& random) {
    std::vector<std::vector<std::vector<std::int32_t>>> made(2);
    for (auto& side : made) {
      side.resize(entities);
      for (std::size_t i = 0; i < entities; ++i) {
        for (std::int32_t from = 0; from < 40; ++from) {
          const bool near = i < 3 && from < 3 && static_cast<std::size_t>(from) != i;
          if (near || i == 3 || random() % 8 == 0) {
            side[i].push_back(from < 20 ? from : from * 50000);
          }
        }
      }
    }
    made[0][5].clear();
    return made;
  }

  std::vector<std::vector<std::vector<std::int32_t>>> rows;
  Lists in_links, out_links;
  StringList keys, added_keys;
  std::vector<std::vector<std::uint32_t>> numbers;
  std::vector<std::int32_t> lower_forms{0, 5};
  std::vector<std::uint32_t> lower_documents{3, 0};
  nlp::Forms base, added;
  std::vector<std::uint32_t> offsets[2]{{0}, {0}};
  std::vector<std::int32_t> targets[2];
  std::vector<std::uint32_t> counts[2];
  nlp::Candidates of_forms[2];
  Bytes titles;
  std::vector<std::uint32_t> title_offsets{0};
  std::vector<std::int64_t> added_title_offsets;
  std::vector<std::uint32_t> in_degrees;
  nlp::EntityGraph graph;
};

std::string some_text(std::mt19937& random, std::uint32_t words) {
  const char* pieces[] = {"a ", "A ", "b ", "c ", "d. ", "\u4E00\u4E01", "e ", "zz ", "9 ", "\n"};
  std::string text;
  for (; words > 0; --words) text += pieces[random() % 10];
  return text;
}

void check_spots(const World& world, const std::string& text, bool with_added) {
  nlp::FormText tokens;
  nlp::read_form_text(text, characters(), tokens);
  std::vector<nlp::Mention> mentions;
  const nlp::Forms* added = with_added ? &world.added : nullptr;
  const std::vector<std::uint8_t> edges(tokens.tokens.size(), 1), none(tokens.tokens.size(), 0);
  nlp::spot(world.base, added, tokens, {0.0, 5.0, edges.data(), none.data()}, mentions);
  expect(tokens.tokens.empty() || mentions.empty(), "a mention must end somewhere");
  std::vector<nlp::Mention> same;
  nlp::spot(world.base, added, tokens, {0.1, 5.0, edges.data(), edges.data()}, same);
  nlp::spot(world.base, added, tokens, {0.1, 5.0}, mentions);
  expect(same.size() == mentions.size(), "all edges are as none");
  std::int32_t end = 0;
  const std::int64_t forms = world.base.keys.count + (added ? world.added.keys.count : 0);
  for (const nlp::Mention& mention : mentions) {
    expect(mention.start >= end && mention.end > mention.start, "mentions do not overlap");
    expect(mention.form >= 0 && mention.form < forms, "a known form");
    expect(mention.link_probability >= 0.1 && mention.link_probability <= 1, "often enough a link");
    end = mention.end;
  }
}

void check_counts(const World& world, std::mt19937& random) {
  std::vector<std::string> texts;
  for (std::uint32_t i = 0; i < 60; ++i) texts.push_back(some_text(random, i % 30));
  const auto count = static_cast<std::size_t>(world.base.keys.count);
  std::vector<std::uint32_t> counts[2][2];
  for (const std::size_t parts : {1, 4}) {
    auto& [documents, lower] = counts[parts > 1];
    documents.assign(count, 0);
    lower.assign(count, 0);
    std::vector<std::thread> threads;
    for (std::size_t part = 0; part < parts; ++part) {
      threads.emplace_back([&, part] {
        nlp::DocumentCounter counter(world.base.keys, 3, characters(), documents.data(),
                                     lower.data());
        for (std::size_t i = part; i < texts.size(); i += parts) {
          counter.next_document();
          counter.add(texts[i]);
          counter.add(texts[i]);  // the same document
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::uint32_t seen : documents) expect(seen <= texts.size(), "once a document");
  }
  expect(counts[0][0] == counts[1][0] && counts[0][1] == counts[1][1], "threads do not matter");
}

void check_ranking(const nlp::Ranking& ranking, const nlp::RankingRules& rules) {
  const nlp::FormNodes& nodes = ranking.nodes();
  for (std::size_t f = 0; f < nodes.forms(); ++f) {
    const auto begin = static_cast<std::size_t>(nodes.node_offsets[f]);
    const auto end = static_cast<std::size_t>(nodes.node_offsets[f + 1]);
    double scores = 0, priors = 0;
    for (std::size_t i = begin; i < end; ++i) {
      scores += ranking.scores()[i];
      priors += nodes.prior[i];
      double votes = 0;
      for (const nlp::Vote& vote : ranking.votes_for(i)) {
        expect(vote.node < nodes.node_offsets[f] || vote.node >= nodes.node_offsets[f + 1],
               "a form does not vote for itself");
        votes += vote.weight * vote.sum();
      }
      expect(std::abs(votes - ranking.votes()[i]) < 1e-4 * (1 + votes), "votes add up");
    }
    const int chosen = ranking.chosen()[f];
    expect(chosen == -1 || (chosen >= nodes.node_offsets[f] && chosen < nodes.node_offsets[f + 1]),
           "the chosen one is a candidate");
    if (rules.method != nlp::RankingMethod::tagme) expect(begin == end || chosen >= 0, "one wins");
    expect(priors == 0 || std::abs(scores - 1) < 1e-9, "scores add up to one");
    expect(ranking.coherence()[f] >= 0 && ranking.coherence()[f] <= 1, "coherence is a share");
  }
}

void check_rankings(const World& world, std::mt19937& random, nlp::RelationsSpace& space) {
  const std::vector<std::int32_t> blocked{1, 7};
  const std::vector<double> values{0, 3};
  const nlp::Factors factors{blocked.data(), values.data(), 2, 1};
  const bool with_added = random() % 2;
  std::vector<std::int64_t> forms;
  for (std::uint32_t size = random() % 3 ? random() % 50 : 0; forms.size() < size;) {
    const std::int64_t known = world.base.keys.count + (with_added ? world.added.keys.count : 0);
    forms.push_back(static_cast<std::int64_t>(random()) % known);
  }
  for (const auto method : {nlp::RankingMethod::commonness, nlp::RankingMethod::tagme,
                            nlp::RankingMethod::collective}) {
    nlp::RankingRules rules;
    rules.method = method;
    rules.window = static_cast<int>(random() % 2 ? 1 + random() % 9 : 2147483647);
    rules.max_candidates = random() % 2 ? 2 : 30;
    rules.min_links = random() % 2;
    rules.direct_links = random() % 2;
    rules.epsilon_by_rank = random() % 2;
    rules.tau_for_votes = random() % 2;
    rules.divide_votes = random() % 2;
    rules.link_without_votes = random() % 2;
    rules.cocitation = random() % 2;
    rules.title_words = random() % 2;
    std::vector<std::int32_t> form_of;
    nlp::FormNodes nodes = nlp::gather(
        world.base, world.of_forms[0], with_added ? &world.added : nullptr,
        with_added ? &world.of_forms[1] : nullptr, world.graph, forms, rules, factors, form_of);
    expect(form_of.size() == forms.size(), "a form for each mention");
    expect(nodes.positions.size() == forms.size(), "a place for each mention");
    expect(std::count(nodes.entities.begin(), nodes.entities.end(), 1) == 0, "one is taken out");
    check_ranking(nlp::Ranking(world.graph, std::move(nodes), rules, space), rules);
  }
}

void check_relations(const World& world, nlp::RelationsSpace& space, bool damaged) {
  std::vector<std::int32_t> entities;
  for (std::int32_t i = World::entities + 1; i >= 0; --i) entities.push_back(i);
  nlp::Relations relations;
  nlp::relate(world.graph, entities, true, space, relations);
  const std::size_t n = entities.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      expect(relations.shared[i * n + j] == relations.shared[j * n + i], "symmetric");
      const double related = relations.milne_witten(i, j, world.graph.pages, 1);
      expect(related >= 0 && related <= 1, "relatedness is a share");
      if (damaged || i == j || std::max(entities[i], entities[j]) >= World::entities) continue;
      const auto& a = world.rows[0][static_cast<std::size_t>(entities[i])];
      const auto& b = world.rows[0][static_cast<std::size_t>(entities[j])];
      std::vector<std::int32_t> both;
      std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
      expect(relations.shared[i * n + j] == both.size(), "common in-links");
    }
  }
  nlp::relate(world.graph, {}, true, space, relations);
  expect(relations.shared.empty() && relations.linked.empty(), "no entities");
}

void check_lists(std::mt19937& random) {
  const std::vector<std::int32_t> row{0, 5, 127, 128, 2147483647};
  const Lists sound({{}, row}, intact);
  std::vector<std::int64_t> read;
  for (auto reader = sound.lists.row(1); reader.next();) read.push_back(reader.value);
  expect(std::equal(read.begin(), read.end(), row.begin(), row.end()), "what was written");
  expect(!sound.lists.row(0).next() && !sound.lists.row(2).next(), "no numbers");
  const std::vector<std::vector<std::int32_t>> rows(3, std::vector<std::int32_t>(30, 1));
  for (int i = 0; i < 500; ++i) {
    const Lists damaged(rows, Damage{random});
    for (std::int64_t j = 0; j < 3; ++j) {
      std::int64_t before = 0;
      for (auto reader = damaged.lists.row(j); reader.next(); before = reader.value) {
        expect(reader.value >= before, "numbers do not fall");
      }
    }
  }
}

}  // namespace

int main() {
  std::mt19937 random(1);
  check_texts(random);
  check_strings(random);
  check_lists(random);
  for (int i = 0; i < 60; ++i) {
    nlp::RelationsSpace space;
    const World sound(random, intact), damaged(random, Damage{random});
    for (const World* world : {&sound, &damaged}) {
      check_relations(*world, space, world == &damaged);
      for (const std::uint32_t words : {0u, 1u, 60u}) {
        check_spots(*world, some_text(random, words), false);
        check_spots(*world, some_text(random, words), true);
      }
      check_rankings(*world, random, space);
    }
    if (i % 20 == 0) check_counts(sound, random);
  }
  const World shared(random, intact);
  std::vector<std::thread> threads;
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&shared, seed] {
      std::mt19937 own(seed);
      nlp::RelationsSpace space;
      for (int i = 0; i < 10; ++i) {
        check_spots(shared, some_text(own, 40), true);
        check_rankings(shared, own, space);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("%d failures\n", failures.load());
  return 0;
}
