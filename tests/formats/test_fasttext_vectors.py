"""Models that are written for the fastText library, and matrices that are read from its models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import fasttext
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.demo import DemoResult
from nlp_engine.errors import FormatError
from nlp_engine.formats.fasttext import (
    Entries,
    ModelSettings,
    ngram_buckets,
    open_matrices,
    write_model,
)
from tests.fasttext_library import train_with_library

WORDS = ["</s>", "the", "größe", "日本語", "a"]
COUNTS = np.array([9, 7, 5, 5, 1])
UNSEEN = ["thee", "größer", "日本", "", "b", "</s>x", "👍🏽"]
SUBWORDS = ModelSettings(model="cbow", min_char=2, max_char=4, buckets=1000)


def random_rows(rows: int, dim: int = 7) -> np.ndarray:
    """Padded, as trainers have them."""
    return np.random.default_rng(rows).standard_normal((rows, 16), np.float32)[:, :dim]


def write(path: Path, settings: ModelSettings, inputs: np.ndarray, **buckets) -> None:
    write_model(
        path,
        settings=settings,
        entries=Entries(words=WORDS, counts=COUNTS, tokens=27),
        input_rows=inputs,
        output_rows=random_rows(len(WORDS)),
        **buckets,
    )


def test_the_library_loads_a_model_without_subwords(tmp_path: Path) -> None:
    rows = random_rows(len(WORDS))
    settings = ModelSettings(
        window_size=3, epochs=2, min_count=1, negative_samples=4, sampling_threshold=1e-3
    )
    write(tmp_path / "m.bin", settings, rows)
    library = fasttext.load_model(str(tmp_path / "m.bin"))
    words, counts = library.get_words(include_freq=True)
    assert (words, counts.tolist()) == (WORDS, COUNTS.tolist())
    assert np.array_equal([library.get_word_vector(word) for word in WORDS], rows)
    assert np.array_equal(library.get_input_matrix(), rows)
    assert np.array_equal(library.get_output_matrix(), random_rows(len(WORDS)))
    assert not library.get_word_vector("unseen").any()
    arguments = library.f.getArgs()
    assert (arguments.ws, arguments.epoch, arguments.minCount, arguments.neg) == (3, 2, 1, 4)
    assert (arguments.t, arguments.dim, arguments.maxn) == (1e-3, 7, 0)
    assert str(arguments.model) == "model_name.skipgram"
    assert str(arguments.loss) == "loss_name.ns"


def test_the_library_makes_the_same_vectors_of_subwords(tmp_path: Path) -> None:
    rows = random_rows(len(WORDS) + 1000)
    write(tmp_path / "m.bin", SUBWORDS, rows)
    library = fasttext.load_model(str(tmp_path / "m.bin"))
    assert str(library.f.getArgs().model) == "model_name.cbow"
    for index, word in [*enumerate(WORDS), *((None, word) for word in UNSEEN)]:
        ids = [len(WORDS) + bucket for bucket in ngram_buckets(word, 2, 4, 1000)]
        ids = ids if index is None else [index, *ids]
        assert library.get_subwords(word)[1].tolist() == ids
        expected = rows[ids].mean(axis=0) if ids else np.zeros(7)
        assert np.allclose(library.get_word_vector(word), expected, atol=1e-6)


@pytest.fixture(scope="module", params=[(1, 1), (1, 4), (2, 3), (3, 6)])
def ngram_library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, int, Any]:
    """Shortest and longest n-gram, and a model with them in the library."""
    min_char, max_char = request.param
    path = tmp_path_factory.mktemp("m") / "m.bin"
    write_model(
        path,
        settings=ModelSettings(min_char=min_char, max_char=max_char, buckets=50_000),
        entries=Entries(words=["</s>"], counts=np.array([1]), tokens=1),
        input_rows=np.zeros((50_001, 1), np.float32),
        output_rows=np.zeros((1, 1), np.float32),
    )
    return min_char, max_char, fasttext.load_model(str(path))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12))
def test_ngrams_are_the_librarys(ngram_library: tuple[int, int, Any], word: str) -> None:
    min_char, max_char, library = ngram_library
    ids = [0] if word == "</s>" else []
    ids += [1 + bucket for bucket in ngram_buckets(word, min_char, max_char, 50_000)]
    assert library.get_subwords(word)[1].tolist() == ids


@given(st.sets(st.integers(0, 999), max_size=60), st.integers(0, 2**32 - 1))
def test_some_buckets_are_as_all_with_zeros(
    tmp_path_factory: pytest.TempPathFactory, ids: set[int], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("m")
    bucket_ids = np.random.default_rng(seed).permutation(np.array(sorted(ids), np.int64))
    bucket_rows = random_rows(len(ids))
    whole = np.zeros((len(WORDS) + 1000, 7), np.float32)
    whole[: len(WORDS)] = random_rows(len(WORDS))
    whole[len(WORDS) + bucket_ids] = bucket_rows
    write(folder / "all.bin", SUBWORDS, whole)
    write(
        folder / "some.bin", SUBWORDS, whole[: len(WORDS)],
        bucket_ids=bucket_ids, bucket_rows=bucket_rows,
    )  # fmt: skip
    assert (folder / "all.bin").read_bytes() == (folder / "some.bin").read_bytes()


def test_missing_buckets_take_no_disk(tmp_path: Path) -> None:
    settings = ModelSettings(min_char=3, max_char=6, buckets=2_000_000)
    ids = np.arange(0, 2_000_000, 20_000)
    write(
        tmp_path / "m.bin", settings, random_rows(len(WORDS)),
        bucket_ids=ids, bucket_rows=random_rows(len(ids)),
    )  # fmt: skip
    status = (tmp_path / "m.bin").stat()
    assert status.st_size > 2_000_000 * 7 * 4
    assert status.st_blocks * 512 < status.st_size / 10
    opened = open_matrices(tmp_path / "m.bin")
    assert np.array_equal(opened.input_rows[len(WORDS) + ids], random_rows(len(ids)))
    assert not opened.input_rows[len(WORDS) + ids + 1].any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"entries": Entries(words=WORDS, counts=COUNTS[:3], tokens=27)}, "5 words, but 3 counts"),
        ({"input_rows": random_rows(4)}, r"input_rows has shape \(4, 7\), expected \(1005, 7\)"),
        ({"output_rows": random_rows(4)}, r"output_rows has shape \(4, 7\), expected \(5, 7\)"),
        (
            {"entries": Entries(words=["a", "b", "c", "d", "e\0"], counts=COUNTS, tokens=27)},
            "has a NUL",
        ),
        ({"settings": replace(SUBWORDS, model="bow")}, "model is 'bow'"),
        (
            {"settings": replace(SUBWORDS, model="supervised")},
            r"output_rows has shape \(5, 7\), expected \(0, 7\)",
        ),
        (
            {"input_rows": random_rows(5), "bucket_ids": np.array([1, 1])},
            "bucket_ids and bucket_rows do not fit",
        ),
        (
            {"input_rows": random_rows(5), "bucket_ids": np.array([1, 1]),
             "bucket_rows": random_rows(2)},
            "has a bucket twice",
        ),
        (
            {"input_rows": random_rows(5), "bucket_ids": np.array([1000]),
             "bucket_rows": random_rows(1)},
            "from 0 to 999",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path: Path, changes: dict, message: str) -> None:
    fitting = {
        "settings": SUBWORDS, "entries": Entries(words=WORDS, counts=COUNTS, tokens=27),
        "input_rows": random_rows(1005), "output_rows": random_rows(5),
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        write_model(tmp_path / "m.bin", **{**fitting, **changes})


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("unsupervised", {"maxn": 0}),
        ("unsupervised", {"minn": 2, "maxn": 3, "bucket": 500}),
        ("supervised", {"wordNgrams": 2, "bucket": 500}),
    ],
)
def test_matrices_of_the_librarys_models(tmp_path: Path, kind: str, arguments: dict) -> None:
    text = tmp_path / "text"
    text.write_text("__label__a die größe der welt\n__label__b in 日本 ist groß\n" * 99)
    arguments = {"dim": 4, "epoch": 1, "thread": 1, "minCount": 1, **arguments}
    library = train_with_library(kind, tmp_path / "m.bin", input=str(text), **arguments)
    opened = open_matrices(tmp_path / "m.bin")
    assert opened.model.words == library.get_words()
    assert np.array_equal(opened.input_rows, library.get_input_matrix())
    assert np.array_equal(opened.output_rows, library.get_output_matrix())
    assert not opened.input_rows.flags.writeable


def test_quantised_matrices_are_refused(demo: DemoResult, tmp_path: Path) -> None:
    library = fasttext.load_model(str(demo.folder / "classifier" / "model.bin"))
    library.quantize(input=str(demo.folder / "labelled" / "train.txt"), cutoff=500, retrain=False)
    library.save_model(str(tmp_path / "m.ftz"))
    with pytest.raises(FormatError, match="quantised fastText model"):
        open_matrices(tmp_path / "m.ftz")


def test_a_matrix_of_another_size_than_the_dictionary_says(tmp_path: Path) -> None:
    write(tmp_path / "m.bin", SUBWORDS, random_rows(1005))
    content = bytearray((tmp_path / "m.bin").read_bytes())
    content[40:44] = (999).to_bytes(4, "little")  # buckets
    (tmp_path / "m.bin").write_bytes(content)
    with pytest.raises(FormatError, match="1005 rows of 7, expected 5 words and 999 buckets of 7"):
        open_matrices(tmp_path / "m.bin")
