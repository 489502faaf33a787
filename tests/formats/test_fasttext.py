from __future__ import annotations

import contextlib
from pathlib import Path

import fasttext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.demo import CLASSIFIER, DemoResult
from nlp_engine.errors import FormatError, InputError
from nlp_engine.formats.fasttext import read_model
from tests.fasttext_library import train_with_library


def test_vectors_agree_with_the_library(demo: DemoResult) -> None:
    path = demo.folder / "vectors" / "vectors.bin"
    read, library = read_model(path), fasttext.load_model(str(path))
    words, counts = library.get_words(include_freq=True)
    assert read.words == words
    assert read.counts == counts.tolist()
    assert (read.model, read.vector_dim, read.max_char) == ("skipgram", 100, 0)
    assert not read.quantized


def test_classifiers_agree_with_the_library(demo: DemoResult) -> None:
    path = demo.folder / "classifier" / "model.bin"
    read, library = read_model(path), fasttext.load_model(str(path))
    assert read.model == "supervised"
    assert read.labels == library.get_labels()
    assert read.words == library.get_words()
    assert (read.word_ngrams, read.buckets) == (2, CLASSIFIER["buckets"])


def test_a_quantised_model_is_recognised(demo: DemoResult, tmp_path: Path) -> None:
    model = fasttext.load_model(str(demo.folder / "classifier" / "model.bin"))
    model.quantize(input=str(demo.folder / "labelled" / "train.txt"), cutoff=2000, retrain=False)
    model.save_model(str(tmp_path / "model.ftz"))
    read = read_model(tmp_path / "model.ftz")
    assert read.quantized
    assert read.words == model.get_words()


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("model")
    (folder / "text").write_text("a b c d\n" * 30)
    path = folder / "model.bin"
    train_with_library(
        "unsupervised", path, input=str(folder / "text"), dim=3, epoch=1, lr=1e-9, maxn=0, thread=1
    )
    assert set(read_model(path).words) == {"</s>", "a", "b", "c", "d"}
    return path.read_bytes()


@given(st.data())
@settings(max_examples=150)
def test_every_truncation_is_noticed(
    small_model: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("cut") / "model.bin"
    path.write_bytes(small_model[: data.draw(st.integers(0, len(small_model) - 1))])
    with pytest.raises(FormatError) as error:
        read_model(path)
    assert str(path) in str(error.value)


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_other_files_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("other") / "model.bin"
    path.write_bytes(content)
    with pytest.raises(FormatError):
        read_model(path)


@given(st.data())
@settings(max_examples=200)
def test_flipped_bytes_never_crash_or_hang(
    small_model: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(small_model)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "model.bin"
    path.write_bytes(damaged)
    with contextlib.suppress(FormatError):
        read_model(path)


def test_a_newer_version_and_a_missing_file(small_model: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(small_model[:4] + (13).to_bytes(4, "little") + small_model[8:])
    with pytest.raises(FormatError, match="fastText version 13; 11 and 12 can be read"):
        read_model(path)
    with pytest.raises(InputError, match="does not exist"):
        read_model(tmp_path / "none.bin")
