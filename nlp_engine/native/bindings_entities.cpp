// The thin Python layer of forms, spotting and ranking.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "parallel.h"
#include "ranking.h"
#include "utf8.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Bytes = Array<const std::uint8_t>;
using Offsets = Array<const std::int64_t>;
using ShortOffsets = Array<const std::uint32_t>;  // of what a knowledge base's files hold
using CharacterTable = Array<const std::uint32_t>;

nlp::Characters characters_of(const CharacterTable& table) {
  return {table.data(), static_cast<std::uint32_t>(table.size())};
}

std::string_view view(const nb::bytes& text) { return {text.c_str(), text.size()}; }

template <typename Offset>
nlp::TextsOf<Offset> texts_of(const Bytes& bytes, const Array<const Offset>& offsets) {
  check(offsets.size() > 0, "offsets must not be empty");
  const auto count = static_cast<std::int64_t>(offsets.size()) - 1;
  const auto first = static_cast<std::int64_t>(offsets.data()[0]);
  const auto last = static_cast<std::int64_t>(offsets.data()[count]);
  check(first >= 0 && last <= static_cast<std::int64_t>(bytes.size()),
        "offsets must lie within the bytes");
  return {bytes.data(), offsets.data(), count};
}

// Of arrays that are read through, as opposed to searched where they are mapped.
nlp::Texts rising_texts_of(const Bytes& bytes, const Offsets& offsets) {
  const nlp::Texts texts = texts_of(bytes, offsets);
  check(std::is_sorted(offsets.data(), offsets.data() + offsets.size()), "offsets must rise");
  return texts;
}

void check_entities(const nlp::EntityGraph& graph, std::span<const std::int32_t> entities) {
  const std::int64_t count = graph.entities + graph.added_titles.count;
  for (const std::int32_t entity : entities) {
    check(entity >= 0 && entity < count, "no such entity");
  }
}

nb::tuple form_tokens(const nb::bytes& text, const CharacterTable& table) {
  nlp::FormText tokens;
  nlp::read_form_text(view(text), characters_of(table), tokens);
  std::vector<std::int32_t> starts, ends;
  std::vector<std::uint8_t> lower;
  for (const nlp::FormToken& token : tokens.tokens) {
    starts.push_back(token.start);
    ends.push_back(token.end);
    lower.push_back(token.lower);
  }
  return nb::make_tuple(nb::bytes(tokens.keys.data(), tokens.keys.size()),
                        to_numpy(std::move(starts)), to_numpy(std::move(ends)),
                        to_numpy(std::move(lower)));
}

// Keys as Arrow lays strings out, and whether each is one word in lower case.
struct KeyColumn {
  std::string bytes;
  std::vector<std::int32_t> offsets{0};
  std::vector<std::uint8_t> lower;

  void add(const nlp::FormText& text, const nlp::Characters& characters, int max_words) {
    const bool form = nlp::is_form(text, characters, max_words);
    if (form) bytes.append(text.keys);
    if (bytes.size() > INT32_MAX) throw std::length_error("more than 2 GB of keys at once");
    offsets.push_back(static_cast<std::int32_t>(bytes.size()));
    lower.push_back(form && text.tokens.size() == 1 && text.tokens[0].lower);
  }
};

nb::tuple to_tuple(KeyColumn&& keys) {
  return nb::make_tuple(to_numpy(std::move(keys.bytes)), to_numpy(std::move(keys.offsets)),
                        to_numpy(std::move(keys.lower)));
}

nb::tuple form_keys(const Bytes& bytes, const Offsets& offsets, const CharacterTable& table,
                    int max_words) {
  const nlp::Texts texts = rising_texts_of(bytes, offsets);
  const nlp::Characters characters = characters_of(table);
  KeyColumn keys;
  {
    nb::gil_scoped_release unlocked;
    nlp::FormText text;
    for (std::int64_t i = 0; i < texts.count; ++i) {
      nlp::read_form_text(texts[i], characters, text);
      keys.add(text, characters, max_words);
    }
  }
  return to_tuple(std::move(keys));
}

// Moves through a text by code points.
struct CodePointWalk {
  std::string_view text;
  std::int32_t position = 0;
  std::size_t byte = 0;

  std::size_t byte_at(std::int32_t wanted) {
    if (wanted < position) position = 0, byte = 0;
    while (position < wanted && byte < text.size()) {
      byte += nlp::code_point_at(text, byte).bytes;
      ++position;
    }
    return byte = std::min(byte, text.size());
  }
};

nb::tuple form_keys_of_spans(const Bytes& bytes, const Offsets& offsets,
                             const Offsets& span_offsets, const Array<const std::int32_t>& starts,
                             const Array<const std::int32_t>& ends, const CharacterTable& table,
                             int max_words) {
  const nlp::Texts texts = rising_texts_of(bytes, offsets);
  const nlp::Characters characters = characters_of(table);
  check(span_offsets.size() == offsets.size() && starts.size() == ends.size() &&
            span_offsets.data()[0] >= 0 &&
            std::is_sorted(span_offsets.data(), span_offsets.data() + span_offsets.size()) &&
            span_offsets.data()[texts.count] <= static_cast<std::int64_t>(starts.size()),
        "there must be spans for each text");
  KeyColumn keys;
  {
    nb::gil_scoped_release unlocked;
    nlp::FormText text;
    for (std::int64_t i = 0; i < texts.count; ++i) {
      CodePointWalk walk{texts[i]};
      for (std::int64_t span = span_offsets.data()[i]; span < span_offsets.data()[i + 1]; ++span) {
        const std::size_t begin = walk.byte_at(starts.data()[span]);
        const std::size_t end = std::max(begin, walk.byte_at(ends.data()[span]));
        nlp::read_form_text(walk.text.substr(begin, end - begin), characters, text);
        keys.add(text, characters, max_words);
      }
    }
  }
  return to_tuple(std::move(keys));
}

nb::tuple compress_strings(const Bytes& bytes, const Offsets& offsets) {
  const nlp::Texts texts = rising_texts_of(bytes, offsets);
  nlp::CompressedStrings out;
  {
    nb::gil_scoped_release unlocked;
    out = nlp::compress_strings(texts.bytes, texts.offsets, texts.count);
  }
  return nb::make_tuple(to_numpy(std::move(out.bytes)), to_numpy(std::move(out.sizes)),
                        to_numpy(std::move(out.heads)));
}

nb::tuple varints(const Array<const std::uint32_t>& values) {
  std::string bytes;
  std::vector<std::uint8_t> sizes;
  {
    nb::gil_scoped_release unlocked;
    sizes.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t before = bytes.size();
      nlp::append_varint(bytes, values.data()[i]);
      sizes.push_back(static_cast<std::uint8_t>(bytes.size() - before));
    }
  }
  return nb::make_tuple(to_numpy(std::move(bytes)), to_numpy(std::move(sizes)));
}

nlp::SortedStrings sorted_strings(const Bytes& bytes, const Offsets& offsets,
                                  const Array<const std::uint64_t>& heads, std::int64_t count) {
  nlp::SortedStrings strings{bytes.data(), offsets.data(), heads.data(), count};
  texts_of(bytes, offsets);
  check(count >= 0 && static_cast<std::int64_t>(heads.size()) == strings.blocks() &&
            offsets.size() == heads.size() + 1,
        "there must be a head for each block");
  return strings;
}

nb::tuple strings_between(const nlp::SortedStrings& strings, std::int64_t begin,
                          std::int64_t end) {
  check(begin >= 0 && begin <= end && end <= strings.count, "no such strings");
  std::string bytes, one;
  std::vector<std::int64_t> offsets{0};
  for (std::int64_t i = begin; i < end; ++i) {
    strings.at(i, one);
    bytes.append(one);
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  return nb::make_tuple(to_numpy(std::move(bytes)), to_numpy(std::move(offsets)));
}

nlp::Forms forms(const nlp::SortedStrings& keys, const Array<const std::uint32_t>& link_documents,
                 const Array<const std::uint32_t>& documents,
                 const Array<const std::int32_t>& lower_forms,
                 const Array<const std::uint32_t>& lower_link_documents,
                 const Array<const std::uint32_t>& lower_documents, int max_words) {
  const auto count = static_cast<std::size_t>(keys.count);
  check(link_documents.size() == count && documents.size() == count,
        "there must be documents for each form");
  check(lower_forms.size() == lower_documents.size() &&
            lower_forms.size() == lower_link_documents.size(),
        "there must be documents for each form in lower case");
  nlp::Forms out;
  out.keys = keys;
  out.link_documents = link_documents.data();
  out.documents = documents.data();
  out.lower_forms = lower_forms.data();
  out.lower_link_documents = lower_link_documents.data();
  out.lower_documents = lower_documents.data();
  out.lower_count = static_cast<std::int64_t>(lower_forms.size());
  out.max_words = max_words;
  return out;
}

nb::tuple spot(const nlp::Forms& base, const nlp::Forms* added, const nb::bytes& text,
               const CharacterTable& table, double least, double shorter_wins, const Bytes& may_start,
               const Bytes& may_end) {
  std::vector<nlp::Mention> mentions;
  {
    const std::string_view utf8 = view(text);
    nb::gil_scoped_release unlocked;
    nlp::FormText tokens;
    nlp::read_form_text(utf8, characters_of(table), tokens);
    nlp::Spotting spotting{least, shorter_wins};
    const std::size_t count = tokens.tokens.size();
    for (const Bytes* edges : {&may_start, &may_end}) {
      check(edges->size() == 0 || edges->size() == count, "there must be an edge for each token");
    }
    if (may_start.size() > 0) spotting.may_start = may_start.data();
    if (may_end.size() > 0) spotting.may_end = may_end.data();
    nlp::spot(base, added, tokens, spotting, mentions);
  }
  std::vector<std::int32_t> starts, ends;
  std::vector<std::int64_t> ids;
  std::vector<double> probabilities;
  for (const nlp::Mention& mention : mentions) {
    starts.push_back(mention.start);
    ends.push_back(mention.end);
    ids.push_back(mention.form);
    probabilities.push_back(mention.link_probability);
  }
  return nb::make_tuple(to_numpy(std::move(starts)), to_numpy(std::move(ends)),
                        to_numpy(std::move(ids)), to_numpy(std::move(probabilities)));
}

// One counter for each thread.
class DocumentCounters {
 public:
  DocumentCounters(const nlp::SortedStrings& keys, int max_words, const CharacterTable& table,
                   const Array<std::uint32_t>& documents,
                   const Array<std::uint32_t>& lower_documents, int threads)
      : keys_(keys) {
    const auto count = static_cast<std::size_t>(keys.count);
    check(documents.size() == count && lower_documents.size() == count && threads > 0,
          "there must be a counter for each form");
    for (int i = 0; i < threads; ++i) {
      counters_.emplace_back(keys_, max_words, characters_of(table), documents.data(),
                             lower_documents.data());
    }
  }

  // A document is a title and a text.
  void add(const Bytes& title_bytes, const Offsets& title_offsets, const Bytes& bytes,
           const Offsets& offsets) {
    const nlp::Texts titles = rising_texts_of(title_bytes, title_offsets);
    const nlp::Texts texts = rising_texts_of(bytes, offsets);
    check(titles.count == texts.count, "there must be a title for each text");
    nb::gil_scoped_release unlocked;
    nlp::for_each_range(static_cast<std::size_t>(texts.count), counters_.size(),
                        [&](std::size_t part, std::size_t begin, std::size_t end) {
                          for (std::size_t i = begin; i < end; ++i) {
                            counters_[part].next_document();
                            counters_[part].add(titles[static_cast<std::int64_t>(i)]);
                            counters_[part].add(texts[static_cast<std::int64_t>(i)]);
                          }
                        });
  }

 private:
  nlp::SortedStrings keys_;
  std::vector<nlp::DocumentCounter> counters_;
};

nlp::Candidates candidates(const ShortOffsets& offsets, const Array<const std::int32_t>& entities,
                           const Array<const std::uint32_t>& counts) {
  check(entities.size() == counts.size() && offsets.size() > 0 &&
            offsets.data()[offsets.size() - 1] <= static_cast<std::int64_t>(entities.size()),
        "there must be a count for each candidate");
  return {offsets.data(), entities.data(), counts.data(),
          static_cast<std::int64_t>(offsets.size()) - 1};
}

nlp::NumberLists number_lists(const Bytes& bytes, const ShortOffsets& offsets) {
  const auto rows = texts_of(bytes, offsets);
  return {rows.bytes, rows.offsets, rows.count};
}

nb::ndarray<nb::numpy, std::int32_t> row_of(const nlp::NumberLists& lists, std::int64_t i) {
  check(i >= 0 && i < lists.rows, "no such row");
  std::vector<std::int32_t> numbers;
  for (auto row = lists.row(i); row.next();) {
    numbers.push_back(static_cast<std::int32_t>(row.value));
  }
  return to_numpy(std::move(numbers));
}

nlp::EntityGraph entity_graph(const Array<const std::uint32_t>& in_degrees, double pages,
                              const nlp::NumberLists& in_links, const nlp::NumberLists& out_links,
                              const Bytes& titles, const ShortOffsets& title_offsets,
                              const Bytes& added_titles, const Offsets& added_title_offsets,
                              const CharacterTable& table) {
  nlp::EntityGraph graph;
  graph.entities = static_cast<std::int64_t>(in_degrees.size());
  graph.pages = pages;
  graph.in_degrees = in_degrees.data();
  graph.in_links = in_links;
  graph.out_links = out_links;
  graph.titles = texts_of(titles, title_offsets);
  graph.added_titles = texts_of(added_titles, added_title_offsets);
  graph.characters = characters_of(table);
  check(graph.titles.count == graph.entities, "there must be a title for each entity");
  return graph;
}

nlp::Factors factors(const Array<const std::int32_t>& entities, const Array<const double>& values,
                     double others) {
  check(entities.size() == values.size(), "there must be a factor for each entity");
  return {entities.data(), values.data(), static_cast<std::int64_t>(entities.size()), others};
}

nlp::RankingMethod method_of(const std::string& name) {
  if (name == "commonness") return nlp::RankingMethod::commonness;
  if (name == "tagme") return nlp::RankingMethod::tagme;
  if (name == "collective") return nlp::RankingMethod::collective;
  throw std::invalid_argument("unknown method: " + name);
}

std::tuple<nlp::FormNodes, nb::ndarray<nb::numpy, std::int32_t>> gather(
    const nlp::Forms& base, const nlp::Candidates& candidates, const nlp::Forms* added,
    const nlp::Candidates* added_candidates, const nlp::EntityGraph& graph,
    const Array<const std::int64_t>& mentions, const nlp::RankingRules& rules,
    const nlp::Factors& factors) {
  check(candidates.forms == base.keys.count && !added == !added_candidates &&
            (!added || added_candidates->forms == added->keys.count),
        "there must be candidates for each form");
  const std::int64_t count = base.keys.count + (added ? added->keys.count : 0);
  for (std::size_t i = 0; i < mentions.size(); ++i) {
    const std::int64_t id = mentions.data()[i];
    check(id >= 0 && id < count, "no such form");
    const bool is_added = id >= base.keys.count;
    const nlp::Candidates& from = is_added ? *added_candidates : candidates;
    const std::uint32_t* range = from.offsets + (is_added ? id - base.keys.count : id);
    check(range[0] <= range[1] && range[1] <= from.offsets[from.forms],
          "offsets must rise");
    check_entities(graph, {from.entities + range[0], from.entities + range[1]});
  }
  std::vector<std::int32_t> form_of;
  nlp::FormNodes nodes;
  {
    nb::gil_scoped_release unlocked;
    nodes = nlp::gather(base, candidates, added, added_candidates, graph,
                        std::span(mentions.data(), mentions.size()), rules, factors, form_of);
  }
  return {std::move(nodes), to_numpy(std::move(form_of))};
}

nlp::FormNodes form_nodes(const std::vector<std::string>& keys,
                          const std::vector<std::vector<std::int32_t>>& positions,
                          const Array<const std::int32_t>& node_offsets,
                          const Array<const std::int32_t>& entities,
                          const Array<const std::uint32_t>& counts,
                          const nlp::EntityGraph& graph, const nlp::RankingRules& rules) {
  check(positions.size() == keys.size() && node_offsets.size() == keys.size() + 1 &&
            node_offsets.data()[keys.size()] == static_cast<std::int32_t>(entities.size()) &&
            entities.size() == counts.size(),
        "forms and nodes must fit together");
  check(node_offsets.data()[0] == 0 &&
            std::is_sorted(node_offsets.data(), node_offsets.data() + node_offsets.size()),
        "offsets must rise");
  check_entities(graph, {entities.data(), entities.size()});
  nlp::FormNodes out;
  out.keys = keys;
  const nlp::Factors none;
  for (std::size_t f = 0; f < keys.size(); ++f) {
    check(!positions[f].empty(), "a form must stand somewhere");
    out.positions.insert(out.positions.end(), positions[f].begin(), positions[f].end());
    out.position_offsets.push_back(static_cast<std::int32_t>(out.positions.size()));
    const auto begin = static_cast<std::size_t>(node_offsets.data()[f]);
    const auto end = static_cast<std::size_t>(node_offsets.data()[f + 1]);
    double links = 0;
    for (std::size_t i = begin; i < end; ++i) links += counts.data()[i];
    for (std::size_t i = begin; i < end; ++i) {
      out.entities.push_back(entities.data()[i]);
      out.counts.push_back(counts.data()[i]);
      out.commonness.push_back(links > 0 ? counts.data()[i] / links
                                         : 1.0 / static_cast<double>(end - begin));
    }
    nlp::set_prior(graph, rules, none, out, begin, keys[f]);
    out.node_offsets.push_back(static_cast<std::int32_t>(end));
  }
  return out;
}

thread_local nlp::RelationsSpace relations_space;

template <typename T>
nb::ndarray<nb::numpy, T> copy_of(const std::vector<T>& values) {
  return to_numpy(std::vector<T>(values));
}

nb::list votes_for(const nlp::Ranking& ranking, std::int32_t node, std::size_t most) {
  check(node >= 0 && static_cast<std::size_t>(node) < ranking.nodes().nodes(), "no such node");
  nb::list out;
  for (const nlp::Vote& vote : ranking.votes_for(static_cast<std::size_t>(node))) {
    if (nb::len(out) == most) break;
    out.append(nb::make_tuple(vote.node, vote.weight, vote.link, vote.cocitation, vote.title_words,
                              vote.same, vote.related));
  }
  return out;
}

}  // namespace

void bind_entities(nb::module_& m) {
  m.attr("CHARACTER_TOKEN") = nlp::Characters::token;
  m.attr("CHARACTER_SINGLE") = nlp::Characters::single;
  m.attr("CHARACTER_MARK") = nlp::Characters::mark;
  m.attr("CHARACTER_LETTER") = nlp::Characters::letter;
  m.attr("CHARACTER_UPPER") = nlp::Characters::upper;
  m.attr("CHARACTER_LOWER") = nlp::Characters::lower;
  m.def("form_tokens", &form_tokens, "text"_a, "characters"_a.noconvert());
  m.def("form_keys", &form_keys, "bytes"_a.noconvert(), "offsets"_a.noconvert(),
        "characters"_a.noconvert(), "max_words"_a);
  m.def("form_keys_of_spans", &form_keys_of_spans, "bytes"_a.noconvert(), "offsets"_a.noconvert(),
        "span_offsets"_a.noconvert(), "starts"_a.noconvert(), "ends"_a.noconvert(),
        "characters"_a.noconvert(), "max_words"_a);
  m.def("compress_strings", &compress_strings, "bytes"_a.noconvert(), "offsets"_a.noconvert());
  m.def("varints", &varints, "values"_a.noconvert());

  // What follows holds pointers into arrays, which nanobind keeps alive as long as them.
  nb::class_<nlp::SortedStrings>(m, "SortedStrings")
      .def("find",
           [](const nlp::SortedStrings& self, const std::string& key) {
             std::string scratch;
             const auto found = self.find(key, scratch);
             return std::make_tuple(found.id, found.exact, found.extendable);
           },
           "key"_a)
      .def("__len__", [](const nlp::SortedStrings& self) { return self.count; })
      .def("between", &strings_between, "begin"_a, "end"_a);
  m.def("sorted_strings", &sorted_strings, "bytes"_a.noconvert(), "offsets"_a.noconvert(),
        "heads"_a.noconvert(), "count"_a, nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>(),
        nb::keep_alive<0, 3>());
  nb::class_<nlp::Forms>(m, "Forms")
      .def("link_probability",
           [](const nlp::Forms& self, std::int64_t form, bool lower) {
             check(form >= 0 && form < self.keys.count, "no such form");
             return self.link_probability(form, lower);
           },
           "form"_a, "lower"_a);
  m.def("forms", &forms, nb::kw_only(), "keys"_a, "link_documents"_a.noconvert(),
        "documents"_a.noconvert(), "lower_forms"_a.noconvert(),
        "lower_link_documents"_a.noconvert(), "lower_documents"_a.noconvert(), "max_words"_a,
        nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>(), nb::keep_alive<0, 3>(),
        nb::keep_alive<0, 4>(), nb::keep_alive<0, 5>(), nb::keep_alive<0, 6>());
  m.def("spot", &spot, nb::kw_only(), "base"_a, "added"_a.none(), "text"_a,
        "characters"_a.noconvert(), "min_link_probability"_a, "shorter_wins"_a,
        "may_start"_a.noconvert(), "may_end"_a.noconvert());
  nb::class_<DocumentCounters>(m, "DocumentCounters")
      .def(nb::init<const nlp::SortedStrings&, int, const CharacterTable&,
                    const Array<std::uint32_t>&, const Array<std::uint32_t>&, int>(),
           "keys"_a, "max_words"_a, "characters"_a.noconvert(), "documents"_a.noconvert(),
           "lower_documents"_a.noconvert(), "threads"_a, nb::keep_alive<1, 2>(),
           nb::keep_alive<1, 4>(), nb::keep_alive<1, 5>(), nb::keep_alive<1, 6>())
      .def("add", &DocumentCounters::add, "title_bytes"_a.noconvert(),
           "title_offsets"_a.noconvert(), "bytes"_a.noconvert(), "offsets"_a.noconvert());

  nb::class_<nlp::Candidates>(m, "Candidates");
  m.def("candidates", &candidates, "offsets"_a.noconvert(), "entities"_a.noconvert(),
        "counts"_a.noconvert(), nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>(),
        nb::keep_alive<0, 3>());
  nb::class_<nlp::NumberLists>(m, "NumberLists").def("row", &row_of, "row"_a);
  m.def("number_lists", &number_lists, "bytes"_a.noconvert(), "offsets"_a.noconvert(),
        nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>());
  nb::class_<nlp::EntityGraph>(m, "EntityGraph");
  m.def("entity_graph", &entity_graph, nb::kw_only(), "in_degrees"_a.noconvert(), "pages"_a,
        "in_links"_a, "out_links"_a, "titles"_a.noconvert(), "title_offsets"_a.noconvert(),
        "added_titles"_a.noconvert(), "added_title_offsets"_a.noconvert(),
        "characters"_a.noconvert(), nb::keep_alive<0, 1>(), nb::keep_alive<0, 3>(),
        nb::keep_alive<0, 4>(), nb::keep_alive<0, 5>(), nb::keep_alive<0, 6>(),
        nb::keep_alive<0, 7>(), nb::keep_alive<0, 8>(), nb::keep_alive<0, 9>());
  nb::class_<nlp::Factors>(m, "Factors");
  m.def("factors", &factors, "entities"_a.noconvert(), "values"_a.noconvert(), "others"_a,
        nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>());

  using Rules = nlp::RankingRules;
  nb::class_<Rules>(m, "RankingRules")
      .def(nb::init<>())
      .def_prop_rw(
          "method", [](const Rules&) { return nb::none(); },
          [](Rules& self, const std::string& name) { self.method = method_of(name); })
      .def_rw("window", &Rules::window)
      .def_rw("max_candidates", &Rules::max_candidates)
      .def_rw("min_links", &Rules::min_links)
      .def_rw("prior_share", &Rules::prior_share)
      .def_rw("passes", &Rules::passes)
      .def_rw("same", &Rules::same)
      .def_rw("link", &Rules::link)
      .def_rw("cocitation", &Rules::cocitation)
      .def_rw("title_words", &Rules::title_words)
      .def_rw("added_count", &Rules::added_count)
      .def_rw("title_bonus", &Rules::title_bonus)
      .def_rw("in_degree_power", &Rules::in_degree_power)
      .def_rw("epsilon", &Rules::epsilon)
      .def_rw("epsilon_by_rank", &Rules::epsilon_by_rank)
      .def_rw("tau", &Rules::tau)
      .def_rw("tau_for_votes", &Rules::tau_for_votes)
      .def_rw("divide_votes", &Rules::divide_votes)
      .def_rw("min_shared", &Rules::min_shared)
      .def_rw("direct_links", &Rules::direct_links)
      .def_rw("link_without_votes", &Rules::link_without_votes);

  nb::class_<nlp::FormNodes>(m, "FormNodes")
      .def_prop_ro("keys", [](const nlp::FormNodes& self) { return self.keys; })
      .def_prop_ro("node_offsets", [](const nlp::FormNodes& self) { return copy_of(self.node_offsets); }, nb::rv_policy::move)
      .def_prop_ro("entities", [](const nlp::FormNodes& self) { return copy_of(self.entities); }, nb::rv_policy::move)
      .def_prop_ro("counts", [](const nlp::FormNodes& self) { return copy_of(self.counts); }, nb::rv_policy::move)
      .def_prop_ro("commonness", [](const nlp::FormNodes& self) { return copy_of(self.commonness); }, nb::rv_policy::move)
      .def_prop_ro("prior", [](const nlp::FormNodes& self) { return copy_of(self.prior); }, nb::rv_policy::move)
      .def("set_prior",
           [](nlp::FormNodes& self, const Array<const double>& prior) {
             check(prior.size() == self.nodes(), "there must be a prior for each node");
             self.prior.assign(prior.data(), prior.data() + prior.size());
           },
           "prior"_a.noconvert());
  m.def("gather", &gather, nb::kw_only(), "base"_a, "candidates"_a, "added"_a.none(),
        "added_candidates"_a.none(), "graph"_a, "mentions"_a.noconvert(), "rules"_a, "factors"_a);
  m.def("form_nodes", &form_nodes, nb::kw_only(), "keys"_a, "positions"_a,
        "node_offsets"_a.noconvert(), "entities"_a.noconvert(), "counts"_a.noconvert(), "graph"_a,
        "rules"_a);
  nb::class_<nlp::Ranking>(m, "Ranking")
      .def_prop_ro("chosen", [](const nlp::Ranking& self) { return copy_of(self.chosen()); }, nb::rv_policy::move)
      .def_prop_ro("scores", [](const nlp::Ranking& self) { return copy_of(self.scores()); }, nb::rv_policy::move)
      .def_prop_ro("votes", [](const nlp::Ranking& self) { return copy_of(self.votes()); }, nb::rv_policy::move)
      .def_prop_ro("coherence", [](const nlp::Ranking& self) { return copy_of(self.coherence()); }, nb::rv_policy::move)
      .def("votes_for", &votes_for, "node"_a, "most"_a);
  m.def("rank",
        [](const nlp::EntityGraph& graph, const nlp::FormNodes& nodes, const Rules& rules) {
          check_entities(graph, nodes.entities);
          nb::gil_scoped_release unlocked;
          return nlp::Ranking(graph, nodes, rules, relations_space);
        },
        "graph"_a, "nodes"_a, "rules"_a, nb::keep_alive<0, 1>());
}
