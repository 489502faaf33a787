"""Compressed classifiers: fastText reads them, they are as small as wanted, and little is lost."""

from __future__ import annotations

import bz2
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fasttext
import numpy as np
import pytest

import nlp_engine as ne
from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.compression import Change, Compression
from nlp_engine.demo import DemoResult
from nlp_engine.errors import FormatError, InputError, NlpEngineError, SettingError
from nlp_engine.manifest import read_manifest
from tests.classification.test_models import TEXTS, check_equal, make_examples
from tests.fasttext_library import quantize_with_library, train_with_library

SETTINGS = {
    "vector_dim": 10, "buckets": 3000, "epochs": 3, "learning_rate": 0.3, "min_count": 1,
    "threads": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_examples(tmp_path_factory.mktemp("examples") / "train.txt", 1000, 1)


@pytest.fixture(scope="module")
def model(examples: Path) -> Path:
    """N-grams of up to three words: every bucket has an example."""
    out = examples.parent / "model"
    ne.train_classifier(examples, out, validation=examples, word_ngrams=3, **SETTINGS)
    return out


@pytest.fixture(scope="module")
def sparse(examples: Path) -> Path:
    """Buckets by far the most of which have no example."""
    out = examples.parent / "sparse"
    ne.train_classifier(examples, out, word_ngrams=2, **{**SETTINGS, "buckets": 200_000})
    return out


def size_of(folder: Path) -> int:
    return (folder / "model.ftz").stat().st_size


@pytest.mark.parametrize(
    "compression",
    [
        {},
        {"qnorm": True},
        {"cutoff": 500},
        {"cutoff": 500, "qnorm": True, "dsub": 3},
        {"cutoff": 5},
        {"max_size": "20kB", "qout": True},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "training",
    [
        {"loss": "softmax", "word_ngrams": 2},
        {"loss": "ova", "word_ngrams": 1, "subwords": True, "min_char": 2, "max_char": 4},
        {"loss": "softmax", "word_ngrams": 1},
        {"loss": "ova", "word_ngrams": 2, "subwords": True, "buckets": 50_000},
    ],
    ids=str,
)
def test_fasttext_reads_it_and_predicts_the_same(
    examples: Path, tmp_path: Path, training: dict[str, Any], compression: dict[str, Any]
) -> None:
    ne.train_classifier(examples, tmp_path / "model", **{**SETTINGS, **training})
    made = ne.compress_classifier(tmp_path / "model", tmp_path / "small", **compression)
    path = tmp_path / "small" / "model.ftz"
    library = fasttext.load_model(str(path))
    assert library.is_quantized()
    check_equal(path, library)
    assert made.bytes.after == path.stat().st_size
    assert made.words.after + made.ngrams.after <= compression.get("cutoff", 1 << 30)


@pytest.mark.parametrize("loss", ["softmax", "hs", "ns"])
@pytest.mark.parametrize("qnorm", [False, True])
def test_models_of_fasttext_with_many_labels(
    examples: Path, tmp_path: Path, loss: str, qnorm: bool
) -> None:
    lines = examples.read_text().splitlines()
    many = tmp_path / "many.txt"
    many.write_text("".join(f"__label__{i % 600} {line}\n" for i, line in enumerate(lines)))
    path = tmp_path / "model.bin"
    train_with_library(
        "supervised", path, input=str(many), loss=loss, dim=8, epoch=1, wordNgrams=2, bucket=2000,
        thread=1,
    )  # fmt: skip
    sizes = {}
    for qout in (True, False):
        out = tmp_path / f"small-{qout}"
        made = ne.compress_classifier(path, out, qout=qout, qnorm=qnorm, cutoff=500)
        check_equal(out / "model.ftz", fasttext.load_model(str(out / "model.ftz")))
        sizes[qout] = size_of(out)
        assert made.bytes == Change(path.stat().st_size, sizes[qout])
    assert sizes[True] < sizes[False]
    # As many words and n-grams as fastText keeps, and its size to the byte.
    library = quantize_with_library(
        path, tmp_path / "theirs.ftz", cutoff=500, qout=True, qnorm=qnorm
    )
    assert sizes[True] == (tmp_path / "theirs.ftz").stat().st_size
    ours = fasttext.load_model(str(tmp_path / "small-True" / "model.ftz"))
    assert ours.words == library.words


def test_labels_vectors_stay_where_quantising_them_would_take_more_room(
    model: Path, tmp_path: Path
) -> None:
    ne.compress_classifier(model, tmp_path / "a", cutoff=500)
    ne.compress_classifier(model, tmp_path / "b", cutoff=500, qout=True)
    assert (tmp_path / "a/model.ftz").read_bytes() == (tmp_path / "b/model.ftz").read_bytes()


def test_buckets_without_examples_go_and_sure_labels_stay(
    sparse: Path, examples: Path, tmp_path: Path
) -> None:
    made = ne.compress_classifier(sparse, tmp_path / "out")
    assert made.ngrams.before == made.ngrams.after < 5000
    # A code for five pairs of numbers, and the bucket with its row: far from 200,000 codes.
    assert made.bytes.after < 5000 * 13 + 15_000
    whole, small = Classifier.open(sparse), Classifier.open(tmp_path / "out")
    # The second text has n-grams that no example had.
    unseen = [f"{text} and unseen words" for text in TEXTS]
    for texts in (TEXTS, unseen):
        before, after = (c.predict_tokenized(texts) for c in (whole, small))
        sure = [i for i, (first, *_) in enumerate(before) if first.probability > 0.3]
        assert sure
        assert [before[i][0].label for i in sure] == [after[i][0].label for i in sure]


def test_all_buckets_stay_where_naming_them_would_take_more_room(
    model: Path, tmp_path: Path
) -> None:
    made = ne.compress_classifier(model, tmp_path / "out")
    assert made.bytes.after < size_if_named(model, tmp_path)
    whole, small = Classifier.open(model), Classifier.open(tmp_path / "out")
    # Every text's mean is over the same rows, so that probabilities are as close as the vectors.
    np.testing.assert_allclose(whole.probabilities(TEXTS), small.probabilities(TEXTS), atol=0.05)


def size_if_named(model: Path, tmp_path: Path) -> int:
    """The size of a model without the least of its rows, whose buckets must be named."""
    before = ne.compress_classifier(model, tmp_path / "all")
    rows = before.words.before + before.ngrams.before
    made = ne.compress_classifier(model, tmp_path / "named", cutoff=int(rows) - 1)
    return int(made.bytes.after or 0)


@pytest.mark.parametrize("options", [{}, {"qnorm": True, "dsub": 4}], ids=str)
@pytest.mark.parametrize("limit", [12_000, 15_001, 20_000, 40_000])
def test_the_file_is_as_large_as_allowed_and_no_row_more_has_room(
    sparse: Path, tmp_path: Path, limit: int, options: dict[str, Any]
) -> None:
    made = ne.compress_classifier(sparse, tmp_path / "out", max_size=limit, **options)
    assert made.bytes.after == size_of(tmp_path / "out") <= limit
    kept = int(made.words.after + made.ngrams.after)
    again = ne.compress_classifier(sparse, tmp_path / "same", cutoff=kept, **options)
    assert again.bytes.after == made.bytes.after
    more = ne.compress_classifier(sparse, tmp_path / "more", cutoff=kept + 1, **options)
    assert more.bytes.after > limit or kept == made.words.before + made.ngrams.before


def test_rows_with_the_largest_norms_stay_and_line_ends(model: Path, tmp_path: Path) -> None:
    ne.compress_classifier(model, tmp_path / "out", cutoff=40)
    small = fasttext.load_model(str(tmp_path / "out" / "model.ftz"))
    whole = fasttext.load_model(str(model / "model.bin"))
    norms = np.linalg.norm(whole.get_input_matrix(), axis=1)
    norms[whole.words.index("</s>")] = np.inf
    largest = np.argsort(-norms)[:40]
    assert small.words == [word for i, word in enumerate(whole.words) if i in largest]
    assert "</s>" in small.words


def test_few_rows_lose_nothing(model: Path, tmp_path: Path) -> None:
    # 256 centroids of each part are enough for 200 words and n-grams.
    ne.compress_classifier(model, tmp_path / "out", cutoff=200)
    whole = fasttext.load_model(str(model / "model.bin"))
    small = fasttext.load_model(str(tmp_path / "out" / "model.ftz"))
    for word in small.words:
        np.testing.assert_array_equal(small.get_word_vector(word), whole.get_word_vector(word))


def test_lengths_in_a_byte_of_their_own_bring_rows_of_any_length_near(
    examples: Path, model: Path, tmp_path: Path
) -> None:
    whole = fasttext.load_model(str(model / "model.bin"))
    library = quantize_with_library(
        model / "model.bin", tmp_path / "theirs.ftz", qnorm=True, dsub=5
    )
    ne.compress_classifier(model, tmp_path / "ours", dsub=5, qnorm=True)
    ours = fasttext.load_model(str(tmp_path / "ours" / "model.ftz"))

    def error(small: Any) -> float:
        pairs = [(whole.get_word_vector(w), small.get_word_vector(w)) for w in whole.words]
        return float(np.mean([np.linalg.norm(a - b) / np.linalg.norm(a) for a, b in pairs]))

    assert error(ours) < 1.05 * error(library)  # the same but for what chance does


def test_the_same_seed_gives_the_same_bytes_with_any_threads(sparse: Path, tmp_path: Path) -> None:
    made = {}
    for name, options in {
        "one": {"threads": 1}, "three": {"threads": 3}, "other": {"seed": 2},
    }.items():  # fmt: skip
        ne.compress_classifier(sparse, tmp_path / name, qnorm=True, cutoff=1000, **options)
        made[name] = (tmp_path / name / "model.ftz").read_bytes()
    assert made["one"] == made["three"] != made["other"]
    assert len(made["one"]) == len(made["other"])


def test_the_folder_is_a_classifier_that_knows_what_it_cost(
    demo: DemoResult, tmp_path: Path
) -> None:
    given, labelled = demo.folder / "classifier", demo.folder / "labelled"
    made = ne.compress_classifier(given, tmp_path / "out", data=labelled, max_size="1MB")
    assert set(made.accuracy) == {"train", "validation", "test"}
    assert made.accuracy["test"].before == demo.accuracy
    assert made.bytes.after is not None and 900_000 < made.bytes.after <= 1_000_000
    small = Classifier.open(tmp_path / "out")
    assert small.label_names == Classifier.open(given).label_names
    text = "President Lincoln and the Union army"
    assert small.predict([text])[0][0].label == "Abraham Lincoln"
    for name, change in made.accuracy.items():
        path = labelled / f"{name}.txt"
        assert accuracy(small, path) == pytest.approx(change.after, abs=1e-9)
        assert change.after > change.before - 0.05
    parent, manifest = (read_manifest(f, "classifier") for f in (given, tmp_path / "out"))
    assert manifest.parents == {"classifier": parent.id}
    assert manifest.settings["tokenizer"] == parent.settings["tokenizer"]
    assert manifest.settings["word_ngrams"] == parent.settings["word_ngrams"]
    assert manifest.settings["compression"]["max_size"] == "1MB"
    assert manifest.counts["bytes"] == size_of(tmp_path / "out")
    written = json.loads((tmp_path / "out" / "compression.json").read_text())
    assert written["accuracy"]["test"]["after"] == made.accuracy["test"].after
    evaluation = json.loads((tmp_path / "out" / "eval.json").read_text())
    assert evaluation["test_accuracy"] == made.accuracy["test"].after


def accuracy(classifier: Classifier, path: Path) -> float:
    lines = [line.split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines()]
    found = classifier.predict_tokenized([text for _, text in lines])
    right = [
        its[0].label == classifier.labels[label]
        for its, (label, _) in zip(found, lines, strict=True)
    ]
    return sum(right) / len(right)


def test_without_data_only_what_the_folder_recorded_is_known(
    model: Path, examples: Path, tmp_path: Path
) -> None:
    made = ne.compress_classifier(model, tmp_path / "a", cutoff=300)
    assert {name: change.after for name, change in made.accuracy.items()} == {
        "train": None, "validation": None,
    }  # fmt: skip
    assert made.accuracy["train"].before > 0.9
    assert not (tmp_path / "a" / "eval.json").exists()
    bare = ne.compress_classifier(model / "model.bin", tmp_path / "b", cutoff=300)
    assert bare.accuracy == {}
    assert bare.bytes == made.bytes
    measured = ne.compress_classifier(model, tmp_path / "c", cutoff=300, data=examples)
    assert measured == Compression(
        bytes=made.bytes, words=made.words, ngrams=made.ngrams, accuracy=measured.accuracy
    )
    assert measured.accuracy.keys() == {"train"}


def test_little_is_lost_on_real_text(data: Callable[[str], Path], tmp_path: Path) -> None:
    for part, lines in (("train", 20_000), ("test", 4000)):
        packed = data(f"classification/langid8/{part}.txt.bz2")
        text = bz2.decompress(packed.read_bytes()).decode("utf-8").split("\n")[:lines]
        (tmp_path / f"{part}.txt").write_text("\n".join(text) + "\n", encoding="utf-8")
    ne.train_classifier(
        tmp_path / "train.txt", tmp_path / "model", word_ngrams=1, subwords=True, min_char=2,
        max_char=4, learning_rate=0.3, buckets=100_000,
    )  # fmt: skip
    held = tmp_path / "test.txt"
    for options, lost in (
        ({}, 0.005), ({"qnorm": True}, 0.005), ({"max_size": "500kB"}, 0.01),
        ({"max_size": "200kB"}, 0.03),
    ):  # fmt: skip
        made = ne.compress_classifier(
            tmp_path / "model", tmp_path / "small", data=held, overwrite=True, **options
        )
        assert made.accuracy["test"].before > 0.9
        assert made.accuracy["test"].after > made.accuracy["test"].before - lost


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cutoff": 0}, "cutoff is 0; the smallest allowed value is 1"),
        ({"dsub": 11}, "dsub is 11, but the model's vectors have 10 numbers; lower it"),
        ({"max_size": "9kB"}, "max_size is 9kB, but the smallest model, of one word, has 10,"),
        ({"max_size": "much"}, "max_size is 'much'; it must be a size"),
        ({"max_size": "1MB", "cutoff": 9}, "give one of them"),
        ({"retrain": True}, "unknown setting 'retrain'"),
    ],
    ids=str,
)
def test_options_out_of_range(
    model: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        ne.compress_classifier(model, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_compressed(model: Path, examples: Path, tmp_path: Path) -> None:
    def refuse(path: Path, error: type[NlpEngineError], message: str) -> None:
        with pytest.raises(error, match=message):
            ne.compress_classifier(path, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    ne.compress_classifier(model, tmp_path / "small")
    refuse(tmp_path / "small", FormatError, "is compressed already; name the model")
    refuse(tmp_path / "small" / "model.ftz", FormatError, "is compressed already; name the model")
    train_with_library(
        "unsupervised", tmp_path / "vectors.bin", input=str(examples), dim=4, epoch=1, bucket=100
    )
    refuse(tmp_path / "vectors.bin", FormatError, "skipgram model, no classifier")
    cut = tmp_path / "cut.bin"
    cut.write_bytes((model / "model.bin").read_bytes()[:-1])
    refuse(cut, FormatError, "cut short or damaged")
    refuse(tmp_path / "none", InputError, "none does not exist")
    damaged = bytearray((model / "model.bin").read_bytes())
    outputs = 4 * 5 * 10 + 17  # the labels' rows, and what stands before them
    damaged[-outputs - 400 : -outputs] = np.full(100, np.nan, "<f4").tobytes()
    cut.write_bytes(damaged)
    refuse(cut, InputError, "numbers that are not finite; train it again")
    with pytest.raises(InputError, match=r"no\.txt does not exist"):
        ne.compress_classifier(model, tmp_path / "out", data=tmp_path / "no.txt")
