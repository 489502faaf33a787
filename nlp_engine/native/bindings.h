// What the files of bindings share.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "separators.h"

// The instruction set of that name; throws std::invalid_argument if it or the name is unknown here.
nlp::InstructionSet instruction_set(const std::string& name);

// The kernels for word vectors.
void bind_vectors(nanobind::module_& m);

// Training word vectors.
void bind_word2vec(nanobind::module_& m);

// Text classification.
void bind_classifier(nanobind::module_& m);

// Forms, spotting and ranking of entities.
void bind_entities(nanobind::module_& m);

// Product quantisation.
void bind_quantizer(nanobind::module_& m);
