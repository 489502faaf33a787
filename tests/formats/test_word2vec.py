from __future__ import annotations

from pathlib import Path

import gensim.models
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from nlp_engine.errors import FormatError, InputError
from nlp_engine.formats import word2vec

WORDS = ["the", "ünïcödé", "no\u00a0break", "日本", "</s>"]
VECTORS = np.array(
    [[1, -0.5, 1e-8], [0, 0, 0], [123456, 0.1, -3e5], [1 / 3, 2, 3], [4, 5, 6]], np.float32
)


def test_exact_bytes(tmp_path: Path) -> None:
    word2vec.write_text(tmp_path / "v.txt", WORDS[:2], VECTORS[:2])
    assert (tmp_path / "v.txt").read_bytes() == "2 3\nthe 1 -0.5 1e-08\nünïcödé 0 0 0\n".encode()


def test_gensim_reads_what_is_written(tmp_path: Path) -> None:
    word2vec.write_text(tmp_path / "v.txt", WORDS, VECTORS)
    read = gensim.models.KeyedVectors.load_word2vec_format(str(tmp_path / "v.txt"))
    assert read.index_to_key == WORDS
    assert np.allclose(read.vectors, VECTORS, rtol=1e-5)


def test_what_gensim_and_fasttext_write_is_read(tmp_path: Path) -> None:
    keyed = gensim.models.KeyedVectors(3)
    keyed.add_vectors(WORDS, VECTORS)
    keyed.save_word2vec_format(str(tmp_path / "v.txt"))
    words, vectors = word2vec.read_text(tmp_path / "v.txt")
    assert words == WORDS
    assert np.array_equal(vectors, VECTORS)
    (tmp_path / "v.vec").write_text("2 2\na 1 2 \nb 3 4 \n")  # fastText ends lines with a space
    assert word2vec.read_text(tmp_path / "v.vec")[1].tolist() == [[1, 2], [3, 4]]


@given(
    st.lists(
        st.text(st.characters(exclude_characters=" \n\r\t\v\f\0", codec="utf-8"), min_size=1),
        min_size=1,
        max_size=8,
    ),
    st.data(),
)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], data: st.DataObject
) -> None:
    floats = st.floats(-1e6, 1e6, width=32)
    shape = (len(words), data.draw(st.integers(1, 5)))
    vectors = data.draw(st_numpy.arrays(np.float32, shape, elements=floats))
    path = tmp_path_factory.mktemp("vectors") / "v.txt"
    word2vec.write_text(path, words, vectors)
    read_words, read_vectors = word2vec.read_text(path)
    assert read_words == words
    assert np.allclose(read_vectors, vectors, rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "line 1: expected the number of words"),
        ("hello world\n", "line 1: expected the number of words"),
        ("2 2\na 1 2\n", "line 3: 0 numbers, the header says 2"),
        ("2 2\na 1 2\nb 1 2 3\n", "line 3: 3 numbers, the header says 2"),
        ("1 2\na 1 x\n", "line 2: could not convert"),
    ],
)
def test_damage_is_named_by_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "v.txt").write_text(content)
    with pytest.raises(FormatError) as error:
        word2vec.read_text(tmp_path / "v.txt")
    assert message in str(error.value)
    with pytest.raises(InputError, match="does not exist"):
        word2vec.read_text(tmp_path / "none.txt")
