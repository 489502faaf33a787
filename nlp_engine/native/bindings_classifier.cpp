// The thin Python layer of text classification.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "arrays.h"
#include "bindings.h"
#include "classifier.h"
#include "json_texts.h"
#include "line_features.h"
#include "lone_buckets.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

void make_features(nlp::LineFeatures* self, const nb::bytes& entries,
                   const Array<const std::int64_t>& offsets, std::int32_t words, int word_ngrams,
                   std::uint32_t buckets, int min_char, int max_char,
                   const std::optional<Array<const std::int32_t>>& kept) {
  std::vector<std::int32_t> kept_buckets;
  if (kept) kept_buckets.assign(kept->data(), kept->data() + kept->size());
  const auto count = static_cast<std::int32_t>(offsets.size()) - 1;
  check(words <= count && buckets > 0, "there must be buckets, and no more words than entries");
  new (self) nlp::LineFeatures({entries.c_str(), entries.size()}, offsets.data(), words, count,
                               {word_ngrams, buckets, min_char, max_char},
                               kept ? &kept_buckets : nullptr);
}

nb::dict read_examples(const nlp::LineFeatures& self, const Array<const std::uint8_t>& text,
                       int threads) {
  nlp::Examples found;
  {
    nb::gil_scoped_release unlocked;
    found = nlp::read_examples(self, text.data(), text.size(), threads);
  }
  nb::dict out;
  out["rows"] = to_numpy(std::move(found.rows));
  out["row_offsets"] = to_numpy(std::move(found.row_offsets));
  out["labels"] = to_numpy(std::move(found.labels));
  out["label_offsets"] = to_numpy(std::move(found.label_offsets));
  out["unknown_labels"] = to_numpy(std::move(found.unknown_labels));
  out["tokens"] = found.tokens;
  return out;
}

nb::tuple read_line(const nlp::LineFeatures& self, std::string_view text) {
  nlp::LineFeatures::Line line;
  line.spans = true;
  self.read_text(text, line);
  return nb::make_tuple(to_numpy(std::move(line.rows)), to_numpy(std::move(line.first)),
                        to_numpy(std::move(line.last)));
}

nlp::ClassifierMatrix dense(const MatrixBytes& rows) { return {rows_of(rows), {}, false}; }

using Bytes = Array<const std::uint8_t>;

nlp::ClassifierMatrix quantized(std::size_t dim, std::size_t part_dim,
                                const Matrix<const std::uint8_t>& codes, const Bytes& centroids,
                                const std::optional<Bytes>& norm_codes,
                                const std::optional<Bytes>& norm_centroids) {
  nlp::QuantizedRows rows{codes.shape(0), dim, part_dim, codes.data(), centroids.data(),
                          norm_codes ? norm_codes->data() : nullptr,
                          norm_codes ? norm_centroids->data() : nullptr};
  check(part_dim > 0 && codes.shape(1) == rows.parts() && centroids.size() == 1024 * dim,
        "codes and centroids do not fit each other");
  check(!norm_codes || (norm_codes->size() == rows.count && norm_centroids->size() == 1024),
        "norms do not fit the codes");
  return {{}, rows, true};
}

nlp::ClassifierLoss loss_of(const std::string& name) {
  if (name == "softmax") return nlp::ClassifierLoss::softmax;
  if (name == "hierarchical_softmax") return nlp::ClassifierLoss::hierarchical_softmax;
  check(name == "one_vs_all", "the loss is softmax, one_vs_all or hierarchical_softmax");
  return nlp::ClassifierLoss::one_vs_all;
}

void make_model(nlp::ClassifierModel* self, const nlp::ClassifierMatrix& input,
                const nlp::ClassifierMatrix& output, const std::string& loss,
                const Array<const std::int64_t>& label_counts) {
  check(label_counts.size() > 0 && output.count() >= label_counts.size() &&
            input.dim() == output.dim(),
        "matrices and labels do not fit each other");
  new (self) nlp::ClassifierModel(input, output, loss_of(loss),
                                  {label_counts.data(), label_counts.size()});
}

// Every row that the features may name must be there.
void check_fit(const nlp::ClassifierModel& model, const nlp::LineFeatures& features) {
  check(features.rows() <= model.input().count(), "the matrix lacks rows for some features");
}

// Texts as UTF-8, which Python keeps as long as the texts; copies of those with half a character.
class Texts {
 public:
  explicit Texts(const nb::list& texts) {
    views_.reserve(nb::len(texts));
    for (const nb::handle text : texts) {
      Py_ssize_t size = 0;
      const char* bytes = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
      if (bytes == nullptr) {
        PyErr_Clear();
        copies_.push_back(nb::cast<nb::bytes>(text.attr("encode")("utf-8", "replace")));
        bytes = copies_.back().c_str();
        size = static_cast<Py_ssize_t>(copies_.back().size());
      }
      views_.emplace_back(bytes, static_cast<std::size_t>(size));
    }
  }

  std::span<const std::string_view> views() const { return views_; }

 private:
  std::vector<std::string_view> views_;
  std::vector<nb::bytes> copies_;
};

// While it lives, Python's collector does not look for cycles, of which there are none in results:
// many new tuples would have it go through all objects of the process.
class NoCollection {
 public:
  NoCollection() : was_enabled_(PyGC_Disable()) {}
  ~NoCollection() {
    if (was_enabled_) PyGC_Enable();
  }
  NoCollection(const NoCollection&) = delete;
  NoCollection& operator=(const NoCollection&) = delete;

 private:
  int was_enabled_;
};

// A named tuple of a label's name and its probability. Made by hand: a call of the class would take
// longer than all the rest.
nb::object prediction(PyTypeObject* type, nb::handle name, float probability) {
  PyObject* made = type->tp_alloc(type, 2);
  if (made == nullptr) throw nb::python_error();
  PyTuple_SET_ITEM(made, 0, name.inc_ref().ptr());
  PyTuple_SET_ITEM(made, 1, PyFloat_FromDouble(static_cast<double>(probability)));
  return nb::steal(made);
}

nb::list predict(const nlp::ClassifierModel& self, const nlp::LineFeatures& features,
                 const nb::list& texts, std::size_t k, float threshold, int threads,
                 const std::string& instructions, const nb::list& names, const nb::handle& type) {
  check_fit(self, features);
  check(nb::len(names) == self.labels(), "a name per label is needed");
  auto* const tuple = reinterpret_cast<PyTypeObject*>(type.ptr());
  check(PyType_Check(type.ptr()) && PyType_IsSubtype(tuple, &PyTuple_Type),
        "predictions are named tuples");
  const nlp::InstructionSet set = instruction_set(instructions);
  const Texts read(texts);
  nlp::Predictions found;
  {
    nb::gil_scoped_release unlocked;
    found = nlp::predict(self, features, read.views(), k, threshold, threads, set);
  }
  const NoCollection paused;
  nb::list all;
  std::size_t next = 0;
  for (const std::int32_t count : found.counts) {
    nb::list one;
    for (std::int32_t i = 0; i < count; ++i, ++next) {
      one.append(prediction(tuple, names[static_cast<std::size_t>(found.labels[next])],
                            found.probabilities[next]));
    }
    all.append(std::move(one));
  }
  return all;
}

// What answers requests as JSON: a model and its labels as JSON strings.
struct JsonLabels {
  const nlp::ClassifierModel& model;
  const nlp::LineFeatures& features;
  std::vector<std::string> labels;
};

void make_json_labels(JsonLabels* self, const nlp::ClassifierModel& model,
                      const nlp::LineFeatures& features, const nb::list& labels) {
  check_fit(model, features);
  check(nb::len(labels) == model.labels(), "a name per label is needed");
  new (self) JsonLabels{model, features, {}};
  for (const nb::handle label : labels) {
    const auto bytes = nb::cast<nb::bytes>(label);
    self->labels.emplace_back(bytes.c_str(), bytes.size());
  }
}

// The answer and how many texts it is for, or None.
nb::object answer_json(const JsonLabels& self, const nb::bytes& body, std::size_t most_labels,
                       int threads, const std::string& instructions) {
  const nlp::InstructionSet set = instruction_set(instructions);
  const std::string_view json(body.c_str(), body.size());
  std::optional<nlp::TextRequest> request;
  std::string answer;
  {
    nb::gil_scoped_release unlocked;
    request = nlp::read_text_request(json, set);
    if (request) {
      const std::size_t k = std::min(request->k, self.labels.size());
      if (request->texts.size() > most_labels / std::max<std::size_t>(k, 1)) {
        request.reset();
      } else {
        answer = nlp::write_predictions(
            nlp::predict(self.model, self.features, request->texts, k, 0.f, threads, set),
            self.labels);
      }
    }
  }
  if (!request) return nb::none();
  return nb::make_tuple(nb::bytes(answer.data(), answer.size()), request->texts.size());
}

void probabilities(const nlp::ClassifierModel& self, const nlp::LineFeatures& features,
                   const nb::list& texts, int threads, const std::string& instructions,
                   const Matrix<float>& out) {
  check_fit(self, features);
  const Texts read(texts);
  check(out.shape(0) == read.views().size() && out.shape(1) == self.labels(),
        "a row per text and a column per label are needed");
  const nlp::InstructionSet set = instruction_set(instructions);
  nb::gil_scoped_release unlocked;
  nlp::probabilities(self, features, read.views(), threads, set, out.data());
}

void example_probabilities(const nlp::ClassifierModel& self, const nlp::ExampleView& examples,
                           int threads, const std::string& instructions,
                           const Matrix<float>& out) {
  check(out.shape(0) == static_cast<std::size_t>(examples.count) && out.shape(1) == self.labels(),
        "a row per example and a column per label are needed");
  const nlp::InstructionSet set = instruction_set(instructions);
  nb::gil_scoped_release unlocked;
  nlp::probabilities(self, examples, threads, set, out.data());
}

nlp::ExampleView view_of(const Array<const std::int32_t>& rows,
                         const Array<const std::int64_t>& row_offsets,
                         const Array<const std::int32_t>& labels,
                         const Array<const std::int64_t>& label_offsets) {
  check(row_offsets.size() > 0 && row_offsets.size() == label_offsets.size(),
        "an offset per example and one more is needed");
  const std::size_t count = row_offsets.size() - 1;
  check(row_offsets(count) == static_cast<std::int64_t>(rows.size()) &&
            label_offsets(count) == static_cast<std::int64_t>(labels.size()),
        "offsets do not fit rows and labels");
  return {static_cast<std::int64_t>(count), rows.data(), row_offsets.data(), labels.data(),
          label_offsets.data()};
}

void train_epoch(const Matrix<float>& input, std::int64_t groups_from,
                 const Array<const std::int32_t>& group_sizes, const Matrix<float>& output,
                 const std::string& loss, const Array<const float>& label_weights,
                 float learning_rate, std::int64_t total,
                 const nlp::ExampleView& examples, std::uint64_t seed, int threads,
                 const std::string& instructions, nlp::TrainingExchange& exchange) {
  const auto aligned = [](const Matrix<float>& rows) {
    return reinterpret_cast<std::uintptr_t>(rows.data()) % 64 == 0;
  };
  check(input.shape(1) % 16 == 0 && output.shape(1) == input.shape(1) && aligned(input) &&
            aligned(output) && output.shape(0) == label_weights.size() &&
            groups_from >= 0 &&
            static_cast<std::size_t>(groups_from) + group_sizes.size() <= input.shape(0),
        "matrices of another shape or alignment");
  const nlp::InstructionSet set = instruction_set(instructions);
  const nlp::ClassifierTraining training{static_cast<std::int64_t>(input.shape(1)), input.data(),
                                         static_cast<std::int64_t>(input.shape(0)),
                                         groups_from, group_sizes.data(), output.data(),
                                         static_cast<std::int32_t>(output.shape(0)), loss_of(loss),
                                         label_weights.data(), learning_rate, total};
  nb::gil_scoped_release unlocked;
  nlp::train_epoch(training, examples, seed, threads, set, exchange);
}

nb::dict gather_buckets(const Array<std::int32_t>& rows, const Array<std::int64_t>& row_offsets,
                        std::int32_t words, std::uint32_t buckets,
                        const Array<const std::int32_t>& also) {
  nlp::ExampleBuckets found;
  {
    nb::gil_scoped_release unlocked;
    found = nlp::gather_buckets({rows.data(), rows.size()},
                                {row_offsets.data(), row_offsets.size()}, words, buckets,
                                {also.data(), also.size()});
  }
  nb::dict out;
  out["shared"] = to_numpy(std::move(found.shared));
  out["lone"] = to_numpy(std::move(found.lone));
  out["lone_offsets"] = to_numpy(std::move(found.lone_offsets));
  out["rows_size"] = found.rows_size;
  return out;
}

}  // namespace

void bind_classifier(nb::module_& m) {
  nb::class_<nlp::LineFeatures>(m, "LineFeatures")
      .def("__init__", &make_features, "entries"_a, "offsets"_a, "words"_a, "word_ngrams"_a,
           "buckets"_a, "min_char"_a, "max_char"_a, "kept_buckets"_a.none())
      .def("read_examples", &read_examples, "text"_a, "threads"_a)
      .def("read_line", &read_line, "text"_a);
  // These hold pointers into the arrays, which nanobind keeps alive as long as them.
  nb::class_<nlp::ClassifierMatrix>(m, "ClassifierMatrix");
  m.def("dense_matrix", &dense, "rows"_a, nb::keep_alive<0, 1>());
  m.def("quantized_matrix", &quantized, "dim"_a, "part_dim"_a, "codes"_a, "centroids"_a,
        "norm_codes"_a.none(), "norm_centroids"_a.none(), nb::keep_alive<0, 3>(),
        nb::keep_alive<0, 4>(), nb::keep_alive<0, 5>(), nb::keep_alive<0, 6>());
  nb::class_<nlp::ClassifierModel>(m, "ClassifierModel")
      .def("__init__", &make_model, "input"_a, "output"_a, "loss"_a, "label_counts"_a,
           nb::keep_alive<1, 2>(), nb::keep_alive<1, 3>())
      .def("keep_row_scores", &nlp::ClassifierModel::keep_row_scores)
      .def("predict", &predict, "features"_a, "texts"_a, "k"_a, "threshold"_a, "threads"_a,
           "instructions"_a, "names"_a, "type"_a)
      .def("probabilities", &probabilities, "features"_a, "texts"_a, "threads"_a,
           "instructions"_a, "out"_a.noconvert())
      .def("example_probabilities", &example_probabilities, "examples"_a, "threads"_a,
           "instructions"_a, "out"_a.noconvert());
  nb::class_<JsonLabels>(m, "JsonLabels")
      .def("__init__", &make_json_labels, "model"_a, "features"_a, "labels"_a,
           nb::keep_alive<1, 2>(), nb::keep_alive<1, 3>())
      .def("answer", &answer_json, "body"_a, "most_labels"_a, "threads"_a, "instructions"_a);
  nb::class_<nlp::ExampleView>(m, "ExampleView");
  m.def("example_view", &view_of, "rows"_a.noconvert(), "row_offsets"_a.noconvert(),
        "labels"_a.noconvert(), "label_offsets"_a.noconvert(), nb::keep_alive<0, 1>(),
        nb::keep_alive<0, 2>(), nb::keep_alive<0, 3>(), nb::keep_alive<0, 4>());
  m.def("train_epoch", &train_epoch, nb::kw_only(), "input"_a.noconvert(),
        "groups_from"_a, "group_sizes"_a.noconvert(), "output"_a.noconvert(),
        "loss"_a, "label_weights"_a, "learning_rate"_a, "total"_a, "examples"_a, "seed"_a,
        "threads"_a, "instructions"_a, "exchange"_a);
  m.def("gather_buckets", &gather_buckets, "rows"_a.noconvert(), "row_offsets"_a.noconvert(),
        "words"_a, "buckets"_a, "also"_a.noconvert());
}
