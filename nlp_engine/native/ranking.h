// Ranking: which entity each form of a text means.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "entity_graph.h"
#include "spotter.h"

namespace nlp {

// Candidate entities of forms, by falling count within a form.
struct Candidates {
  const std::uint32_t* offsets = nullptr;  // (forms + 1)
  const std::int32_t* entities = nullptr;
  const std::uint32_t* counts = nullptr;  // links from the form to the entity
  std::int64_t forms = 0;
};

// What the prior of some entities is multiplied by, and that of all others; 0 takes them out.
struct Factors {
  const std::int32_t* entities = nullptr;  // rising
  const double* factors = nullptr;
  std::int64_t count = 0;
  double others = 1;

  double of(std::int32_t entity) const;
};

enum class RankingMethod { commonness, tagme, collective };

struct RankingRules {
  RankingMethod method = RankingMethod::collective;
  int window = 30;          // mentions: see find_near_forms
  int max_candidates = 30;  // of a form, the most frequent ones
  int min_links = 0;        // candidates that a form links to less often are left out
  // Of `collective` (`weigh_relations` says what they weigh):
  double prior_share = 0.15;
  int passes = 2;
  double same = 0.5;
  double link = 1;
  double cocitation = 1;
  double title_words = 0.1;
  double added_count = 0.1;      // to each candidate's links
  double title_bonus = 2;        // if the form is the whole title
  double in_degree_power = 0.1;  // the prior of forms that are never links
  // Of `tagme`:
  double epsilon = 0.3;
  bool epsilon_by_rank = false;
  double tau = 0.02;
  bool tau_for_votes = false;
  bool divide_votes = true;
  double min_shared = 1;
  bool direct_links = false;
  bool link_without_votes = false;
};

// The distinct forms of a stretch of text, where they stand, and their candidates, side by side.
// Form f stands at mentions positions[position_offsets[f] .. position_offsets[f + 1]) and has the
// candidates node_offsets[f] .. node_offsets[f + 1].
struct FormNodes {
  std::vector<std::string> keys;
  std::vector<std::int32_t> position_offsets{0}, positions;
  std::vector<std::int32_t> node_offsets{0};
  std::vector<std::int32_t> entities;
  std::vector<std::uint32_t> counts;
  std::vector<double> commonness;
  std::vector<double> prior;  // adds up to 1 within a form

  std::size_t forms() const { return keys.size(); }
  std::size_t nodes() const { return entities.size(); }
};

// Gathers the forms of mentions, which are given by their forms' ids, those of `added` behind those of
// `base`. `form_of` then has, for each mention, the number of its form in the result.
FormNodes gather(const Forms& base, const Candidates& candidates, const Forms* added,
                 const Candidates* added_candidates, const EntityGraph& graph,
                 std::span<const std::int64_t> mentions, const RankingRules& rules,
                 const Factors& factors, std::vector<std::int32_t>& form_of);

// Sets the prior of the nodes from first on, those of one form, by the rules' method, and lets them
// add up to 1.
void set_prior(const EntityGraph& graph, const RankingRules& rules, const Factors& factors,
               FormNodes& nodes, std::size_t first, std::string_view key);

// What a voter gives.
struct Vote {
  std::int32_t node;  // the voter
  double weight;      // its own share
  double link, cocitation, title_words, same, related;  // how it hangs together with the candidate
  double sum() const { return link + cocitation + title_words + same + related; }
};

class Ranking {
 public:
  Ranking(const EntityGraph& graph, FormNodes nodes, const RankingRules& rules,
          RelationsSpace& space);

  const FormNodes& nodes() const { return nodes_; }
  const std::vector<std::int32_t>& chosen() const { return chosen_; }     // (forms) node or -1
  const std::vector<double>& scores() const { return scores_; }           // (nodes)
  const std::vector<double>& votes() const { return votes_; }             // (nodes)
  const std::vector<double>& coherence() const { return coherence_; }     // (forms)

  // The votes for a node, largest first.
  std::vector<Vote> votes_for(std::size_t node) const;

 private:
  bool near(std::size_t a, std::size_t b) const { return near_[a * nodes_.forms() + b] != 0; }
  void find_near_forms();
  void relate_nodes(RelationsSpace& space);
  void find_title_words();
  void weigh_relations();
  double link_weight(std::size_t a, std::size_t b) const;
  void collective();
  void tagme();
  void choose(std::size_t form);
  void choose_by_threshold(std::size_t form);
  void find_coherence(RelationsSpace& space);

  const EntityGraph& graph_;
  FormNodes nodes_;
  RankingRules rules_;
  std::vector<std::int32_t> form_of_node_;
  std::vector<std::uint8_t> near_;  // (forms, forms)
  Relations relations_;             // of the different entities
  std::vector<std::int32_t> place_;  // (nodes) in `relations_`
  std::vector<double> hub_;         // (entities) the share of all pages that link to each, as logs
  std::vector<float> related_;      // (entities, entities) of `collective`
  std::vector<double> relatedness_;  // (entities, entities) of `tagme`
  struct TitleWords {
    std::int32_t a, b;  // nodes, a < b
    float cosine;
  };
  std::vector<TitleWords> title_words_;
  std::vector<double> voters_;  // (nodes) what each voter's share was in the last pass
  std::vector<double> scores_, votes_, coherence_;
  std::vector<std::int32_t> chosen_;
};

}  // namespace nlp
