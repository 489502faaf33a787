// The thin Python layer of training word vectors.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "subword_table.h"
#include "word2vec.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

nb::tuple subword_table(const nb::bytes& words, const Array<const std::int64_t>& offsets,
                        int min_char, int max_char, std::uint32_t buckets) {
  nlp::SubwordTable table;
  const std::string_view bytes(words.c_str(), words.size());
  {
    nb::gil_scoped_release unlocked;
    table = nlp::subword_table(bytes, offsets.data(),
                               static_cast<std::int64_t>(offsets.size()) - 1, min_char, max_char,
                               buckets);
  }
  return nb::make_tuple(to_numpy(std::move(table.offsets)), to_numpy(std::move(table.rows)),
                        to_numpy(std::move(table.bucket_ids)));
}

// A checkpoint's numbers: one row per thread, the fields of Word2VecThread as 64 bits each.
constexpr std::size_t thread_fields = 7;

std::vector<nlp::Word2VecThread> threads_of(const Matrix<std::int64_t>& states) {
  std::vector<nlp::Word2VecThread> threads;
  for (std::size_t i = 0; i < states.shape(0); ++i) {
    const std::int64_t* row = states.data() + i * thread_fields;
    threads.push_back({row[0], row[1], row[2], row[3], row[4],
                       std::bit_cast<std::uint64_t>(row[5]), std::bit_cast<double>(row[6])});
  }
  return threads;
}

void put_threads(const std::vector<nlp::Word2VecThread>& threads, std::int64_t* to) {
  for (const nlp::Word2VecThread& thread : threads) {
    const std::int64_t row[thread_fields] = {
        thread.begin, thread.end, thread.position, thread.epoch, thread.pending_words,
        std::bit_cast<std::int64_t>(thread.random), std::bit_cast<std::int64_t>(thread.learning_rate)};
    to = std::copy_n(row, thread_fields, to);
  }
}

nb::ndarray<nb::numpy, std::int64_t> start_threads(const nlp::Word2VecCorpus& corpus, int count,
                                                   std::uint64_t seed) {
  const std::vector<nlp::Word2VecThread> threads = nlp::start_threads(corpus, count, seed);
  std::vector<std::int64_t> states(threads.size() * thread_fields);
  put_threads(threads, states.data());
  return to_numpy(std::move(states), {threads.size(), thread_fields});
}

nlp::Word2Vec word2vec(const std::string& mode, int dim, int window, int negatives, int batch_size,
                       const Matrix<float>& input, const Matrix<float>& output,
                       const Array<const std::uint64_t>& alias,
                       const Array<const std::int64_t>& subword_offsets,
                       const Array<const std::int32_t>& subword_rows) {
  nlp::Word2VecMode kind = nlp::Word2VecMode::batch_skipgram;
  if (mode == "skipgram") kind = nlp::Word2VecMode::skipgram;
  else if (mode == "cbow") kind = nlp::Word2VecMode::cbow;
  else if (mode != "batch_skipgram") throw std::invalid_argument("unknown mode: " + mode);
  const auto stride = static_cast<std::int64_t>(input.shape(1));
  const auto aligned = [](const Matrix<float>& rows) {
    return reinterpret_cast<std::uintptr_t>(rows.data()) % 64 == 0;
  };
  if (stride % 16 != 0 || stride < dim || output.shape(1) != input.shape(1) || !aligned(input) ||
      !aligned(output) || output.shape(0) != alias.size() || input.shape(0) < alias.size()) {
    throw std::invalid_argument("matrices of another shape or alignment");
  }
  const bool subwords = subword_offsets.size() > 0;
  return {kind, dim, stride, window, negatives, batch_size, input.data(), output.data(),
          static_cast<std::uint32_t>(alias.size()), alias.data(),
          subwords ? subword_offsets.data() : nullptr, subwords ? subword_rows.data() : nullptr};
}

nlp::Word2VecCorpus word2vec_corpus(const Array<const std::int32_t>& ids,
                                    const Array<const std::uint32_t>& keep, std::int64_t words,
                                    int epochs, float learning_rate, float decay_power) {
  return {ids.data(),    static_cast<std::int64_t>(ids.size()), keep.data(), words, epochs,
          learning_rate, decay_power};
}

void train_word2vec(const nlp::Word2Vec& model, const nlp::Word2VecCorpus& corpus,
                    const Matrix<std::int64_t>& states, const std::string& instructions,
                    nlp::TrainingExchange& exchange) {
  const nlp::InstructionSet set = instruction_set(instructions);
  std::vector<nlp::Word2VecThread> threads = threads_of(states);
  {
    nb::gil_scoped_release unlocked;
    nlp::train(model, corpus, threads, set, exchange);
  }
  put_threads(threads, states.data());
}

}  // namespace

void bind_word2vec(nb::module_& m) {
  m.attr("LAST_LEARNING_RATE") = nlp::last_learning_rate;
  m.def("alias_table",
        [](const Array<const double>& weights) {
          return to_numpy(nlp::alias_table(weights.data(), weights.size()));
        },
        "weights"_a);
  m.def("subword_table", &subword_table, "words"_a, "offsets"_a, "min_char"_a, "max_char"_a,
        "buckets"_a);
  // Both hold pointers into the arrays, which nanobind keeps alive as long as them.
  nb::class_<nlp::Word2Vec>(m, "Word2Vec");
  nb::class_<nlp::Word2VecCorpus>(m, "Word2VecCorpus")
      .def("learning_rate_after",
           [](const nlp::Word2VecCorpus& corpus, double done) {
             return nlp::learning_rate_after(done, corpus);
           });
  m.def("word2vec", &word2vec, nb::kw_only(), "mode"_a, "dim"_a, "window"_a, "negatives"_a,
        "batch_size"_a, "input"_a.noconvert(),
        "output"_a.noconvert(), "alias"_a.noconvert(), "subword_offsets"_a.noconvert(),
        "subword_rows"_a.noconvert(),
        nb::keep_alive<0, 6>(), nb::keep_alive<0, 7>(), nb::keep_alive<0, 8>(),
        nb::keep_alive<0, 9>(), nb::keep_alive<0, 10>());
  m.def("word2vec_corpus", &word2vec_corpus, nb::kw_only(), "ids"_a.noconvert(),
        "keep"_a.noconvert(), "words"_a, "epochs"_a, "learning_rate"_a, "decay_power"_a,
        nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>());
  nb::class_<nlp::TrainingExchange>(m, "TrainingExchange")
      .def(nb::init<>())
      .def("stop", [](nlp::TrainingExchange& self) { self.stopped = true; })
      .def("go_on",
           [](nlp::TrainingExchange& self, std::int64_t done) {
             self.stopped = false;
             self.done = done;
           },
           "done"_a)
      .def_prop_ro("done", [](const nlp::TrainingExchange& self) { return self.done.load(); })
      .def("take_loss", [](nlp::TrainingExchange& self) {
        const std::int64_t pairs = self.loss_count.exchange(0);
        return std::make_pair(self.loss.exchange(0), pairs);
      });
  m.def("start_threads", &start_threads, "corpus"_a, "count"_a, "seed"_a);
  m.def("train_word2vec", &train_word2vec, "model"_a, "corpus"_a, "states"_a.noconvert(), "instructions"_a,
        "exchange"_a);
}
