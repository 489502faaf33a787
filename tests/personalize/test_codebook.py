from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError
from nlp_engine.personalize import limits
from nlp_engine.personalize.codebook import NO_TOPIC, Codebook, fit_topics
from nlp_engine.personalize.number_lists import NumberLists
from nlp_engine.personalize.text_vectors import fit_text_encoder

WORDS = ["apple", "pear", "plum", "iron", "gold", "zinc", "the"]
VECTORS = WordVectors(
    WORDS,
    np.array([[1, 0.1], [1, 0], [0.9, 0.2], [0, 1], [0.1, 1], [0.2, 0.9], [0.7, 0.7]], np.float32),
)
FRUIT, METAL = ["apple pear the", "pear plum the"], ["iron gold the", "gold zinc the"]
IDS = [VECTORS.ids(text.split()) for text in (FRUIT + METAL) * 4]
TEXTS = NumberLists(np.concatenate(IDS), np.cumsum([0, *map(len, IDS)]))


def fit(seed: int = 0, **options: int) -> tuple[Codebook, list[list[int]]]:
    chosen = {"topics": 2, "topics_per_item": 2} | options
    encoder = fit_text_encoder(VECTORS, TEXTS)
    text_vectors = encoder.encode_texts(TEXTS)
    book = fit_topics(text_vectors, TEXTS, WORDS, seed=seed, **chosen)
    book = Codebook(book.centroids, book.names, book.topics_per_item, encoder)
    return book, book.codes(text_vectors).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_alike_texts_share_their_nearest_topic(seed: int) -> None:
    book, codes = fit(seed)
    nearest = [row[0] for row in codes]
    assert nearest == [nearest[0], nearest[0], nearest[2], nearest[2]] * 4
    assert nearest[0] != nearest[2]
    fruit_words = set(book.names[nearest[0]].split()[1:])
    assert fruit_words <= {"apple", "pear", "plum"}
    assert book.names[nearest[0]].startswith(f"c000{nearest[0]} ")


def test_the_same_seed_gives_the_same_codes() -> None:
    assert fit(3)[1] == fit(3)[1]


def test_few_items_get_few_topics() -> None:
    book, codes = fit(topics=1000, topics_per_item=32)
    assert len(book.names) == len(TEXTS) // 4
    assert {len(row) for row in codes} == {1}


def test_a_text_without_known_words_gets_no_code() -> None:
    book, _ = fit()
    empty = book.encoder.encode(VECTORS.ids(["unknown"]))
    assert not empty.any()
    assert book.codes(empty[None]).tolist() == [[NO_TOPIC]]


def test_a_saved_codebook_gives_the_same_codes(demo: DemoResult) -> None:
    vectors = WordVectors.open(demo.folder / "vectors")
    book = Codebook.open(demo.folder / "items" / "codebook", vectors)
    names = json.loads((demo.folder / "items" / "codebook" / "names.json").read_text())
    assert list(book.names) == names
    lines = (demo.folder / "items" / "items.csv").read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    from nlp_engine.personalize.table import read_rows

    for _, row in list(read_rows(demo.folder / "items" / "items.csv"))[1:20]:
        item = dict(zip(header, row, strict=True))
        ids = vectors.ids(vectors.tokenizer().words(item["DESCRIPTION"]))
        (codes,) = book.codes(book.encoder.encode(ids)[None]).tolist()
        assert "|".join(f"c{code:04d}" for code in codes) == item["TOPICS"]
        assert book.names[codes[0]] == item["TOPIC"]


def test_other_vectors_are_refused(demo: DemoResult) -> None:
    with pytest.raises(InputError, match="was fitted on the vectors"):
        Codebook.open(demo.folder / "items" / "codebook", VECTORS)


def test_vectors_from_elsewhere_give_topics_named_by_the_words() -> None:
    generator = np.random.default_rng(0)
    corners = np.eye(3, dtype=np.float32)[[0, 1] * 8]
    rows = corners + generator.normal(0, 0.01, corners.shape).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    texts = [np.array([n % 2, 2]) for n in range(16)]
    book = fit_topics(rows, texts, ["tea", "tin", "the"], topics=2, topics_per_item=1, seed=0)
    codes = book.codes(rows)[:, 0].tolist()
    assert codes == codes[:2] * 8 and codes[0] != codes[1]
    assert [book.names[code].split()[1] for code in codes[:2]] == ["tea", "tin"]


def test_vectors_of_other_dimensions_are_refused() -> None:
    book, _ = fit()
    with pytest.raises(InputError, match=r"shape \(4, 3\).*2 dimensions"):
        book.codes(np.ones((4, 3), np.float32))


def test_codes_come_nearest_first_and_stay_within_a_cell() -> None:
    generator = np.random.default_rng(1)
    rows = generator.normal(size=(4000, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    texts = [np.empty(0, np.int32)] * len(rows)
    book = fit_topics(rows, texts, [], topics=1000, topics_per_item=64, seed=0)
    codes = book.codes(rows)
    assert codes.shape == (4000, 64) and codes.min() >= 0 and codes.max() < 1000
    similarities = np.take_along_axis(rows @ book.centroids.T, codes.astype(np.intp), axis=1)
    assert (np.diff(similarities, axis=1) <= 1e-6).all()
    kth = np.sort(rows @ book.centroids.T, axis=1)[:, -64]
    np.testing.assert_allclose(similarities[:, -1], kth, atol=1e-6)
    assert len("|".join(["c0000"] * 64)) <= limits.MAX_CELL_CHARACTERS


def test_a_new_codebook_is_never_written_over_another(tmp_path: Path) -> None:
    book, _ = fit()
    book.save(tmp_path / "codebook")
    with pytest.raises(FileExistsError):
        book.save(tmp_path / "codebook")
