#include "ranking.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

namespace nlp {
namespace {

std::uint64_t hash_of(std::string_view word) {  // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return hash;
}

// The different words of a key, as hashes, rising.
std::vector<std::uint64_t> words_of(std::string_view key) {
  std::vector<std::uint64_t> words;
  for (std::size_t at = 0; at < key.size();) {
    const std::size_t end = std::min(key.find(' ', at), key.size());
    words.push_back(hash_of(key.substr(at, end - at)));
    at = end + 1;
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

void normalize(double* values, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += values[i];
  if (sum <= 0) return;
  for (std::size_t i = 0; i < count; ++i) values[i] /= sum;
}

}  // namespace

double Factors::of(std::int32_t entity) const {
  const std::int32_t* end = entities + count;
  const std::int32_t* at = std::lower_bound(entities, end, entity);
  return at != end && *at == entity ? factors[at - entities] : others;
}

void set_prior(const EntityGraph& graph, const RankingRules& rules, const Factors& factors,
               FormNodes& nodes, std::size_t first, std::string_view key) {
  double links = 0;
  for (std::size_t i = first; i < nodes.nodes(); ++i) links += nodes.counts[i];
  FormText title;
  for (std::size_t i = first; i < nodes.nodes(); ++i) {
    double prior = nodes.commonness[i];
    if (rules.method == RankingMethod::collective) {
      if (links > 0) {
        read_form_text(graph.title(nodes.entities[i]), graph.characters, title);
        prior = nodes.counts[i] + rules.added_count + (title.keys == key ? rules.title_bonus : 0);
      } else {
        prior = std::pow(graph.in_degree(nodes.entities[i]) + 1, rules.in_degree_power);
      }
    }
    nodes.prior.push_back(prior * factors.of(nodes.entities[i]));
  }
  normalize(nodes.prior.data() + first, nodes.nodes() - first);
}

FormNodes gather(const Forms& base, const Candidates& candidates, const Forms* added,
                 const Candidates* added_candidates, const EntityGraph& graph,
                 std::span<const std::int64_t> mentions, const RankingRules& rules,
                 const Factors& factors, std::vector<std::int32_t>& form_of) {
  FormNodes out;
  std::unordered_map<std::int64_t, std::int32_t> numbers;
  std::vector<std::int64_t> forms;
  form_of.clear();
  for (const std::int64_t form : mentions) {
    const auto next = static_cast<std::int32_t>(forms.size());
    const auto [at, is_new] = numbers.emplace(form, next);
    if (is_new) forms.push_back(form);
    form_of.push_back(at->second);
  }
  std::vector<std::vector<std::int32_t>> positions(forms.size());
  for (std::size_t i = 0; i < form_of.size(); ++i) {
    positions[static_cast<std::size_t>(form_of[i])].push_back(static_cast<std::int32_t>(i));
  }
  std::string key;
  for (std::size_t f = 0; f < forms.size(); ++f) {
    const bool is_added = forms[f] >= base.keys.count;
    const std::int64_t form = is_added ? forms[f] - base.keys.count : forms[f];
    const Candidates& from = is_added ? *added_candidates : candidates;
    (is_added ? added->keys : base.keys).at(form, key);
    const std::int64_t begin = from.offsets[form], end = from.offsets[form + 1];
    double links = 0;
    for (std::int64_t i = begin; i < end; ++i) links += from.counts[i];
    const std::size_t first = out.nodes();
    for (std::int64_t i = begin; i < end; ++i) {
      if (out.nodes() - first == static_cast<std::size_t>(rules.max_candidates)) break;
      if (from.counts[i] < static_cast<std::uint32_t>(rules.min_links)) break;
      if (factors.of(from.entities[i]) <= 0) continue;
      out.entities.push_back(from.entities[i]);
      out.counts.push_back(from.counts[i]);
      out.commonness.push_back(links > 0 ? from.counts[i] / links
                                         : 1.0 / static_cast<double>(end - begin));
    }
    set_prior(graph, rules, factors, out, first, key);
    out.keys.push_back(key);
    out.node_offsets.push_back(static_cast<std::int32_t>(out.nodes()));
    out.positions.insert(out.positions.end(), positions[f].begin(), positions[f].end());
    out.position_offsets.push_back(static_cast<std::int32_t>(out.positions.size()));
  }
  return out;
}

Ranking::Ranking(const EntityGraph& graph, FormNodes nodes, const RankingRules& rules,
                 RelationsSpace& space)
    : graph_(graph), nodes_(std::move(nodes)), rules_(rules) {
  for (std::size_t f = 0; f < nodes_.forms(); ++f) {
    form_of_node_.resize(static_cast<std::size_t>(nodes_.node_offsets[f + 1]),
                         static_cast<std::int32_t>(f));
  }
  votes_.assign(nodes_.nodes(), 0);
  scores_ = nodes_.prior;
  chosen_.assign(nodes_.forms(), -1);
  find_near_forms();
  if (rules_.method == RankingMethod::collective) {
    relate_nodes(space);
    find_title_words();
    collective();
  } else if (rules_.method == RankingMethod::tagme) {
    relate_nodes(space);
    tagme();
  }
  for (std::size_t f = 0; f < nodes_.forms(); ++f) {
    rules_.method == RankingMethod::tagme ? choose_by_threshold(f) : choose(f);
  }
  find_coherence(space);
}

// For `collective`, forms that somewhere stand at most `window` mentions apart: the first mention of
// one, any of the other. For `tagme`, the `window` forms around each, half on each side (more on one
// side at the ends), or all if there are hardly more.
void Ranking::find_near_forms() {
  const std::size_t n = nodes_.forms();
  near_.assign(n * n, 0);
  const auto window = static_cast<std::size_t>(rules_.window);
  if (rules_.method == RankingMethod::collective) {
    for (std::size_t a = 0; a < n; ++a) {
      const auto begin = nodes_.positions.begin();
      const auto first = begin + nodes_.position_offsets[a];
      const auto last = begin + nodes_.position_offsets[a + 1];
      for (std::size_t b = 0; b < n; ++b) {
        if (a == b) continue;
        const std::int64_t other =
            nodes_.positions[static_cast<std::size_t>(nodes_.position_offsets[b])];
        const auto close = std::lower_bound(first, last, other - rules_.window);
        if (close != last && *close <= other + rules_.window) {
          near_[a * n + b] = near_[b * n + a] = 1;
        }
      }
    }
    return;
  }
  for (std::size_t a = 0; a < n; ++a) {
    std::size_t begin = 0, end = n;
    if (n > 2 * window) {
      begin = std::min(a - std::min(a, window / 2), n - 1 - window);
      end = begin + window + 1;
    }
    for (std::size_t b = begin; b < end; ++b) near_[a * n + b] = a != b;
  }
}

void Ranking::relate_nodes(RelationsSpace& space) {
  Different different;
  for (const std::int32_t entity : nodes_.entities) different.add(entity);
  place_ = std::move(different.places);
  const bool collective = rules_.method == RankingMethod::collective;
  const bool count_shared = collective ? rules_.cocitation > 0 : !rules_.direct_links;
  relate(graph_, std::move(different.entities), count_shared, space, relations_);
  weigh_relations();
}

// A link that involves a page which everybody links to says little.
double Ranking::link_weight(std::size_t a, std::size_t b) const {
  if (!relations_.linked[a * relations_.size() + b]) return 0;
  return rules_.link * std::max(1 - std::max(hub_[a], hub_[b]), 0.0);
}

void Ranking::weigh_relations() {
  const std::size_t n = relations_.size();
  if (rules_.method == RankingMethod::tagme) {
    relatedness_.assign(n * n, 1);
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        relatedness_[a * n + b] = relatedness_[b * n + a] =
            rules_.direct_links ? relations_.linked[a * n + b]
                                : relations_.milne_witten(a, b, graph_.pages, rules_.min_shared);
      }
    }
    return;
  }
  related_.assign(n * n, 0);
  const double log_pages = std::log(std::max(graph_.pages, 2.0));
  hub_.resize(n);
  std::vector<double> root(n);
  for (std::size_t a = 0; a < n; ++a) {
    hub_[a] = std::log(relations_.in_degrees[a] + 2) / log_pages;
    root[a] = 1 / std::sqrt(std::max(relations_.in_degrees[a], 1.0));
  }
  const bool cocitation = !relations_.shared.empty();
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      double weight = link_weight(a, b);
      if (cocitation) weight += rules_.cocitation * relations_.shared[a * n + b] * root[a] * root[b];
      related_[a * n + b] = related_[b * n + a] = static_cast<float>(weight);
    }
    related_[a * n + a] = static_cast<float>(rules_.same);
  }
}

// The cosine of the word sets of two titles, each without the words of the form that its entity is a
// candidate of. Only pairs with a word in common are looked at.
void Ranking::find_title_words() {
  if (rules_.title_words <= 0) return;
  std::vector<std::vector<std::uint64_t>> of_entity(relations_.size());
  FormText title;
  for (std::size_t i = 0; i < relations_.size(); ++i) {
    read_form_text(graph_.title(relations_.entities[i]), graph_.characters, title);
    of_entity[i] = words_of(title.keys);
  }
  std::vector<std::pair<std::uint64_t, std::int32_t>> words;  // with the node that has it
  std::vector<float> share(nodes_.nodes());                   // 1 / root of a node's words
  std::vector<std::uint64_t> own;
  for (std::size_t node = 0; node < nodes_.nodes(); ++node) {
    const auto form = static_cast<std::size_t>(form_of_node_[node]);
    if (node == static_cast<std::size_t>(nodes_.node_offsets[form])) own = words_of(nodes_.keys[form]);
    std::size_t count = 0;
    for (const std::uint64_t word : of_entity[static_cast<std::size_t>(place_[node])]) {
      if (std::binary_search(own.begin(), own.end(), word)) continue;
      words.emplace_back(word, static_cast<std::int32_t>(node));
      ++count;
    }
    share[node] = 1.f / std::sqrt(static_cast<float>(std::max<std::size_t>(count, 1)));
  }
  std::sort(words.begin(), words.end());
  std::vector<std::pair<std::int32_t, std::int32_t>> pairs;
  for (std::size_t begin = 0; begin < words.size();) {
    std::size_t end = begin;
    while (end < words.size() && words[end].first == words[begin].first) ++end;
    for (std::size_t i = begin; i < end; ++i) {
      const auto a = static_cast<std::size_t>(words[i].second);
      for (std::size_t j = i + 1; j < end; ++j) {
        const auto b = static_cast<std::size_t>(words[j].second);
        if (place_[a] == place_[b]) continue;
        if (!near(static_cast<std::size_t>(form_of_node_[a]),
                  static_cast<std::size_t>(form_of_node_[b]))) {
          continue;
        }
        pairs.emplace_back(words[i].second, words[j].second);
      }
    }
    begin = end;
  }
  std::sort(pairs.begin(), pairs.end());
  for (std::size_t begin = 0; begin < pairs.size();) {
    std::size_t end = begin;
    while (end < pairs.size() && pairs[end] == pairs[begin]) ++end;
    const auto [a, b] = pairs[begin];
    title_words_.push_back({a, b, static_cast<float>(end - begin) * share[static_cast<std::size_t>(a)] *
                                      share[static_cast<std::size_t>(b)]});
    begin = end;
  }
}

// Relaxation labelling: q(e | m) ~ prior(e | m) * (prior_share + votes of all near forms'
// candidates, each by its own q), again and again.
void Ranking::collective() {
  const std::size_t forms = nodes_.forms(), n = relations_.size();
  const auto words = static_cast<float>(rules_.title_words);
  std::vector<float> q;
  for (int pass = 0; pass < rules_.passes; ++pass) {
    voters_ = scores_;
    q.assign(scores_.begin(), scores_.end());
    std::fill(votes_.begin(), votes_.end(), 0.0);
    for (std::size_t a = 0; a < forms; ++a) {
      const auto begin = static_cast<std::size_t>(nodes_.node_offsets[a]);
      const auto end = static_cast<std::size_t>(nodes_.node_offsets[a + 1]);
      for (std::size_t b = 0; b < forms; ++b) {
        if (!near(a, b)) continue;
        const auto other_begin = static_cast<std::size_t>(nodes_.node_offsets[b]);
        const auto other_end = static_cast<std::size_t>(nodes_.node_offsets[b + 1]);
        for (std::size_t i = begin; i < end; ++i) {
          const float* row = related_.data() + static_cast<std::size_t>(place_[i]) * n;
          float sum = 0;
          for (std::size_t j = other_begin; j < other_end; ++j) sum += q[j] * row[place_[j]];
          votes_[i] += sum;
        }
      }
    }
    for (const TitleWords& pair : title_words_) {
      const auto a = static_cast<std::size_t>(pair.a), b = static_cast<std::size_t>(pair.b);
      votes_[a] += words * pair.cosine * q[b];
      votes_[b] += words * pair.cosine * q[a];
    }
    for (std::size_t i = 0; i < scores_.size(); ++i) {
      scores_[i] = nodes_.prior[i] * (rules_.prior_share + votes_[i]);
    }
    for (std::size_t f = 0; f < forms; ++f) {
      const auto begin = static_cast<std::size_t>(nodes_.node_offsets[f]);
      normalize(scores_.data() + begin, static_cast<std::size_t>(nodes_.node_offsets[f + 1]) - begin);
    }
  }
}

void Ranking::tagme() {
  const std::size_t forms = nodes_.forms(), n = relations_.size();
  voters_ = nodes_.prior;
  for (std::size_t f = 0; f < forms; ++f) {
    const auto begin = static_cast<std::size_t>(nodes_.node_offsets[f]);
    const auto end = static_cast<std::size_t>(nodes_.node_offsets[f + 1]);
    for (std::size_t i = begin; i < end; ++i) {
      if (rules_.tau_for_votes && nodes_.prior[i] < rules_.tau) voters_[i] = 0;
      if (rules_.divide_votes) voters_[i] /= static_cast<double>(end - begin);
    }
  }
  for (std::size_t a = 0; a < forms; ++a) {
    for (std::size_t b = 0; b < forms; ++b) {
      if (!near(a, b)) continue;
      for (auto i = static_cast<std::size_t>(nodes_.node_offsets[a]);
           i < static_cast<std::size_t>(nodes_.node_offsets[a + 1]); ++i) {
        const double* row = relatedness_.data() + static_cast<std::size_t>(place_[i]) * n;
        for (auto j = static_cast<std::size_t>(nodes_.node_offsets[b]);
             j < static_cast<std::size_t>(nodes_.node_offsets[b + 1]); ++j) {
          votes_[i] += voters_[j] * row[place_[j]];
        }
      }
    }
    const auto begin = static_cast<std::size_t>(nodes_.node_offsets[a]);
    const auto count = static_cast<std::size_t>(nodes_.node_offsets[a + 1]) - begin;
    if (std::any_of(votes_.data() + begin, votes_.data() + begin + count,
                    [](double vote) { return vote > 0; })) {
      std::copy_n(votes_.data() + begin, count, scores_.data() + begin);
      normalize(scores_.data() + begin, count);
    }
  }
}

void Ranking::choose(std::size_t form) {
  const auto begin = scores_.begin() + nodes_.node_offsets[form];
  const auto end = scores_.begin() + nodes_.node_offsets[form + 1];
  if (begin == end) return;
  chosen_[form] = static_cast<std::int32_t>(std::max_element(begin, end) - scores_.begin());
}

// TAGME's disambiguation by threshold (section 3.1): of the candidates whose votes come near the
// best, the most common one.
void Ranking::choose_by_threshold(std::size_t form) {
  std::vector<std::int32_t> allowed;
  for (std::int32_t i = nodes_.node_offsets[form]; i < nodes_.node_offsets[form + 1]; ++i) {
    if (nodes_.prior[static_cast<std::size_t>(i)] >= rules_.tau) allowed.push_back(i);
  }
  if (allowed.empty() && nodes_.node_offsets[form] < nodes_.node_offsets[form + 1]) {
    allowed.push_back(nodes_.node_offsets[form]);
  }
  if (allowed.empty()) return;
  const auto vote = [&](std::int32_t i) { return votes_[static_cast<std::size_t>(i)]; };
  std::vector<std::int32_t> by_votes = allowed;
  std::stable_sort(by_votes.begin(), by_votes.end(),
                   [&](std::int32_t a, std::int32_t b) { return vote(a) > vote(b); });
  const double best = vote(by_votes.front());
  if (best <= 0 && allowed.size() > 1 && !rules_.link_without_votes) return;
  std::size_t near_best = by_votes.size();
  if (rules_.epsilon_by_rank) {
    const double share = std::ceil(rules_.epsilon * static_cast<double>(by_votes.size()));
    near_best = std::max<std::size_t>(1, static_cast<std::size_t>(share));
  } else if (best > 0) {
    near_best = 1;
    const double least = (1 - rules_.epsilon) * best;
    while (near_best < by_votes.size() &&
           (vote(by_votes[near_best]) > least || vote(by_votes[near_best]) == best)) {
      ++near_best;
    }
  }
  by_votes.resize(std::min(near_best, by_votes.size()));
  chosen_[form] = *std::min_element(by_votes.begin(), by_votes.end(), [&](auto a, auto b) {
    const double prior_a = nodes_.prior[static_cast<std::size_t>(a)];
    const double prior_b = nodes_.prior[static_cast<std::size_t>(b)];
    return prior_a > prior_b || (prior_a == prior_b && a < b);
  });
}

// The mean relatedness of each chosen entity to those of near forms.
void Ranking::find_coherence(RelationsSpace& space) {
  const std::size_t forms = nodes_.forms();
  coherence_.assign(forms, 0);
  std::vector<std::size_t> at(forms);
  Relations of_chosen;
  const Relations* relations = &relations_;
  if (relations_.shared.empty()) {  // not counted for the ranking
    Different different;
    for (std::size_t f = 0; f < forms; ++f) {
      if (chosen_[f] < 0) continue;
      different.add(nodes_.entities[static_cast<std::size_t>(chosen_[f])]);
      at[f] = static_cast<std::size_t>(different.places.back());
    }
    relate(graph_, std::move(different.entities), true, space, of_chosen);
    relations = &of_chosen;
  } else {
    for (std::size_t f = 0; f < forms; ++f) {
      if (chosen_[f] >= 0) at[f] = static_cast<std::size_t>(place_[static_cast<std::size_t>(chosen_[f])]);
    }
  }
  for (std::size_t a = 0; a < forms; ++a) {
    if (chosen_[a] < 0) continue;
    double sum = 0;
    int others = 0;
    for (std::size_t b = 0; b < forms; ++b) {
      if (!near(a, b) || chosen_[b] < 0) continue;
      sum += relations->milne_witten(at[a], at[b], graph_.pages, rules_.min_shared);
      ++others;
    }
    if (others > 0) coherence_[a] = sum / others;
  }
}

std::vector<Vote> Ranking::votes_for(std::size_t node) const {
  std::vector<Vote> votes;
  if (voters_.empty()) return votes;
  const std::size_t n = relations_.size();
  const auto form = static_cast<std::size_t>(form_of_node_[node]);
  const auto a = static_cast<std::size_t>(place_[node]);
  for (std::size_t other = 0; other < nodes_.nodes(); ++other) {
    if (!near(form, static_cast<std::size_t>(form_of_node_[other]))) continue;
    const auto b = static_cast<std::size_t>(place_[other]);
    Vote vote{static_cast<std::int32_t>(other), voters_[other], 0, 0, 0, 0, 0};
    if (rules_.method == RankingMethod::tagme) {
      vote.related = relatedness_[a * n + b];
    } else if (a == b) {
      vote.same = rules_.same;
    } else {
      vote.link = link_weight(a, b);
      vote.cocitation = related_[a * n + b] - vote.link;
    }
    votes.push_back(vote);
  }
  for (const TitleWords& pair : title_words_) {
    if (static_cast<std::size_t>(pair.a) != node && static_cast<std::size_t>(pair.b) != node) continue;
    const std::int32_t other = static_cast<std::size_t>(pair.a) == node ? pair.b : pair.a;
    for (Vote& vote : votes) {
      if (vote.node == other) vote.title_words = rules_.title_words * pair.cosine;
    }
  }
  std::erase_if(votes, [](const Vote& vote) { return vote.weight * vote.sum() <= 1e-9; });
  std::stable_sort(votes.begin(), votes.end(), [](const Vote& a_, const Vote& b_) {
    return a_.weight * a_.sum() > b_.weight * b_.sum();
  });
  return votes;
}

}  // namespace nlp
