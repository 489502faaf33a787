"""The classifier's kernels against a plain Python reference."""

from __future__ import annotations

import itertools
import os
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.classification.classifier import Prediction
from nlp_engine.native import classifier
from nlp_engine.native.classifier import (
    ClassifierModel,
    ClassifierTraining,
    Examples,
    LineFeatures,
    QuantizedMatrix,
)
from nlp_engine.native.rows import zero_rows
from tests.native import classifier_reference as reference
from tests.native.instructions import AVAILABLE

WORDS = ["</s>", "the", "ü", "naïve", "日本", "__label", "x" * 40]
LABELS = ["__label__a", "__label__", "__label__ü"]
MODELS = {
    "words": reference.Model(WORDS, LABELS, 1, 1),
    "2-grams": reference.Model(WORDS, LABELS, 2, 1000),
    "5-grams": reference.Model(WORDS, LABELS, 5, 2_000_000),
    "sub-words": reference.Model(WORDS, LABELS, 1, 77, 2, 4),
    "all": reference.Model(WORDS, LABELS, 3, 501, 1, 6),
    "pruned": reference.Model(WORDS, LABELS, 2, 50, 3, 6, list(range(49, 0, -3))),
    "without buckets": reference.Model(WORDS, LABELS, 2, 50, 3, 6, []),
    "without line ends": reference.Model(WORDS[1:], LABELS, 2, 50),
}
TOKENS = st.sampled_from(
    [*WORDS, *LABELS, "__label__unknown", "other", "òther", "<", "\0", "\r", "\v"]
)
TEXTS = st.lists(TOKENS | st.text(st.characters(codec="utf-8", exclude_characters="\n"))).map(
    " ".join
)


def features_of(model: reference.Model) -> LineFeatures:
    kept = model.kept_buckets
    return LineFeatures(
        model.words,
        model.labels,
        word_ngrams=model.word_ngrams,
        buckets=model.buckets,
        min_char=model.min_char,
        max_char=model.max_char,
        kept_buckets=None if kept is None else np.array(kept, np.int32),
    )


def as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def pieces(values: np.ndarray, offsets: np.ndarray) -> list[list[int]]:
    return [values[begin:end].tolist() for begin, end in itertools.pairwise(offsets.tolist())]


@pytest.mark.parametrize("name", MODELS)
@given(lines=st.lists(TEXTS, min_size=1, max_size=5))
def test_features_are_the_references(name: str, lines: list[str]) -> None:
    model = MODELS[name]
    lines = [line for line in lines if "</s>" not in line]
    found = features_of(model).read_examples(as_bytes("".join(f"{x}\n" for x in lines)), 1)
    expected = [reference.line_features(model, line) for line in lines]
    assert pieces(found.rows, found.row_offsets) == [rows for rows, _, _ in expected]
    assert pieces(found.labels, found.label_offsets) == [labels for _, labels, _ in expected]
    assert found.unknown_labels.tolist() == [unknown for _, _, unknown in expected]


@pytest.mark.parametrize("name", ["2-grams", "all"])
def test_long_lines_have_the_references_features(name: str) -> None:
    random = np.random.default_rng(1)
    lengths = random.integers(1, 60, 400)
    lengths[[50, 200]] = 9000, 4096
    words = [WORDS[i % 6] if i % 3 else "ü" * int(n) for i, n in enumerate(lengths)]
    text = " ".join(words)
    for line in (text, "x" * 4095 + " the", "x" * 4096 + " the", " " * 5000 + "the" + " " * 5000):
        rows, labels, _ = reference.line_features(MODELS[name], line)
        got = features_of(MODELS[name]).read_examples(as_bytes(line + "\n"), 1)
        assert (got.rows.tolist(), got.labels.tolist()) == (rows, labels)
        assert features_of(MODELS[name]).read_line(line)[0].tolist() == rows


def test_the_word_for_a_lines_end_ends_it() -> None:
    model = MODELS["2-grams"]
    found = features_of(model).read_examples(as_bytes("the </s> ü\n"), 1)
    expected = [reference.line_features(model, line)[0] for line in ("the", "ü")]
    assert pieces(found.rows, found.row_offsets) == expected


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("threads", [2, 3, 20])
def test_the_number_of_threads_makes_no_difference(threads: int, end: str) -> None:
    random = np.random.default_rng(threads)
    tokens = [*WORDS, *LABELS, "other"]
    lines = [" ".join(random.choice(tokens, size)) for size in random.integers(0, 30, 50)]
    text = as_bytes("\n".join(lines) + end)
    features = features_of(MODELS["all"])
    one, several = features.read_examples(text, 1), features.read_examples(text, threads)
    for field in ("rows", "row_offsets", "labels", "label_offsets", "unknown_labels"):
        assert np.array_equal(getattr(one, field), getattr(several, field))
    assert one.tokens == several.tokens


def test_an_empty_text_has_no_examples() -> None:
    assert len(features_of(MODELS["words"]).read_examples(as_bytes(""), 2)) == 0


def test_spans_say_which_words_a_row_comes_from() -> None:
    model = reference.Model(["</s>", "a", "b"], ["__label__x"], 2, 10)
    rows, first, last = features_of(model).read_line("a __label__x b")
    assert rows[:3].tolist() == [1, 2, 0]
    assert list(zip(first.tolist(), last.tolist(), strict=True)) == [
        (0, 1), (1, 2), (2, 3), (0, 2), (1, 3),
    ]  # fmt: skip


def examples_of(rows: list[list[int]]) -> Examples:
    return Examples(
        rows=np.array([row for example in rows for row in example], np.int32),
        row_offsets=np.cumsum([0, *map(len, rows)]),
        labels=np.arange(len(rows), dtype=np.int32) % 2,
        label_offsets=np.arange(len(rows) + 1),
        unknown_labels=np.zeros(len(rows), np.int32),
        tokens=0,
    )


NO_ROWS = np.empty(0, np.int32)


def test_buckets_that_occur_once_share_the_row_of_their_example() -> None:
    # Behind three words: bucket 9 is in two examples, 2 and 7 in the first alone, 4 in the last.
    examples = examples_of([[0, 12, 5, 10], [], [12, 1], [7, 7], [8]])
    got, buckets = classifier.gather_buckets(examples, words=3, buckets=10, also=NO_ROWS)
    assert buckets.shared.tolist() == [4, 9]
    assert buckets.lone.tolist() == [2, 7, 5]
    assert buckets.lone_offsets.tolist() == [0, 2, 3]
    assert got.rows.tolist() == [0, 4, 5, 4, 1, 3, 3, 6]
    assert got.row_offsets.tolist() == [0, 3, 3, 5, 7, 8]


def test_buckets_of_other_examples_have_rows_of_their_own() -> None:
    also = np.array([0, 5, 11], np.int32)
    examples = examples_of([[0, 12, 5, 10]])
    got, buckets = classifier.gather_buckets(examples, words=3, buckets=10, also=also)
    assert (buckets.shared.tolist(), buckets.lone.tolist()) == ([2], [9, 7])
    assert got.rows.tolist() == [0, 3, 4]


@given(st.lists(st.lists(st.integers(0, 60), max_size=8), max_size=12))
def test_gathered_examples_have_the_same_features(rows: list[list[int]]) -> None:
    words, count = 5, 70
    got, buckets = classifier.gather_buckets(
        examples_of(rows), words=words, buckets=count, also=NO_ROWS
    )
    groups_from = words + len(buckets.shared)
    for i, expected in enumerate(rows):
        found = []
        for row in got.rows[got.row_offsets[i] : got.row_offsets[i + 1]].tolist():
            if row < words:
                found.append(row)
            elif row < groups_from:
                found.append(words + buckets.shared[row - words])
            else:
                begin, end = buckets.lone_offsets[row - groups_from : row - groups_from + 2]
                found += (words + buckets.lone[begin:end]).tolist()
        assert sorted(found) == sorted(expected)


# Prediction


def quantized(random: np.random.Generator, rows: int, dim: int, part_dim: int, norms: bool):
    parts = -(-dim // part_dim)
    floats = random.normal(size=256 * dim).astype(np.float32)
    norm_floats = random.uniform(1, 2, 256).astype(np.float32)
    return QuantizedMatrix(
        dim=dim,
        part_dim=part_dim,
        codes=random.integers(0, 256, (rows, parts), np.uint8),
        centroids=floats.view(np.uint8),
        norm_codes=random.integers(0, 256, rows, np.uint8) if norms else None,
        norm_centroids=norm_floats.view(np.uint8) if norms else None,
    )


@pytest.mark.parametrize("instructions", AVAILABLE)
@pytest.mark.parametrize("dim", [1, 3, 4, 16, 20, 100, 129])
@pytest.mark.parametrize("labels", [2, 5, 100])
def test_probabilities_of_rows_anywhere_in_memory(
    dim: int, labels: int, instructions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NLP_ENGINE_INSTRUCTIONS", instructions)
    random = np.random.default_rng(dim)
    model = reference.Model(WORDS, [f"__label__{i}" for i in range(labels)], 2, 20)
    memory = np.zeros(1 + 4 * 27 * dim, np.uint8)
    inputs = np.frombuffer(memory[1:], np.float32).reshape(27, dim)  # not aligned
    inputs[:] = random.normal(size=inputs.shape)
    outputs = random.normal(size=(labels, dim)).astype(np.float32)
    kernel = ClassifierModel(
        inputs, outputs, loss="softmax", label_counts=np.ones(labels, np.int64)
    )
    texts = ["the ü", "", "other naïve 日本 the the"]
    found = kernel.probabilities(features_of(model), texts, 1)
    for text, row in zip(texts, found, strict=True):
        rows = reference.line_features(model, text)[0]
        scores = outputs.astype(float) @ inputs[rows].astype(float).mean(axis=0)
        powers = np.exp(scores - scores.max())
        assert row == pytest.approx(powers / powers.sum(), rel=2e-5, abs=1e-7)


@pytest.mark.parametrize("norms", [False, True])
@pytest.mark.parametrize(("dim", "part_dim"), [(1, 1), (10, 2), (11, 2), (7, 3), (5, 9)])
def test_quantised_matrices_are_as_their_rows(dim: int, part_dim: int, norms: bool) -> None:
    random = np.random.default_rng(dim)
    model = reference.Model(WORDS, LABELS, 2, 20)
    counts = np.array([3, 2, 1])
    inputs = quantized(random, 27, dim, part_dim, norms)
    outputs = quantized(random, 3, dim, part_dim, norms)
    dense = [classifier.matrix_rows(m, np.arange(len(m.codes))) for m in (inputs, outputs)]
    texts = ["the ü", "", "other 日本"]
    features = features_of(model)
    expected = ClassifierModel(*dense, loss="softmax", label_counts=counts)
    for matrices in ((inputs, outputs), (inputs, dense[1])):
        kernel = ClassifierModel(*matrices, loss="softmax", label_counts=counts)
        assert kernel.probabilities(features, texts, 1) == pytest.approx(
            expected.probabilities(features, texts, 1), rel=1e-4
        )


def random_model(
    dim: int, labels: int, loss: str = "softmax"
) -> tuple[ClassifierModel, np.ndarray, LineFeatures]:
    random = np.random.default_rng(dim)
    inputs = random.normal(size=(1007, dim)).astype(np.float32)
    outputs = random.normal(size=(labels, dim)).astype(np.float32)
    counts = np.arange(labels, 0, -1)
    return (
        ClassifierModel(inputs, outputs, loss=loss, label_counts=counts),
        inputs,
        features_of(MODELS["2-grams"]),
    )


@pytest.mark.parametrize("instructions", AVAILABLE)
@pytest.mark.parametrize("loss", ["softmax", "one_vs_all", "hierarchical_softmax"])
@pytest.mark.parametrize(("dim", "labels"), [(32, 2), (100, 8), (100, 9), (130, 31)])
def test_kept_row_scores_give_the_same_probabilities(
    dim: int, labels: int, loss: str, instructions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NLP_ENGINE_INSTRUCTIONS", instructions)
    model, inputs, features = random_model(dim, labels, loss)
    random = np.random.default_rng(1)
    texts = [" ".join(random.choice([*WORDS, "other"], size)) for size in range(200)]
    expected = model.probabilities(features, texts, 1)
    model.keep_row_scores()
    for _ in range(2):
        assert model.probabilities(features, texts, 3) == pytest.approx(
            expected, rel=1e-4, abs=1e-6
        )
    inputs[:] = 0  # what has been kept is not read again
    assert model.probabilities(features, texts, 1) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_row_scores_of_quantised_rows_are_kept() -> None:
    random = np.random.default_rng(1)
    features = features_of(MODELS["2-grams"])
    outputs = random.normal(size=(3, 33)).astype(np.float32)
    model = ClassifierModel(
        quantized(random, 1007, 33, 2, norms=True), outputs,
        loss="softmax", label_counts=np.ones(3, np.int64),
    )  # fmt: skip
    texts = ["the ü", "", "other 日本"]
    expected = model.probabilities(features, texts, 1)
    model.keep_row_scores()
    for _ in range(2):
        assert model.probabilities(features, texts, 1) == pytest.approx(expected, rel=1e-4)


def test_scores_are_not_kept_where_that_saves_little() -> None:
    model, inputs, features = random_model(100, 26)
    model.keep_row_scores()
    before = model.probabilities(features, ["the ü"], 1)
    inputs[:] = 0
    assert model.probabilities(features, ["the ü"], 1) == pytest.approx(1 / 26)
    assert before.max() > 1 / 26


def test_processes_share_kept_row_scores() -> None:
    model, inputs, features = random_model(100, 8)
    expected = model.probabilities(features, ["the ü naïve"], 1)
    model.keep_row_scores()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads that other tests have
        child = os.fork()
    if child == 0:
        try:
            model.probabilities(features, ["the ü naïve"], 1)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    inputs[:] = 0
    assert model.probabilities(features, ["the ü naïve"], 1) == pytest.approx(expected, rel=1e-4)


def test_a_matrix_without_rows_for_all_features_is_refused() -> None:
    model = reference.Model(WORDS, LABELS, 2, 20)
    kernel = ClassifierModel(
        np.zeros((26, 4), np.float32), np.zeros((3, 4), np.float32), loss="softmax",
        label_counts=np.ones(3, np.int64),
    )  # fmt: skip
    with pytest.raises(ValueError, match="lacks rows"):
        kernel.predict(features_of(model), ["the"], 1, 0.0, 1, LABELS, Prediction)


# Training


def make_examples(count: int, *, rows: int, labels: int, most_labels: int = 1) -> Examples:
    random = np.random.default_rng(count)
    row_lists = [random.integers(0, rows, size) for size in random.integers(0, 12, count)]
    label_lists = [
        random.choice(labels, size, replace=False)
        for size in random.integers(0, most_labels + 1, count)
    ]
    offsets = [np.cumsum([0, *map(len, lists)]) for lists in (row_lists, label_lists)]
    return Examples(
        rows=np.concatenate(row_lists).astype(np.int32),
        row_offsets=offsets[0],
        labels=np.concatenate(label_lists).astype(np.int32),
        label_offsets=offsets[1],
        unknown_labels=np.zeros(count, np.int32),
        tokens=0,
    )


def make_training(
    rows: int, labels: int, dim: int, loss: str, rate: float = 0.3
) -> ClassifierTraining:
    random = np.random.default_rng(dim)
    inputs, outputs = zero_rows(rows, dim), zero_rows(labels, dim)
    inputs[:, :dim] = random.normal(size=(rows, dim))
    outputs[:, :dim] = random.normal(size=(labels, dim))
    return ClassifierTraining(
        input_rows=inputs,
        output_rows=outputs,
        groups_from=rows,
        group_sizes=np.empty(0, np.int32),
        loss=loss,
        label_weights=random.uniform(0.5, 2, labels).astype(np.float32),
        learning_rate=rate,
        epochs=3,
    )


def run(training: ClassifierTraining, examples: Examples, threads: int = 1, **more: object) -> None:
    for epoch in range(training.epochs):
        classifier.train_epoch(
            training, examples, epoch=epoch, seed=7, threads=threads,
            on_tick=lambda *_: None, **more,
        )  # fmt: skip


@pytest.mark.parametrize("instructions", AVAILABLE)
@pytest.mark.parametrize("dim", [1, 16, 20, 100, 200])
@pytest.mark.parametrize("labels", [2, 7, 33])
@pytest.mark.parametrize(
    ("loss", "most_labels"), [("softmax", 1), ("softmax", 2), ("one_vs_all", 2)]
)
def test_training_is_the_references(
    loss: str, most_labels: int, labels: int, dim: int, instructions: str
) -> None:
    examples = make_examples(50, rows=30, labels=labels, most_labels=most_labels)
    training = make_training(30, labels, dim, loss)
    inputs = training.input_rows[:, :dim].astype(float)
    outputs = training.output_rows[:, :dim].astype(float)
    for epoch in range(3):
        reference.train_epoch(
            inputs, outputs, examples, loss=loss, weights=training.label_weights.tolist(),
            learning_rate=0.3, epoch=epoch, epochs=3, seed=7,
        )  # fmt: skip
    run(training, examples, instructions=instructions)
    assert training.input_rows[:, :dim] == pytest.approx(inputs, rel=1e-3, abs=1e-4)
    assert training.output_rows[:, :dim] == pytest.approx(outputs, rel=1e-3, abs=1e-4)
    assert not training.input_rows[:, dim:].any() and not training.output_rows[:, dim:].any()


@pytest.mark.parametrize("instructions", AVAILABLE)
@pytest.mark.parametrize("loss", ["softmax", "one_vs_all"])
def test_a_group_of_rows_is_trained_as_its_rows_would_be(loss: str, instructions: str) -> None:
    words, dim, random = 4, 20, np.random.default_rng(3)
    rows = [random.integers(0, 40, size).tolist() for size in random.integers(1, 9, 12)]
    several = make_training(40, 2, dim, loss)
    inputs, outputs = (m[:, :dim].astype(float) for m in (several.input_rows, several.output_rows))
    for epoch in range(3):
        reference.train_epoch(
            inputs, outputs, examples_of(rows), loss=loss, weights=several.label_weights.tolist(),
            learning_rate=0.3, epoch=epoch, epochs=3, seed=7,
        )  # fmt: skip
    examples, buckets = classifier.gather_buckets(
        examples_of(rows), words=words, buckets=36, also=NO_ROWS
    )
    assert len(buckets.lone) > len(buckets.group_sizes) > 1 and len(buckets.shared) > 1
    members = [[i] for i in range(words)] + [[words + bucket] for bucket in buckets.shared]
    members += [words + lone for lone in np.split(buckets.lone, buckets.lone_offsets[1:-1])]
    grouped = replace(
        several,
        input_rows=zero_rows(len(members), dim),
        groups_from=words + len(buckets.shared),
        group_sizes=buckets.group_sizes,
    )
    for i, of in enumerate(members):
        grouped.input_rows[i] = several.input_rows[of].sum(axis=0)
    run(grouped, examples, instructions=instructions)
    sums = np.array([inputs[of].sum(axis=0) for of in members])
    assert grouped.input_rows[:, :dim] == pytest.approx(sums, rel=1e-3, abs=1e-4)
    assert grouped.output_rows[:, :dim] == pytest.approx(outputs, rel=1e-3, abs=1e-4)


def test_one_thread_and_a_seed_give_the_same_bytes() -> None:
    examples = make_examples(300, rows=50, labels=4)
    first, second = (make_training(50, 4, 20, "softmax") for _ in range(2))
    run(first, examples)
    run(second, examples)
    assert first.input_rows.tobytes() == second.input_rows.tobytes()
    assert first.output_rows.tobytes() == second.output_rows.tobytes()


@pytest.mark.parametrize("threads", [2, 5, 64])
def test_several_threads_train_on_every_example_once(threads: int) -> None:
    # Every row is 1 and the learning rate tiny, so that an output row counts its label's examples.
    count, labels = 1000, 2
    numbers = np.arange(count) % labels
    examples = Examples(
        rows=np.zeros(count, np.int32), row_offsets=np.arange(count + 1),
        labels=numbers.astype(np.int32), label_offsets=np.arange(count + 1),
        unknown_labels=np.zeros(count, np.int32), tokens=0,
    )  # fmt: skip
    inputs, outputs = zero_rows(1, 1), zero_rows(labels, 1)
    inputs[0, 0] = 1
    rate = 2.0**-20
    training = ClassifierTraining(
        input_rows=inputs, output_rows=outputs, groups_from=1,
        group_sizes=np.empty(0, np.int32), loss="one_vs_all",
        label_weights=np.array([1, 3], np.float32), learning_rate=rate, epochs=10**6,
    )  # fmt: skip
    seen = []
    classifier.train_epoch(
        training, examples, epoch=0, seed=1, threads=threads,
        on_tick=lambda done, loss: seen.append((done, loss)),
    )  # fmt: skip
    # A positive adds half the rate, times its weight; a negative takes half.
    assert outputs[:, 0] / (rate / 2) == pytest.approx([500 - 500, 1500 - 500], abs=0.5)
    assert seen[-1][0] == count
    assert seen[-1][1] == pytest.approx(2 * np.log(2), rel=1e-4)


def test_the_order_is_another_in_each_epoch() -> None:
    # With so many epochs the learning rate is the same in the first two; only the order differs.
    examples = make_examples(200, rows=20, labels=3)
    results = []
    for epoch in range(2):
        training = replace(make_training(20, 3, 8, "softmax"), epochs=10**9)
        classifier.train_epoch(
            training, examples, epoch=epoch, seed=1, threads=1, on_tick=lambda *_: None
        )
        results.append(training.input_rows.copy())
    assert (results[0] != results[1]).any()


def test_an_error_while_told_stops_the_threads() -> None:
    examples = make_examples(20_000, rows=50, labels=4)

    def fail(*_: object) -> None:
        raise RuntimeError("told")

    with pytest.raises(RuntimeError, match="told"):
        classifier.train_epoch(
            make_training(50, 4, 20, "softmax"), examples, epoch=0, seed=1, threads=2, on_tick=fail
        )


def test_what_does_not_fit_is_refused() -> None:
    examples = make_examples(20, rows=5, labels=2)
    training = make_training(5, 2, 4, "softmax")
    with pytest.raises(ValueError, match="another shape"):
        run(replace(training, output_rows=zero_rows(2, 40)), examples)
    with pytest.raises(ValueError, match="the loss is"):
        run(replace(training, loss="other"), examples)
