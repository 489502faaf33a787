// The training modes: which rows of a sentence meet in a step (word2vec_tile.h).
#pragma once

#include "word2vec_sentence.h"
#include "word2vec_tile.h"

namespace nlp {
namespace {

constexpr std::int64_t loss_every = 256;  // steps: the loss costs logarithms, so it is sampled
constexpr int prefetch_bytes = 14 << 10;  // of rows to be fetched ahead: part of the L1 cache

// Jumps into a row of prefetches: most rows are short, and a loop would cost as much again.
// Always inlined: GCC takes a function that only prefetches for one without effect.
[[gnu::always_inline]] inline void prefetch_row(const float* row, std::int64_t stride) {
  std::int64_t lines = stride / 16;
  for (; lines > 8; lines -= 8, row += 8 * 16) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) __builtin_prefetch(row + 16 * i, 1, 3);
  }
  switch (lines) {
    case 8: __builtin_prefetch(row + 16 * 7, 1, 3); [[fallthrough]];
    case 7: __builtin_prefetch(row + 16 * 6, 1, 3); [[fallthrough]];
    case 6: __builtin_prefetch(row + 16 * 5, 1, 3); [[fallthrough]];
    case 5: __builtin_prefetch(row + 16 * 4, 1, 3); [[fallthrough]];
    case 4: __builtin_prefetch(row + 16 * 3, 1, 3); [[fallthrough]];
    case 3: __builtin_prefetch(row + 16 * 2, 1, 3); [[fallthrough]];
    case 2: __builtin_prefetch(row + 16 * 1, 1, 3); [[fallthrough]];
    default: __builtin_prefetch(row, 1, 3);
  }
}

[[gnu::always_inline]] inline float* fetch_output(const Word2Vec& model, std::int32_t word) {
  float* row = model.output_row(word);
  prefetch_row(row, model.stride);
  return row;
}

struct Window {
  int first, last;  // its centre included; a sentence's end is its end
};

inline Window window_at(const Sentences& text, int centre, int reach) {
  const int first = centre - reach < text.first[centre] ? text.first[centre] : centre - reach;
  const int last = centre + reach > text.last[centre] ? text.last[centre] : centre + reach;
  return {first, last};
}

inline int draw_reach(const Word2Vec& model, Random& random) {
  return 1 + static_cast<int>(random.below(static_cast<std::uint32_t>(model.window)));
}

// The windows of the text, drawn a few ahead of their use so that their rows are on the way.
class Windows {
 public:
  Windows(const Word2Vec& model, const Sentences& text, Random& random, Word2VecWorkspace& space)
      : model_(model), text_(text), random_(random), space_(space) {
    const std::int64_t fitting = prefetch_bytes / (model.stride * 4 * model.negatives);
    ahead_ = static_cast<int>(fitting < 1 ? 1 : fitting > max_ahead - 2 ? max_ahead - 2 : fitting);
    for (int at = 0; at < text.length && at < words_ahead; ++at) prefetch_word(at);
    for (int centre = 0; centre < ahead_; ++centre) prepare(centre);
  }

  // Draws one more window, gives that of `centre`, and puts its rows into `space.out`.
  Window open(int centre) {
    prepare(centre + ahead_);
    const int slot = centre % max_ahead;
    const std::int32_t* negatives = space_.drawn + slot * model_.negatives;
    space_.out[0] = model_.output_row(text_.words[centre]);
    for (int r = 0; r < model_.negatives; ++r) {
      space_.out[1 + r] = model_.output_row(negatives[r]);
    }
    return window_at(text_, centre, space_.reach[slot]);
  }

 private:
  static constexpr int words_ahead = 2;

  [[gnu::always_inline]] void prefetch_word(int at) const {
    if (!model_.has_subwords()) prefetch_row(model_.input_row(text_.words[at]), model_.stride);
    prefetch_row(model_.output_row(text_.words[at]), model_.stride);
  }

  void prepare(int centre) {
    if (centre >= text_.length) return;
    if (centre + words_ahead < text_.length) prefetch_word(centre + words_ahead);
    const int slot = centre % max_ahead;
    space_.reach[slot] = draw_reach(model_, random_);
    std::int32_t* drawn = space_.drawn + slot * model_.negatives;
    for (int i = 0; i < model_.negatives; ++i) {
      drawn[i] = draw(model_.alias, model_.vocabulary, random_);
      prefetch_row(model_.output_row(drawn[i]), model_.stride);
    }
  }

  const Word2Vec& model_;
  const Sentences& text_;
  Random& random_;
  Word2VecWorkspace& space_;
  int ahead_;  // windows drawn before they are used
};

inline void sample_loss(const float* g, int n, int outputs, float rate, LossSample& loss) {
  loss.loss += loss_of(g, n * outputs, rate);
  loss.pairs += n;
}

// One step of gradient ascent for n rows against the rows of `space.out`, the first of which is the
// true one. All gradients are taken from the rows as they were before the step.
inline void step_of(const Word2Vec& model, float* const* in, int n, Cut cut, float rate,
                    Word2VecWorkspace& space, LossSample& loss, bool sample) {
  const int outputs = 1 + model.negatives;
  float* g = space.gradients;
  dots_of(in, n, space.out, outputs, cut, g);
  gradients_of(g, n, outputs, rate);
  drop_true_negatives(space.out, outputs, g, n);
  if (sample) [[unlikely]] sample_loss(g, n, outputs, rate, loss);
  apply(in, n, space.out, outputs, cut, g, space.old, model.stride);
}

void batch_skipgram(const Word2Vec& model, const Sentences& text, float rate, Random& random,
                    Word2VecWorkspace& space, LossSample& loss) {
  const Cut cut(model.dim);
  Windows windows(model, text, random, space);
  for (int centre = 0; centre < text.length; ++centre) {
    const Window window = windows.open(centre);
    const bool sample = space.steps++ % loss_every == 0;
    int n = 0;
    for (int at = window.first; at <= window.last; ++at) {
      space.in[n] = model.input_row(text.words[at]);
      n += at != centre;
      if (n == model.batch_size) {
        step_of(model, space.in, n, cut, rate, space, loss, sample);
        n = 0;
      }
    }
    if (n > 0) step_of(model, space.in, n, cut, rate, space, loss, sample);
  }
}

// The pairs of words of the text, a few at a time, each with negatives of its own.
class Pairs {
 public:
  Pairs(const Word2Vec& model, const Sentences& text, Random& random)
      : model_(model), text_(text), random_(random) {}

  // Draws up to `pairs_at_once` pairs and fetches their rows: the context's into `in`, the centre's
  // and the negatives' into `out`. Gives their number; 0 at the end of the text.
  int next(float** in, float** out) {
    for (int pair = 0; pair < pairs_at_once; ++pair) {
      if (!advance()) return pair;
      in[pair] = model_.input_row(text_.words[at_]);
      prefetch_row(in[pair], model_.stride);
      *out++ = model_.output_row(text_.words[centre_]);
      for (int i = 0; i < model_.negatives; ++i) {
        *out++ = fetch_output(model_, draw(model_.alias, model_.vocabulary, random_));
      }
    }
    return pairs_at_once;
  }

 private:
  bool advance() {
    if (++at_ == centre_) ++at_;
    while (at_ > window_.last) {
      if (++centre_ >= text_.length) return false;
      window_ = window_at(text_, centre_, draw_reach(model_, random_));
      at_ = window_.first == centre_ ? centre_ + 1 : window_.first;
    }
    return true;
  }

  const Word2Vec& model_;
  const Sentences& text_;
  Random& random_;
  int centre_ = -1, at_ = -1;
  Window window_{0, -1};
};

// A step for n pairs: row in[i] against its own `outputs` rows from out[i * outputs] on.
inline void step_pairs(const Word2Vec& model, float* const* in, int n, float* const* out, Cut cut,
                       float rate, Word2VecWorkspace& space, LossSample& loss, bool sample) {
  const int outputs = 1 + model.negatives;
  float* g = space.gradients;
  for (int i = 0; i < n; ++i) {
    dots_of(in + i, 1, out + i * outputs, outputs, cut, g + i * outputs);
  }
  gradients_of(g, n, outputs, rate);
  for (int i = 0; i < n; ++i) drop_true_negatives(out + i * outputs, outputs, g + i * outputs, 1);
  if (sample) [[unlikely]] sample_loss(g, n, outputs, rate, loss);
  for (int i = 0; i < n; ++i) {
    apply(in + i, 1, out + i * outputs, outputs, cut, g + i * outputs, space.old, model.stride);
  }
}

// Pairs are taken a few at a time: their gradients are computed before any of them is applied, so
// that one pair need not wait for the row of the centre that the one before it writes.
void skipgram(const Word2Vec& model, const Sentences& text, float rate, Random& random,
              Word2VecWorkspace& space, LossSample& loss) {
  const Cut cut(model.dim);
  const auto in_of = [&](int group) { return space.in + group % pair_groups * pairs_at_once; };
  const auto out_of = [&](int group) {
    return space.out + group % pair_groups * pairs_at_once * (1 + model.negatives);
  };
  Pairs pairs(model, text, random);
  int counts[pair_groups];
  for (int group = 0; group + 1 < pair_groups; ++group) {
    counts[group] = pairs.next(in_of(group), out_of(group));
  }
  for (int group = 0; counts[group % pair_groups] > 0; ++group) {
    const int later = group + pair_groups - 1;
    counts[later % pair_groups] = pairs.next(in_of(later), out_of(later));
    step_pairs(model, in_of(group), counts[group % pair_groups], out_of(group), cut, rate, space,
               loss, space.steps++ % loss_every == 0);
  }
}

// The mean of n rows, chunk by chunk: sums stay in registers.
inline void mean_of(float* const* rows, int n, float* mean, std::int64_t stride) {
  const Lane share = spread(1.f / static_cast<float>(n));
  for (std::int64_t k = 0; k < stride; k += lanes) {
    Lane sum = load(rows[0] + k);
    for (int i = 1; i < n; ++i) sum += load(rows[i] + k);
    store(mean + k, sum * share);
  }
}

// Adds what became of `before` to n rows.
inline void add_change(float* const* rows, int n, const float* now, const float* before,
                       std::int64_t stride) {
  for (std::int64_t k = 0; k < stride; k += lanes) {
    const Lane change = load(now + k) - load(before + k);
    for (int i = 0; i < n; ++i) store(rows[i] + k, load(rows[i] + k) + change);
  }
}

// The mean is stepped in place; its whole change then belongs to every word of the window.
void cbow(const Word2Vec& model, const Sentences& text, float rate, Random& random,
          Word2VecWorkspace& space, LossSample& loss) {
  const Cut cut(model.dim);
  const std::int64_t stride = model.stride;
  float* mean = space.hidden;
  float* before = space.hidden + stride;
  Windows windows(model, text, random, space);
  for (int centre = 0; centre < text.length; ++centre) {
    const Window window = windows.open(centre);
    int n = 0;
    for (int at = window.first; at <= window.last; ++at) {
      space.in[n] = model.input_row(text.words[at]);
      n += at != centre;
    }
    if (n == 0) continue;
    mean_of(space.in, n, mean, stride);
    __builtin_memcpy(before, mean, static_cast<std::size_t>(stride) * sizeof(float));
    step_of(model, &mean, 1, cut, rate, space, loss, space.steps++ % loss_every == 0);
    add_change(space.in, n, mean, before, stride);
  }
}

inline void add_row(float* to, const float* from, std::int64_t stride) {
  for (std::int64_t k = 0; k < stride; k += lanes) store(to + k, load(to + k) + load(from + k));
}

inline void scale_row(float* to, const float* from, float factor, std::int64_t stride) {
  const Lane factors = spread(factor);
  for (std::int64_t k = 0; k < stride; k += lanes) store(to + k, load(from + k) * factors);
}

inline void clear_row(float* row, std::int64_t stride) {
  __builtin_memset(row, 0, static_cast<std::size_t>(stride) * sizeof(float));
}

// The input rows that make up a word.
struct RowList {
  const Word2Vec& model;
  const std::int32_t* rows;
  std::int64_t count;
};

// C lanes of the sum of many rows, from float k on: the sums stay in registers.
struct SumBlock {
  template <int C>
  static void run(const RowList& list, float* to, std::int64_t k) {
    Lane sum[C] = {};
    for (std::int64_t i = 0; i < list.count; ++i) {
      const float* row = list.model.input_row(list.rows[i]) + k;
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) sum[c] += load(row + c * lanes);
    }
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) store(to + k + c * lanes, sum[c]);
  }
};

// Adds C lanes of `change` to many rows.
struct AddBlock {
  template <int C>
  static void run(const RowList& list, const float* change, std::int64_t k) {
    Lane add[C];
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) add[c] = load(change + k + c * lanes);
    for (std::int64_t i = 0; i < list.count; ++i) {
      float* row = list.model.input_row(list.rows[i]) + k;
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) store(row + c * lanes, load(row + c * lanes) + add[c]);
    }
  }
};

// Runs a block over rows of `stride` floats, up to 8 lanes at a time.
template <typename Block, typename Row>
inline void for_blocks(std::int64_t stride, const RowList& list, Row row) {
  for (std::int64_t k = 0; k < stride; k += 8 * lanes) {
    switch ((stride - k) / lanes) {
      case 1: Block::template run<1>(list, row, k); break;
      case 2: Block::template run<2>(list, row, k); break;
      case 3: Block::template run<3>(list, row, k); break;
      case 4: Block::template run<4>(list, row, k); break;
      case 5: Block::template run<5>(list, row, k); break;
      case 6: Block::template run<6>(list, row, k); break;
      case 7: Block::template run<7>(list, row, k); break;
      default: Block::template run<8>(list, row, k);
    }
  }
}

// Sub-words: the rows of a word are summed once, when a window first reaches it, and what the
// windows did to the sum is added to the rows once, when the last window has left it.
class SubwordRing {
 public:
  static constexpr int rows_each = 2;      // per position: what for, the modes say
  static constexpr int fetched_ahead = 8;  // positions whose rows are on their way

  SubwordRing(const Word2Vec& model, const Sentences& text, Word2VecWorkspace& space)
      : model_(model), text_(text), size_(2 * model.window + 2), base_(space.hidden) {}

  float* row(int at) const { return base_ + (at % size_) * rows_each * model_.stride; }
  float* other_row(int at) const { return row(at) + model_.stride; }
  std::int64_t count(int at) const {
    return model_.subword_offsets[text_.words[at] + 1] - begin(at);
  }

  // Lets positions up to `last` in and those before `first` out.
  template <typename Enter, typename Leave>
  void move(int first, int last, Enter enter, Leave leave) {
    while (left_ < first && left_ < entered_) leave(*this, left_++);
    for (; entered_ <= last && entered_ < text_.length; ++entered_) {
      enter(*this, entered_);
      if (entered_ + fetched_ahead < text_.length) prefetch(entered_ + fetched_ahead);
    }
  }

  void sum(int at, float* to) const {
    for_blocks<SumBlock>(model_.stride, {model_, rows(at), count(at)}, to);
  }

  void add_to_rows(int at, const float* change) const {
    for_blocks<AddBlock>(model_.stride, {model_, rows(at), count(at)}, change);
  }

 private:
  const std::int32_t* rows(int at) const { return model_.subword_rows + begin(at); }
  std::int64_t begin(int at) const { return model_.subword_offsets[text_.words[at]]; }
  [[gnu::always_inline]] void prefetch(int at) const {
    for (std::int64_t i = begin(at); i < begin(at) + count(at); ++i) {
      prefetch_row(model_.input_row(model_.subword_rows[i]), model_.stride);
    }
  }

  const Word2Vec& model_;
  const Sentences& text_;
  int size_;
  float* base_;
  int entered_ = 0, left_ = 0;
};

// Skip-gram: a word's vector is the mean of its rows; every row gets the whole change of the mean.
void skipgram_subwords(const Word2Vec& model, const Sentences& text, float rate, Random& random,
                       Word2VecWorkspace& space, LossSample& loss) {
  const Cut cut(model.dim);
  const std::int64_t stride = model.stride;
  const auto enter = [stride](const SubwordRing& ring, int at) {
    ring.sum(at, ring.row(at));
    scale_row(ring.row(at), ring.row(at), 1.f / static_cast<float>(ring.count(at)), stride);
    scale_row(ring.other_row(at), ring.row(at), -1.f, stride);
  };
  const auto leave = [stride](const SubwordRing& ring, int at) {
    add_row(ring.other_row(at), ring.row(at), stride);
    ring.add_to_rows(at, ring.other_row(at));
  };
  SubwordRing ring(model, text, space);
  Windows windows(model, text, random, space);
  for (int centre = 0; centre < text.length; ++centre) {
    const Window window = windows.open(centre);
    ring.move(centre - model.window, centre + model.window, enter, leave);
    int n = 0;
    for (int at = window.first; at <= window.last; ++at) {
      if (at != centre) space.in[n++] = ring.row(at);
    }
    if (n == 0) continue;
    step_of(model, space.in, n, cut, rate, space, loss, space.steps++ % loss_every == 0);
  }
  ring.move(text.length, text.length - 1, enter, leave);
}

// CBOW: the mean of all rows of all words of the window; every row gets its whole change, so the
// sum of a word's rows grows by their number times that.
void cbow_subwords(const Word2Vec& model, const Sentences& text, float rate, Random& random,
                   Word2VecWorkspace& space, LossSample& loss) {
  const Cut cut(model.dim);
  const std::int64_t stride = model.stride;
  const auto enter = [stride](const SubwordRing& ring, int at) {
    ring.sum(at, ring.row(at));
    clear_row(ring.other_row(at), stride);
  };
  const auto leave = [](const SubwordRing& ring, int at) {
    ring.add_to_rows(at, ring.other_row(at));
  };
  SubwordRing ring(model, text, space);
  Windows windows(model, text, random, space);
  float* mean = space.old + stride;  // `old` itself may be needed by the step
  float* change = mean + stride;
  for (int centre = 0; centre < text.length; ++centre) {
    const Window window = windows.open(centre);
    ring.move(centre - model.window, centre + model.window, enter, leave);
    if (window.first == window.last) continue;
    clear_row(mean, stride);
    std::int64_t count = 0;
    for (int at = window.first; at <= window.last; ++at) {
      if (at == centre) continue;
      add_row(mean, ring.row(at), stride);
      count += ring.count(at);
    }
    scale_row(mean, mean, 1.f / static_cast<float>(count), stride);
    scale_row(change, mean, -1.f, stride);
    step_of(model, &mean, 1, cut, rate, space, loss, space.steps++ % loss_every == 0);
    add_row(change, mean, stride);
    for (int at = window.first; at <= window.last; ++at) {
      if (at == centre) continue;
      add_row(ring.other_row(at), change, stride);
      const Lane factor = spread(static_cast<float>(ring.count(at)));
      float* sum = ring.row(at);
      for (std::int64_t k = 0; k < stride; k += lanes) {
        store(sum + k, load(sum + k) + factor * load(change + k));
      }
    }
  }
  ring.move(text.length, text.length - 1, enter, leave);
}

inline TrainSentences sentences_of(const Word2Vec& model) {
  if (model.mode == Word2VecMode::cbow) return model.has_subwords() ? cbow_subwords : cbow;
  if (model.has_subwords()) return skipgram_subwords;
  return model.mode == Word2VecMode::skipgram ? skipgram : batch_skipgram;
}

}  // namespace
}  // namespace nlp
