// The training modes: which rows of a sentence meet in a step (word2vec_tile.h).
#pragma once

#include "word2vec_sentence.h"
#include "word2vec_tile.h"

namespace nlp {
namespace {

constexpr std::int64_t loss_every = 256;  // windows: the loss costs logarithms, so it is sampled
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

inline bool shares_negatives(const Word2Vec& model) {
  return model.mode != Word2VecMode::skipgram || model.has_subwords();
}

// The windows of the text, drawn a few ahead of their use so that their rows are on the way.
class Windows {
 public:
  Windows(const Word2Vec& model, const Sentences& text, Random& random, Word2VecWorkspace& space)
      : model_(model), text_(text), random_(random), space_(space),
        room_(model.negatives * (shares_negatives(model) ? 1 : 2 * model.window)) {
    const std::int64_t fitting = prefetch_bytes / (model.stride * 4 * model.negatives);
    ahead_ = static_cast<int>(fitting < 1 ? 1 : fitting > max_ahead - 2 ? max_ahead - 2 : fitting);
    if (!shares_negatives(model)) ahead_ = 1;
    for (int at = 0; at < text.length && at < words_ahead; ++at) prefetch_word(at);
    for (int centre = 0; centre < ahead_; ++centre) prepare(centre);
  }

  // Draws one more window and opens that of `centre`.
  void open(int centre) {
    prepare(centre + ahead_);
    set_bounds(centre);
    negatives = drawn(centre);
  }

  // Fetches the negatives of pair `pair` of the next window: a window of pairs has too many
  // negatives to fetch them all at once.
  [[gnu::always_inline]] void prefetch_next(int centre, int pair) const {
    if (centre + 1 >= text_.length) return;
    const std::int32_t* next = drawn(centre + 1) + pair * model_.negatives;
    for (int i = 0; i < model_.negatives; ++i) prefetch_row(model_.output_row(next[i]), model_.stride);
  }

  int first = 0, last = 0;  // the window, its centre included; a sentence's end is its end
  const std::int32_t* negatives = nullptr;

 private:
  static constexpr int words_ahead = 2;

  std::int32_t* drawn(int centre) const { return space_.drawn + centre % max_ahead * room_; }

  void set_bounds(int centre) {
    const int reach = space_.reach[centre % max_ahead];
    first = centre - reach < text_.first[centre] ? text_.first[centre] : centre - reach;
    last = centre + reach > text_.last[centre] ? text_.last[centre] : centre + reach;
  }

  [[gnu::always_inline]] void prefetch_word(int at) const {
    if (!model_.has_subwords()) prefetch_row(model_.input_row(text_.words[at]), model_.stride);
    prefetch_row(model_.output_row(text_.words[at]), model_.stride);
  }

  void prepare(int centre) {
    if (centre >= text_.length) return;
    if (centre + words_ahead < text_.length) prefetch_word(centre + words_ahead);
    const auto window = static_cast<std::uint32_t>(model_.window);
    space_.reach[centre % max_ahead] = 1 + static_cast<std::int32_t>(random_.below(window));
    std::int32_t* to = drawn(centre);
    if (shares_negatives(model_)) {
      for (int i = 0; i < model_.negatives; ++i) {
        to[i] = draw(model_.alias, model_.vocabulary, random_);
        prefetch_row(model_.output_row(to[i]), model_.stride);
      }
    } else {
      set_bounds(centre);
      for (int i = 0; i < model_.negatives * (last - first); ++i) {
        to[i] = draw(model_.alias, model_.vocabulary, random_);
      }
    }
  }

  const Word2Vec& model_;
  const Sentences& text_;
  Random& random_;
  Word2VecWorkspace& space_;
  int room_;   // for the negatives of one window
  int ahead_;  // windows drawn before they are used
};

inline void set_outputs(const Word2Vec& model, std::int32_t centre, const std::int32_t* negatives,
                        float** out) {
  out[0] = model.output_row(centre);
  for (int r = 0; r < model.negatives; ++r) out[1 + r] = model.output_row(negatives[r]);
}

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
  Windows window(model, text, random, space);
  for (int centre = 0; centre < text.length; ++centre) {
    window.open(centre);
    set_outputs(model, text.words[centre], window.negatives, space.out);
    const bool sample = space.windows++ % loss_every == 0;
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

// A step for n pairs: row in[i] against its own `outputs` rows from out[i * outputs] on.
inline void step_pairs(const Word2Vec& model, int n, Cut cut, float rate, Word2VecWorkspace& space,
                       LossSample& loss, bool sample) {
  const int outputs = 1 + model.negatives;
  float* g = space.gradients;
  for (int i = 0; i < n; ++i) {
    dots_of(space.in + i, 1, space.out + i * outputs, outputs, cut, g + i * outputs);
  }
  gradients_of(g, n, outputs, rate);
  for (int i = 0; i < n; ++i) {
    drop_true_negatives(space.out + i * outputs, outputs, g + i * outputs, 1);
  }
  if (sample) [[unlikely]] sample_loss(g, n, outputs, rate, loss);
  for (int i = 0; i < n; ++i) {
    apply(space.in + i, 1, space.out + i * outputs, outputs, cut, g + i * outputs, space.old,
          model.stride);
  }
}

// Pairs are taken a few at a time, each with its own negatives: their gradients are computed before
// any of them is applied, so that one pair need not wait for the row of the centre that the one
// before it writes.
void skipgram(const Word2Vec& model, const Sentences& text, float rate, Random& random,
              Word2VecWorkspace& space, LossSample& loss) {
  const Cut cut(model.dim);
  const int outputs = 1 + model.negatives;
  Windows window(model, text, random, space);
  for (int centre = 0; centre < text.length; ++centre) {
    window.open(centre);
    const bool sample = space.windows++ % loss_every == 0;
    const int pairs = window.last - window.first;
    for (int begin = 0; begin < pairs; begin += pairs_at_once) {
      const int count = pairs - begin < pairs_at_once ? pairs - begin : pairs_at_once;
      for (int pair = 0; pair < count; ++pair) {
        window.prefetch_next(centre, begin + pair);
        const int at = window.first + begin + pair;
        space.in[pair] = model.input_row(text.words[at < centre ? at : at + 1]);
        set_outputs(model, text.words[centre],
                    window.negatives + (begin + pair) * model.negatives,
                    space.out + pair * outputs);
      }
      step_pairs(model, count, cut, rate, space, loss, sample);
    }
    for (int pair = pairs; pair < 2 * model.window; ++pair) window.prefetch_next(centre, pair);
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
  Windows window(model, text, random, space);
  for (int centre = 0; centre < text.length; ++centre) {
    window.open(centre);
    int n = 0;
    for (int at = window.first; at <= window.last; ++at) {
      space.in[n] = model.input_row(text.words[at]);
      n += at != centre;
    }
    if (n == 0) continue;
    mean_of(space.in, n, mean, stride);
    mean_of(&mean, 1, before, stride);
    set_outputs(model, text.words[centre], window.negatives, space.out);
    step_of(model, &mean, 1, cut, rate, space, loss, space.windows++ % loss_every == 0);
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

// Sub-words: the rows of a word are summed once, when a window first reaches it, and what the
// windows did to the sum is added to the rows once, when the last window has left it.
class SubwordRing {
 public:
  // Three rows per position: what is stepped, what it was, and (for CBOW) the change so far.
  static constexpr int rows = 2;

  SubwordRing(const Word2Vec& model, const Sentences& text, Word2VecWorkspace& space)
      : model_(model), text_(text), size_(2 * model.window + 2), base_(space.hidden) {}

  float* row(int at) const { return base_ + (at % size_) * rows * model_.stride; }
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
      if (entered_ + 3 < text_.length) prefetch(entered_ + 3);
    }
  }

  void sum(int at, float* to) const {
    clear_row(to, model_.stride);
    for (std::int64_t i = begin(at); i < begin(at) + count(at); ++i) {
      add_row(to, model_.input_row(model_.subword_rows[i]), model_.stride);
    }
  }

  void add_to_rows(int at, const float* change) const {
    for (std::int64_t i = begin(at); i < begin(at) + count(at); ++i) {
      add_row(model_.input_row(model_.subword_rows[i]), change, model_.stride);
    }
  }

 private:
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
void skipgram_subwords(const Word2Vec& model, const Sentences& text, float rate, Random& random, Word2VecWorkspace& space, LossSample& loss) {
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
  Windows window(model, text, random, space);
  for (int centre = 0; centre < text.length; ++centre) {
    window.open(centre);
    ring.move(centre - model.window, centre + model.window, enter, leave);
    set_outputs(model, text.words[centre], window.negatives, space.out);
    int n = 0;
    for (int at = window.first; at <= window.last; ++at) {
      if (at != centre) space.in[n++] = ring.row(at);
    }
    if (n == 0) continue;
    step_of(model, space.in, n, cut, rate, space, loss, space.windows++ % loss_every == 0);
  }
  ring.move(text.length, text.length - 1, enter, leave);
}

// CBOW: the mean of all rows of all words of the window; every row gets its whole change, so the
// sum of a word's rows grows by their number times that.
void cbow_subwords(const Word2Vec& model, const Sentences& text, float rate, Random& random, Word2VecWorkspace& space, LossSample& loss) {
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
  Windows window(model, text, random, space);
  float* mean = space.old + stride;  // `old` itself may be needed by the step
  float* change = mean + stride;
  for (int centre = 0; centre < text.length; ++centre) {
    window.open(centre);
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
    set_outputs(model, text.words[centre], window.negatives, space.out);
    step_of(model, &mean, 1, cut, rate, space, loss, space.windows++ % loss_every == 0);
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
