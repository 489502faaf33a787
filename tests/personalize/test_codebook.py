from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError
from nlp_engine.formats.stored_vectors import Subwords
from nlp_engine.personalize import limits
from nlp_engine.personalize.codebook import NO_TOPIC, Codebook, fit_topics
from nlp_engine.personalize.encodings.kmeans import unit
from nlp_engine.personalize.number_lists import NumberLists
from nlp_engine.personalize.text_encoder import other_places
from nlp_engine.personalize.text_vectors import fit_text_encoder
from nlp_engine.personalize.words import WordNumbers

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
    encoder = fit_text_encoder(VECTORS, TEXTS, WORDS)
    text_vectors = encoder.encode_texts(TEXTS, WORDS)
    book = fit_topics(text_vectors, TEXTS, WORDS, seed=seed, **chosen)
    book = replace(book, encoder=encoder)
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


SUBWORDS = Subwords(
    min_char=3,
    max_char=4,
    bucket_rows=np.random.default_rng(0).normal(size=(500, 16)).astype(np.float32),
)
WITH_SUBWORDS = WordVectors(WORDS, np.zeros((len(WORDS), 16), np.float32), subwords=SUBWORDS)


def numbered(vectors: WordVectors, texts: list[str]) -> tuple[NumberLists, Sequence[str]]:
    numbers = WordNumbers(vectors)
    ids, sizes = numbers.of([text.split() for text in texts])
    return NumberLists(ids, np.cumsum([0, *sizes])), numbers.words


def test_words_outside_of_the_vocabulary_count_by_their_sub_words() -> None:
    texts = ["apple pear", "iron gold", "apples the", "ironworks the"] * 3
    encoder = fit_text_encoder(WITH_SUBWORDS, *numbered(WITH_SUBWORDS, texts))
    rows = encoder.encode_texts(*numbered(WITH_SUBWORDS, texts))
    assert rows[2] @ rows[0] > rows[2] @ rows[1] and rows[3] @ rows[1] > rows[3] @ rows[0]
    # A text of such words alone has a vector, the same one whatever came before it.
    alone = encoder.encode(["ironworks"])
    np.testing.assert_allclose(np.linalg.norm(alone), 1, atol=1e-5)
    later = encoder.encode_words([["never-seen"], ["ironworks"], []])
    np.testing.assert_array_equal(later[1], alone)
    assert later[0].any() and not later[2].any()


def test_a_frequent_word_outside_of_the_vocabulary_counts_less() -> None:
    texts = ["gold brandname", "pear brandname", "plum brandname", "zinc other"] * 3
    encoder = fit_text_encoder(WITH_SUBWORDS, *numbered(WITH_SUBWORDS, texts))
    weights = encoder.other_weights
    assert weights is not None
    often, seldom, never = (weights[other_places([w])[0]] for w in ("brandname", "other", "new"))
    assert often < seldom < never == pytest.approx(np.log(1 + len(texts)))


def test_an_encoder_with_sub_words_is_opened_as_it_was(tmp_path: Path) -> None:
    texts = ["apple pear", "iron gold", "pineapples", "ironworks"] * 3
    lists, words = numbered(WITH_SUBWORDS, texts)
    encoder = fit_text_encoder(WITH_SUBWORDS, lists, words)
    rows = encoder.encode_texts(lists, words)
    book = fit_topics(rows, lists, words, topics=3, topics_per_item=1, seed=0)
    replace(book, encoder=encoder).save(tmp_path / "codebook")
    opened = Codebook.open(tmp_path / "codebook", WITH_SUBWORDS)
    assert opened.encoder is not None
    again = opened.encoder.encode_words([text.split() for text in texts])
    np.testing.assert_array_equal(again, rows)
    np.testing.assert_array_equal(opened.codes(again), book.codes(rows))
    without = WordVectors(WORDS, WITH_SUBWORDS.matrix)
    with pytest.raises(InputError, match="was fitted on other text vectors"):
        Codebook.open(tmp_path / "codebook", without)


def test_a_text_without_known_words_gets_no_code() -> None:
    book, _ = fit()
    empty = book.encoder.encode(["unknown"])
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
        words = vectors.tokenizer().words(item["DESCRIPTION"])
        (codes,) = book.codes(book.encoder.encode(words)[None]).tolist()
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
    scores = unit(rows - book.mean) @ book.centroids.T - book.crowding
    chosen = np.take_along_axis(scores, codes.astype(np.intp), axis=1)
    assert (np.diff(chosen, axis=1) <= 1e-6).all()
    np.testing.assert_allclose(chosen[:, -1], np.sort(scores, axis=1)[:, -64], atol=1e-6)
    assert len("|".join(["c0000"] * 64)) <= limits.MAX_CELL_CHARACTERS


def test_a_crowded_topic_is_not_in_every_item() -> None:
    generator = np.random.default_rng(2)
    # Half of the items are about one thing, the others about anything.
    rows = generator.normal(size=(3000, 16)).astype(np.float32)
    rows[::2] = 0.6 * rows[::2] + 3 * np.eye(16, dtype=np.float32)[0]
    texts = [np.empty(0, np.int32)] * len(rows)
    book = fit_topics(unit(rows), texts, [], topics=300, topics_per_item=16, seed=0)
    plain = replace(book, crowding=np.zeros_like(book.crowding))
    items = [np.bincount(b.codes(unit(rows)).ravel(), minlength=300) for b in (book, plain)]
    assert items[0].std() < 0.8 * items[1].std()


def test_what_all_texts_have_in_common_does_not_hide_what_differs() -> None:
    rows = np.random.default_rng(3).normal(size=(2000, 16)).astype(np.float32)
    texts = [np.empty(0, np.int32)] * len(rows)

    def shared(offset: float) -> float:
        vectors = unit(rows + np.float32(offset))
        book = fit_topics(vectors, texts, [], topics=200, topics_per_item=16, seed=0)
        member = np.zeros((len(rows), 200), np.float32)
        np.put_along_axis(member, book.codes(vectors).astype(np.intp), 1, axis=1)
        cosines = unit(rows) @ unit(rows).T - 2 * np.eye(len(rows), dtype=np.float32)
        return float((member @ member[cosines.argmax(axis=1)].T).diagonal().mean())

    assert shared(3.0) > 0.9 * shared(0.0)


def test_a_new_codebook_is_never_written_over_another(tmp_path: Path) -> None:
    book, _ = fit()
    book.save(tmp_path / "codebook")
    with pytest.raises(FileExistsError):
        book.save(tmp_path / "codebook")
