from __future__ import annotations

from pathlib import Path

import gensim.models
import numpy as np
import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import FormatError, InputError

TOY = WordVectors(
    ["king", "queen", "man", "woman", "</s>", "zero"],
    np.array([[1, 1, 0], [1, 1, 1], [0, 1, 0], [0, 1, 1], [1, 1, 0.1], [0, 0, 0]], np.float32),
)


def test_look_up() -> None:
    assert len(TOY) == 6
    assert TOY.vector_dim == 3
    assert "king" in TOY
    assert "emperor" not in TOY
    assert TOY["queen"].tolist() == [1, 1, 1]
    with pytest.raises(KeyError):
        TOY["emperor"]
    assert TOY.ids(["man", "unknown", "king", "man"]).tolist() == [2, 0, 2]


def test_neighbours_by_cosine_without_the_word_itself_and_line_ends() -> None:
    hits = TOY.most_similar("king", k=10)
    assert [word for word, _ in hits] == ["queen", "man", "woman", "zero"]
    assert hits[0][1] == pytest.approx(2 / np.sqrt(6))
    assert hits[1][1] == pytest.approx(1 / np.sqrt(2))
    assert TOY.most_similar("king", k=1) == hits[:1]
    assert TOY.similarity("king", "queen") == pytest.approx(hits[0][1])


def test_analogy() -> None:
    assert TOY.analogy("man", "king", "woman")[0][0] == "queen"


def test_sentence_vectors() -> None:
    unit_king, unit_man = TOY["king"] / np.sqrt(2), TOY["man"]
    expected = (unit_king + unit_man) / 2
    assert np.allclose(TOY.sentence_vector(["king", "unknown", "man"]), expected)
    assert TOY.sentence_vector(["unknown"]).tolist() == [0, 0, 0]
    assert TOY.sentence_vector([]).tolist() == [0, 0, 0]


def test_unknown_words_are_named() -> None:
    with pytest.raises(InputError, match="not in the vocabulary of 6 words: emperor, empress"):
        TOY.analogy("emperor", "king", "empress")


def test_neighbours_agree_with_gensim_on_real_vectors(demo: DemoResult) -> None:
    vectors = WordVectors.open(demo.folder / "vectors")
    keyed = gensim.models.KeyedVectors.load_word2vec_format(
        str(demo.folder / "vectors" / "vectors.txt")
    )
    keyed.vectors[~keyed.vectors.any(axis=1)] = 1e-9  # never trained; gensim divides by its length
    for word in ("president", "language", "water"):
        ours = vectors.most_similar(word, 5)
        theirs = [hit for hit in keyed.most_similar(word, topn=6) if hit[0] != "</s>"][:5]
        assert [hit[0] for hit in ours] == [hit[0] for hit in theirs]
        assert np.allclose([hit[1] for hit in ours], [hit[1] for hit in theirs], atol=1e-5)


def test_opening_something_else(demo: DemoResult, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="expected the folder .vectors."):
        WordVectors.open(demo.folder / "kb")
    with pytest.raises(InputError, match="does not exist"):
        WordVectors.open(tmp_path / "nothing")
    with pytest.raises(FormatError, match="line 1"):
        WordVectors.open(demo.folder / "kb" / "manifest.json")
