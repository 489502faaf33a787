#include "spotter.h"

#include <algorithm>
#include <atomic>
#include <string>

namespace nlp {
namespace {

// Calls found(last token, form) for every form that starts with token `first`, shortest first.
template <typename OnForm>
void forms_at(const Forms& base, const Forms* added, const FormText& text, std::size_t first,
              std::string& scratch, const OnForm& found) {
  const int longest = std::max(base.max_words, added ? added->max_words : 0);
  const std::size_t end = std::min(text.tokens.size(), first + static_cast<std::size_t>(longest));
  for (std::size_t last = first; last < end; ++last) {
    const std::string_view key = text.key(first, last);
    const SortedStrings::Found in_base = base.keys.find(key, scratch);
    bool extendable = in_base.extendable;
    bool exact = in_base.exact;
    std::int64_t form = in_base.id;
    if (added) {
      const SortedStrings::Found in_added = added->keys.find(key, scratch);
      extendable |= in_added.extendable;
      if (in_added.exact) {
        exact = true;
        form = base.keys.count + in_added.id;
      }
    }
    if (exact) found(last, form);
    if (!extendable) break;
  }
}

double probability_of(const Forms& base, const Forms* added, std::int64_t form, bool lower) {
  if (form < base.keys.count) return base.link_probability(form, lower);
  return added->link_probability(form - base.keys.count, lower);
}

void find_all(const Forms& base, const Forms* added, const FormText& text, const Spotting& spotting,
              std::vector<Mention>& out) {
  std::string scratch;
  for (std::size_t first = 0; first < text.tokens.size(); ++first) {
    if (spotting.may_start && !spotting.may_start[first]) continue;
    forms_at(base, added, text, first, scratch, [&](std::size_t last, std::int64_t form) {
      if (spotting.may_end && !spotting.may_end[last]) return;
      const bool lower = first == last && text.tokens[first].lower;
      const double probability = probability_of(base, added, form, lower);
      if (probability < spotting.min_link_probability) return;
      out.push_back({text.tokens[first].start, text.tokens[last].end,
                     static_cast<std::int32_t>(first), static_cast<std::int32_t>(last), form,
                     probability});
    });
  }
}

}  // namespace

double Forms::link_probability(std::int64_t form, bool lower) const {
  double linked = link_documents[form], all = documents[form];
  if (lower) {
    const std::int32_t* end = lower_forms + lower_count;
    const std::int32_t* at = std::lower_bound(lower_forms, end, form);
    if (at == end || *at != form) return 0;  // nobody writes it so
    linked = lower_link_documents[at - lower_forms];
    all = lower_documents[at - lower_forms];
  }
  return all > 0 ? std::min(linked / all, 1.0) : 0;
}

void spot(const Forms& base, const Forms* added, const FormText& text, const Spotting& spotting,
          std::vector<Mention>& out) {
  std::vector<Mention> all;
  find_all(base, added, text, spotting, all);
  // By length, then in order of the text.
  std::vector<std::size_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return all[a].last - all[a].first > all[b].last - all[b].first;
  });
  std::vector<std::uint8_t> taken(text.tokens.size(), 0);
  const auto overlaps = [&](const Mention& spot) {
    return std::any_of(taken.begin() + spot.first, taken.begin() + spot.last + 1,
                       [](std::uint8_t t) { return t != 0; });
  };
  const auto shorter_wins = [&](std::size_t at) {
    const Mention& longer = all[at];
    const double enough = spotting.shorter_wins * longer.link_probability;
    // `all` is in order of first tokens.
    std::size_t i = at;
    while (i > 0 && all[i - 1].first == longer.first) --i;
    for (; i < all.size() && all[i].first <= longer.last; ++i) {
      const double probability = all[i].link_probability;
      if (all[i].last <= longer.last && probability > longer.link_probability && probability >= enough) {
        return true;
      }
    }
    return false;
  };
  out.clear();
  for (const std::size_t i : order) {
    if (overlaps(all[i]) || shorter_wins(i)) continue;
    out.push_back(all[i]);
    std::fill(taken.begin() + all[i].first, taken.begin() + all[i].last + 1, 1);
  }
  std::sort(out.begin(), out.end(),
            [](const Mention& a, const Mention& b) { return a.first < b.first; });
}

DocumentCounter::DocumentCounter(const SortedStrings& keys, int max_words,
                                 const Characters& characters, std::uint32_t* documents,
                                 std::uint32_t* lower_documents)
    : keys_(keys),
      max_words_(max_words),
      characters_(characters),
      documents_(documents),
      lower_documents_(lower_documents),
      seen_(static_cast<std::size_t>(keys.count), 0) {}

void DocumentCounter::add(std::string_view text) {
  read_form_text(text, characters_, text_);
  Forms forms;
  forms.keys = keys_;
  forms.max_words = max_words_;
  const auto count = [](std::uint32_t& counter) {
    std::atomic_ref(counter).fetch_add(1, std::memory_order_relaxed);
  };
  for (std::size_t first = 0; first < text_.tokens.size(); ++first) {
    forms_at(forms, nullptr, text_, first, scratch_, [&](std::size_t last, std::int64_t form) {
      std::uint32_t& seen = seen_[static_cast<std::size_t>(form)];
      if (seen >> 1 != document_) {
        seen = document_ << 1;
        count(documents_[form]);
      }
      if (first == last && text_.tokens[first].lower && !(seen & 1)) {
        seen |= 1;
        count(lower_documents_[form]);
      }
    });
  }
}

}  // namespace nlp
