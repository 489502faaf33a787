// The thin Python layer: arrays and scalars in, arrays and counters out.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <string>
#include <utility>

#include "encoder.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Bytes = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <typename T>
nb::ndarray<nb::numpy, T, nb::ndim<1>> to_numpy(std::vector<T>&& values) {
  auto* owned = new std::vector<T>(std::move(values));
  nb::capsule owner(owned, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return {owned->data(), {owned->size()}, owner};
}

nb::ndarray<nb::numpy, std::int32_t, nb::ndim<1>> to_numpy(std::unique_ptr<std::int32_t[]>&& values,
                                                           std::int64_t size) {
  std::int32_t* data = values.release();
  nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<std::int32_t*>(p); });
  return {data, {static_cast<std::size_t>(size)}, owner};
}

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

nb::dict encode(const Bytes& text, std::int64_t min_count, int threads,
                const std::string& instructions, nlp::Exchange& exchange) {
  const nlp::InstructionSet set = instruction_set(instructions);
  nlp::Encoding encoding;
  {
    nb::gil_scoped_release unlocked;
    encoding = nlp::encode(text.data(), text.size(), min_count, threads, set, exchange);
  }
  nb::dict out;
  out["word_bytes"] = to_numpy(std::move(encoding.word_bytes));
  out["word_offsets"] = to_numpy(std::move(encoding.word_offsets));
  out["first_positions"] = to_numpy(std::move(encoding.first_positions));
  out["counts"] = to_numpy(std::move(encoding.counts));
  out["ids"] = to_numpy(std::move(encoding.ids), encoding.ids_size);
  out["tokens"] = encoding.tokens;
  out["types"] = encoding.types;
  out["max_count"] = encoding.max_count;
  out["lines"] = encoding.lines;
  return out;
}

}  // namespace

NB_MODULE(_native, m) {
  m.attr("LINE_END") = nlp::line_end;
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
  m.def("encode", &encode, "text"_a, "min_count"_a, "threads"_a, "instructions"_a, "exchange"_a);
}
