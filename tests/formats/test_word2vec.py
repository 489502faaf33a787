from __future__ import annotations

import gzip
from pathlib import Path

import gensim.models
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from nlp_engine.errors import FormatError, InputError
from nlp_engine.formats import word2vec

WORDS = ["the", "ünïcödé", "no\u00a0break", "日本", "</s>"]
VECTORS = np.array(
    [[1, -0.5, 1e-8], [0, 0, 0], [123456, 0.1, -3e5], [1 / 3, 2, 3], [4, 5, 6]], np.float32
)
FORMATS = {
    "text": (word2vec.write_text, word2vec.read_text),
    "binary": (word2vec.write_binary, word2vec.read_binary),
}


def load_with_gensim(path: Path, binary: bool) -> gensim.models.KeyedVectors:
    return gensim.models.KeyedVectors.load_word2vec_format(str(path), binary=binary)


def test_exact_bytes(tmp_path: Path) -> None:
    word2vec.write_text(tmp_path / "v.txt", WORDS[:2], VECTORS[:2])
    assert (tmp_path / "v.txt").read_bytes() == "2 3\nthe 1 -0.5 1e-08\nünïcödé 0 0 0\n".encode()
    word2vec.write_binary(tmp_path / "v.bin", WORDS[:1], VECTORS[:1])
    assert (tmp_path / "v.bin").read_bytes() == b"1 3\nthe " + VECTORS[0].tobytes() + b"\n"


@pytest.mark.parametrize("name", FORMATS)
def test_gensim_reads_what_is_written(tmp_path: Path, name: str) -> None:
    FORMATS[name][0](tmp_path / "v", WORDS, VECTORS)
    read = load_with_gensim(tmp_path / "v", binary=name == "binary")
    assert read.index_to_key == WORDS
    assert np.array_equal(read.vectors, VECTORS)


@pytest.mark.parametrize("name", FORMATS)
def test_what_gensim_writes_is_read(tmp_path: Path, name: str) -> None:
    keyed = gensim.models.KeyedVectors(3)
    keyed.add_vectors(WORDS, VECTORS)
    keyed.save_word2vec_format(str(tmp_path / "v"), binary=name == "binary")
    assert word2vec.is_binary(tmp_path / "v") == (name == "binary")
    words, vectors = FORMATS[name][1](tmp_path / "v")
    assert words == WORDS
    assert np.array_equal(vectors, VECTORS)


def test_lines_that_end_with_a_space_as_fasttexts_or_in_windows_way(tmp_path: Path) -> None:
    for ending in (" \n", "\r\n", "\t\n", ""):
        text = "2 2\na 1 2 \nb 3 4" + ending
        (tmp_path / "v.vec").write_bytes(text.encode())
        assert not word2vec.is_binary(tmp_path / "v.vec")
        assert word2vec.read_text(tmp_path / "v.vec")[1].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("name", FORMATS)
@given(
    words=st.lists(
        st.text(st.characters(exclude_characters=" \n", codec="utf-8"), min_size=1),
        min_size=1,
        max_size=8,
    ),
    data=st.data(),
)
@settings(max_examples=150)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, words: list[str], data: st.DataObject
) -> None:
    finite = st.floats(width=32, allow_nan=False)
    shape = (len(words), data.draw(st.integers(1, 5)))
    vectors = data.draw(st_numpy.arrays(np.float32, shape, elements=finite))
    path = tmp_path_factory.mktemp("v") / "v"
    write, read = FORMATS[name]
    write(path, words, vectors)
    read_words, read_vectors = read(path)
    assert read_words == words
    assert read_vectors.tobytes() == vectors.tobytes()


@pytest.mark.parametrize("name", FORMATS)
def test_many_words_compressed_and_from_padded_rows(tmp_path: Path, name: str) -> None:
    random = np.random.default_rng(0)
    matrix = random.standard_normal((30_000, 48), np.float32)[:, :40]
    words = [f"wörd{number}" for number in range(len(matrix))]
    write, read = FORMATS[name]
    write(tmp_path / "v", words, matrix)
    (tmp_path / "v.gz").write_bytes(gzip.compress((tmp_path / "v").read_bytes(), 1))
    for path in (tmp_path / "v", tmp_path / "v.gz"):
        assert word2vec.is_binary(path) == (name == "binary")
        read_words, vectors = read(path)
        assert read_words == words
        assert np.array_equal(vectors, matrix)


@pytest.mark.parametrize("word", ["New York", "a\nb", "a "])
def test_words_that_the_formats_cannot_hold(tmp_path: Path, word: str) -> None:
    for write, _ in FORMATS.values():
        with pytest.raises(InputError, match="space or line feed"):
            write(tmp_path / "v", ["fine", word], VECTORS[:2])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "line 1: expected the number of words"),
        ("hello world\n", "line 1: expected the number of words"),
        ("-1 2\n", "line 1: expected the number of words"),
        ("999999999999999 100\na 1\n", "line 1: 999999999999999 words of 100 dimensions are more"),
        ("2 2\na 1 2\n", "line 3: the file ends; the header says 2 words"),
        ("2 2\na 1 2\n\nb 1 2\n", "line 3: 0 numbers, the header says 2"),
        ("2 2\na 1 2\nb 1 2 3\n", "line 3: 3 numbers, the header says 2"),
        ("1 2\na 1 x\n", "line 2: 'x' is no number"),
        ("1 2\na 1 2\nb 1 2\n", "line 3: the header says 1 words only"),
    ],
)
def test_damaged_text_is_named_by_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "v.txt").write_text(content)
    with pytest.raises(FormatError) as error:
        word2vec.read_text(tmp_path / "v.txt")
    assert message in str(error.value)
    with pytest.raises(InputError, match="does not exist"):
        word2vec.read_text(tmp_path / "none.txt")


def test_a_word_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_bytes(b"2 1\na 1\n\xff 2\n")
    with pytest.raises(FormatError, match="word 2 is no UTF-8"):
        word2vec.read_text(tmp_path / "v.txt")


def test_a_file_without_line_feeds_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    with (tmp_path / "v.txt").open("wb") as file:
        file.write(b"1 1\n")
        file.truncate(1 << 30)
    with pytest.raises(FormatError, match="too long"):
        word2vec.read_text(tmp_path / "v.txt")
    with pytest.raises(FormatError, match="word 1 of 1"):
        word2vec.read_binary(tmp_path / "v.txt")


@given(st.data())
@settings(max_examples=150)
def test_damaged_binary_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("cut") / "v"
    word2vec.write_binary(path, WORDS, VECTORS)
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 2))])  # the last is a line feed
    with pytest.raises(FormatError) as error:
        word2vec.read_binary(path)
    assert str(path) in str(error.value)
    path.write_bytes(whole + b"more")
    with pytest.raises(FormatError, match="the header says 5 words, but the file goes on"):
        word2vec.read_binary(path)
