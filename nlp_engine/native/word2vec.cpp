#include "word2vec.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "aligned.h"
#include "encoder.h"
#include "own_rows.h"
#include "parallel.h"
#include "word2vec_sentence.h"

namespace nlp {
namespace {

constexpr std::int64_t words_between_reports = 10'000;  // as in word2vec, or fewer:
constexpr std::int64_t least_reports = 1'000;           // of a training

// A few threads have the most frequent words' output rows for themselves (own_rows.h), and merge
// them after every few sentences. What many threads, or a small vocabulary's, do to the same row in
// between would add up to too long a step.
constexpr std::int64_t most_own_floats = 1 << 15;
constexpr std::int64_t words_per_own_word = 256;
constexpr std::size_t most_threads_with_own_words = 4;

// The memory behind a Word2VecWorkspace.
struct Buffers {
  explicit Buffers(const Word2Vec& model)
      : rows(std::max({2 * model.window, model.batch_size, pairs_at_once * pair_groups}) + 1),
        in(static_cast<std::size_t>(rows)),
        out(static_cast<std::size_t>(pairs_at_once * pair_groups * (1 + model.negatives))),
        reach(max_ahead),
        drawn(static_cast<std::size_t>(max_ahead * model.negatives)),
        gradients(aligned_floats(std::int64_t{rows} * (1 + model.negatives) + 32)),
        old(aligned_floats((rows + 2) * model.stride)),
        hidden(aligned_floats((4 * model.window + 4) * model.stride)) {}

  Word2VecWorkspace workspace() {
    return {in.data(),  out.data(),   gradients.get(), old.get(),
            hidden.get(), reach.data(), drawn.data()};
  }

  int rows;
  std::vector<float*> in, out;
  std::vector<std::int32_t> reach, drawn;
  AlignedFloats gradients, old, hidden;
};

int own_words(const Word2Vec& model, std::size_t threads) {
  if (model.mode != Word2VecMode::skipgram || model.has_subwords()) return 0;  // others gain nothing
  if (threads < 2 || threads > most_threads_with_own_words) return 0;
  const std::int64_t words = model.vocabulary / words_per_own_word;
  return static_cast<int>(std::min(words, most_own_floats / model.stride));
}

// Reads a thread's part sentence by sentence and keeps the shared counters up to date.
class Reader {
 public:
  Reader(const Word2VecCorpus& corpus, Word2VecThread& thread, TrainingExchange& exchange)
      : corpus_(corpus), thread_(thread), exchange_(exchange), random{thread.random} {}

  ~Reader() { thread_.random = random.state; }

  // The next sentences after sub-sampling; false at the end of the last epoch.
  bool next(Sentences& text) {
    text.length = 0;
    if (thread_.begin == thread_.end) thread_.epoch = corpus_.epochs;  // more threads than lines
    while (text.length < Sentences::enough) {
      if (thread_.position >= thread_.end) {
        if (text.length > 0) return true;
        ++thread_.epoch;
        thread_.position = thread_.begin;
      }
      if (thread_.epoch >= corpus_.epochs) return false;
      add_sentence(text);
    }
    return true;
  }

  // Tells the exchange every few thousand words, and lowers the learning rate as all threads go on.
  void report(LossSample& loss) {
    const std::int64_t all = corpus_.words * corpus_.epochs;
    if (thread_.pending_words < std::min(words_between_reports, all / least_reports)) return;
    flush(loss);
    const double done =
        static_cast<double>(exchange_.done.load()) / static_cast<double>(all);
    thread_.learning_rate = learning_rate_after(done, corpus_);
  }

  void flush(LossSample& loss) {
    exchange_.done.fetch_add(thread_.pending_words);
    exchange_.loss.fetch_add(loss.loss);
    exchange_.loss_count.fetch_add(loss.pairs);
    thread_.pending_words = 0;
    loss = {};
  }

 private:
  // Adds what is kept of a line, or of 1000 of its words; a word alone has no context.
  void add_sentence(Sentences& text) {
    const int first = text.length;
    int at = first;
    std::int64_t position = thread_.position;
    std::int64_t read = 0;
    while (position < thread_.end && at - first < max_sentence_words) {
      const std::int32_t id = corpus_.ids[position++];
      if (id == line_end) break;
      ++read;
      text.words[at] = id;
      at += random.next32() <= corpus_.keep[id];
    }
    thread_.position = position;
    thread_.pending_words += read;
    if (at - first < 2) return;
    for (int i = first; i < at; ++i) {
      text.first[i] = first;
      text.last[i] = at - 1;
    }
    text.length = at;
  }

  const Word2VecCorpus& corpus_;
  Word2VecThread& thread_;
  TrainingExchange& exchange_;

 public:
  Random random;
};

void run(const Word2Vec& shared, const Word2VecCorpus& corpus, Word2VecThread& thread,
         int own_words, TrainSentences train_sentences, TrainingExchange& exchange) {
  OwnRows own(shared.output, own_words * shared.stride, exchange.merging);
  Word2Vec model = shared;
  model.own_words = own_words;
  model.own_output = own.rows();
  Buffers buffers(model);
  Word2VecWorkspace space = buffers.workspace();
  Reader reader(corpus, thread, exchange);
  LossSample loss;
  const auto text = std::make_unique<Sentences>();
  bool more = true;
  while (!exchange.stopped.load(std::memory_order_relaxed) && (more = reader.next(*text))) {
    train_sentences(model, *text, static_cast<float>(thread.learning_rate), reader.random, space,
                    loss);
    own.merge();
    reader.report(loss);
  }
  if (!more) reader.flush(loss);
}

TrainSentences sentences_for(InstructionSet set, const Word2Vec& model) {
#if defined(NLP_X86)
  if (set == InstructionSet::avx512) return sentences_avx512(model);
  if (set == InstructionSet::avx2) return sentences_avx2(model);
#endif
  (void)set;
  return sentences_baseline(model);
}

}  // namespace

double learning_rate_after(double done, const Word2VecCorpus& corpus) {
  const double left = std::pow(std::max(1.0 - done, 0.0), corpus.decay_power);
  return corpus.learning_rate * std::max(left, last_learning_rate);
}

std::vector<std::uint64_t> alias_table(const double* weights, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += weights[i];
  std::vector<double> share(count);
  std::vector<std::size_t> small, large;
  for (std::size_t i = 0; i < count; ++i) {
    share[i] = weights[i] * static_cast<double>(count) / sum;
    (share[i] < 1 ? small : large).push_back(i);
  }
  constexpr double whole = 4294967296.0;
  std::vector<std::uint64_t> table(count);
  for (std::size_t i = 0; i < count; ++i) table[i] = (std::uint64_t{0xffffffff} << 32) | i;
  while (!small.empty() && !large.empty()) {
    const std::size_t low = small.back(), high = large.back();
    small.pop_back();
    table[low] = (static_cast<std::uint64_t>(share[low] * whole) << 32) | high;
    share[high] -= 1 - share[low];
    if (share[high] < 1) {
      large.pop_back();
      small.push_back(high);
    }
  }
  return table;
}

std::vector<Word2VecThread> start_threads(const Word2VecCorpus& corpus, int count,
                                          std::uint64_t seed) {
  std::vector<Word2VecThread> threads;
  std::int64_t begin = 0;
  for (int i = 0; i < count; ++i) {
    std::int64_t end = corpus.size * (i + 1) / count;
    end = std::max(begin, end);
    const std::int64_t reach = std::min(corpus.size, end + max_sentence_words);
    std::int64_t at = end;
    while (at < reach && at > 0 && corpus.ids[at - 1] != line_end) ++at;
    if (at < reach || reach == corpus.size) end = at;
    if (i + 1 == count) end = corpus.size;
    const std::uint64_t state = mixed(mixed(seed) + static_cast<std::uint64_t>(i));
    threads.push_back({begin, end, begin, 0, 0, state == 0 ? 1 : state, corpus.learning_rate});
    begin = end;
  }
  return threads;
}

void train(const Word2Vec& model, const Word2VecCorpus& corpus,
           std::vector<Word2VecThread>& threads, InstructionSet instructions,
           TrainingExchange& exchange) {
  const TrainSentences train_sentences = sentences_for(instructions, model);
  const int own = own_words(model, threads.size());
  for_each_item(threads, [&](Word2VecThread& thread) {
    try {
      run(model, corpus, thread, own, train_sentences, exchange);
    } catch (...) {
      exchange.stopped = true;  // the other threads need not go on
      throw;
    }
  });
}

}  // namespace nlp
