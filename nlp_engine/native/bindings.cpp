// The thin Python layer: arrays and scalars in, arrays and counters out.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/unordered_map.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "encoder.h"
#include "wikitext.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Bytes = Array<const std::uint8_t>;

using Ids = Array<std::int32_t>;

nb::dict encode(const std::vector<Bytes>& texts, std::int64_t min_count,
                const nb::bytes& always_kept, int threads, const std::string& instructions,
                const Ids& scratch, nlp::Exchange& exchange) {
  const nlp::InstructionSet set = instruction_set(instructions);
  std::vector<nlp::Text> spans;
  for (const Bytes& text : texts) spans.emplace_back(text.data(), text.size());
  const std::string_view prefix(always_kept.c_str(), always_kept.size());
  nlp::Encoding encoding;
  {
    nb::gil_scoped_release unlocked;
    encoding = nlp::encode(spans, min_count, prefix, threads, set,
                           {scratch.data(), scratch.size()}, exchange);
  }
  nb::dict out;
  out["word_bytes"] = to_numpy(std::move(encoding.word_bytes));
  out["word_offsets"] = to_numpy(std::move(encoding.word_offsets));
  out["counts"] = to_numpy(std::move(encoding.counts));
  out["ids_size"] = encoding.ids_size;
  out["tokens"] = encoding.tokens;
  out["types"] = encoding.types;
  out["max_count"] = encoding.max_count;
  out["lines"] = encoding.lines;
  out["problem"] = static_cast<int>(encoding.problem);
  out["problem_position"] = encoding.problem_position;
  return out;
}

using CaseTable = Array<const std::uint16_t>;
using Texts = std::unordered_map<std::string, std::string>;

// Fields of SiteRules; names, patterns and characters as text.
nlp::SiteRules site_rules(const CaseTable& lower, const CaseTable& upper, const Bytes& trail,
                          const std::unordered_map<std::string, int>& prefixes,
                          const Texts& templates, const std::vector<std::string>& disambiguation,
                          const Texts& entities, bool first_letter, bool variants, bool captions,
                          bool tables) {
  nlp::SiteRules rules;
  rules.lower.assign(lower.data(), lower.data() + lower.size());
  rules.upper.assign(upper.data(), upper.data() + upper.size());
  rules.trail.assign(trail.data(), trail.data() + trail.size());
  for (const auto& [name, kind] : prefixes) {
    rules.prefixes.emplace(name, static_cast<nlp::LinkKind>(kind));
  }
  for (const auto& [name, text] : templates) {
    nlp::Pattern pattern;
    try {
      pattern = nlp::read_pattern(text);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("template " + name + ": " + error.what() + " in " + text);
    }
    if (name.ends_with('*')) {
      rules.template_families.emplace_back(name.substr(0, name.size() - 1), std::move(pattern));
    } else {
      rules.templates.emplace(name, std::move(pattern));
    }
  }
  std::sort(rules.template_families.begin(), rules.template_families.end(),
            [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  rules.disambiguation.insert(disambiguation.begin(), disambiguation.end());
  rules.entities.insert(entities.begin(), entities.end());
  rules.first_letter = first_letter;
  rules.variants = variants;
  rules.captions = captions;
  rules.tables = tables;
  return rules;
}

void put(nb::dict& out, const char* name, nlp::Strings&& strings) {
  out[name] = nb::make_tuple(to_numpy(std::move(strings.bytes)), to_numpy(std::move(strings.offsets)));
}

nb::dict to_dict(nlp::Extraction&& extraction) {
  nb::dict out;
  out["ids"] = to_numpy(std::move(extraction.ids));
  out["kinds"] = to_numpy(std::move(extraction.kinds));
  put(out, "titles", std::move(extraction.titles));
  put(out, "redirects", std::move(extraction.redirects));
  put(out, "texts", std::move(extraction.texts));
  out["link_offsets"] = to_numpy(std::move(extraction.link_offsets));
  out["link_starts"] = to_numpy(std::move(extraction.link_starts));
  out["link_ends"] = to_numpy(std::move(extraction.link_ends));
  put(out, "link_targets", std::move(extraction.link_targets));
  out["outside_offsets"] = to_numpy(std::move(extraction.outside_offsets));
  put(out, "outside_anchors", std::move(extraction.outside_anchors));
  put(out, "outside_targets", std::move(extraction.outside_targets));
  out["category_offsets"] = to_numpy(std::move(extraction.category_offsets));
  put(out, "categories", std::move(extraction.categories));
  out["characters"] = extraction.characters;
  out["other_pages"] = extraction.other_pages;
  out["consumed"] = extraction.consumed;
  out["problem"] = static_cast<int>(extraction.problem);
  out["bad_page"] = extraction.bad_page;
  return out;
}

nb::dict extract(const Bytes& xml, const nlp::SiteRules& rules) {
  nlp::Extraction extraction;
  {
    nb::gil_scoped_release unlocked;
    extraction = nlp::extract({reinterpret_cast<const char*>(xml.data()), xml.size()}, rules);
  }
  return to_dict(std::move(extraction));
}

}  // namespace

nlp::InstructionSet instruction_set(const std::string& name) {
  if (name == "best") return nlp::best_instruction_set();
  nlp::InstructionSet set = nlp::InstructionSet::baseline;
  if (name == "avx2") set = nlp::InstructionSet::avx2;
  else if (name == "avx512") set = nlp::InstructionSet::avx512;
  else if (name != "baseline") throw std::invalid_argument("unknown instruction set: " + name);
  if (set > nlp::best_instruction_set()) {
    throw std::invalid_argument("this processor lacks the instruction set " + name);
  }
  return set;
}

NB_MODULE(_native, m) {
  m.attr("LINE_END") = nlp::line_end;
  m.attr("MAX_WORD_BYTES") = nlp::max_word_bytes;
  nb::exception<nlp::Cancelled>(m, "Cancelled");
  nb::class_<nlp::Exchange>(m, "Exchange")
      .def(nb::init<>())
      .def("cancel", [](nlp::Exchange& self) { self.cancelled = true; })
      .def_prop_ro("bytes_done", [](const nlp::Exchange& self) { return self.bytes_done.load(); });
  m.def("best_instruction_set", [] {
    switch (nlp::best_instruction_set()) {
      case nlp::InstructionSet::avx512: return "avx512";
      case nlp::InstructionSet::avx2: return "avx2";
      default: return "baseline";
    }
  });
  nb::class_<nlp::SiteRules>(m, "SiteRules");
  m.def("site_rules", &site_rules, nb::kw_only(), "lower"_a, "upper"_a, "trail"_a, "prefixes"_a,
        "templates"_a, "disambiguation"_a, "entities"_a, "first_letter"_a, "variants"_a,
        "captions"_a, "tables"_a);
  m.def("extract", &extract, "xml"_a, "rules"_a);
  m.def("extract_wikitext",
        [](std::string_view wikitext, const nlp::SiteRules& rules) {
          return to_dict(nlp::extract_wikitext(wikitext, rules));
        },
        "wikitext"_a, "rules"_a);
  m.def("encode", &encode, "texts"_a, "min_count"_a, "always_kept"_a, "threads"_a,
        "instructions"_a, "scratch"_a.noconvert(), "exchange"_a);
  bind_vectors(m);
  bind_word2vec(m);
  bind_classifier(m);
  bind_quantizer(m);
  bind_entities(m);
}
