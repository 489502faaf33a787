// Requests of texts and answers of labels as JSON, from bytes to bytes: BlazingText's
//   {"instances": ["…", …], "configuration": {"k": 1}}  and  [{"prob": [0.9], "label": ["…"]}, …].
//
// With many texts, to make Python's objects of them and of the answers takes longer than to predict.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "classifier.h"

namespace nlp {

// A request's texts, which lie in its bytes or, where they had escapes, in `unescaped`.
struct TextRequest {
  std::vector<std::string_view> texts;
  std::size_t k = 1;
  std::string unescaped;
};

// Reads a request in the form above, `configuration` and its `k` being optional, in any order. What
// has anything else in it, and what is no JSON or no UTF-8, is not for this reader: it gives nothing.
std::optional<TextRequest> read_text_request(std::string_view json, InstructionSet set);

// Writes predictions; `labels` are JSON strings, by number. Numbers are the shortest that name the
// same double.
std::string write_predictions(const Predictions& predictions, std::span<const std::string> labels);

}  // namespace nlp
