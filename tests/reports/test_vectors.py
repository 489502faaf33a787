from __future__ import annotations

import json
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.embeddings.evaluation import by_name, eval_json, evaluate
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import FormatError, InputError
from nlp_engine.files import sha256
from nlp_engine.formats.fasttext import Entries, ModelSettings, write_model
from nlp_engine.manifest import read_manifest, write_manifest
from nlp_engine.reports.vectors import sample_neighbours, write_vectors_report
from nlp_engine.reports.word_map import content_words, word_map_svg
from tests.reports.page import Page

ENGLISH = [
    "the", "of", "</s>", "king", "queen", "palace", "apple", "orange", "banana", "river", "lake",
    "ocean", "train", "railway", "station", "doctor", "nurse", "hospital", "it's", "1984", "<b>",
]  # fmt: skip


def random_vectors(words: Sequence[str], dim: int = 5) -> WordVectors:
    matrix = np.random.default_rng(1).normal(size=(len(words), dim)).astype(np.float32)
    return WordVectors(words, matrix)


def make_folder(
    folder: Path, words: Sequence[str] = ENGLISH, *, loss: object = None, evaluated: bool = False
) -> Path:
    folder.mkdir()
    vectors = random_vectors(words)
    write_model(
        folder / "vectors.bin",
        settings=ModelSettings(),
        entries=Entries(words=words, counts=np.arange(len(words), 0, -1), tokens=1000),
        input_rows=vectors.matrix,
        output_rows=vectors.matrix,
    )
    if loss is not None:
        (folder / "training.json").write_text(json.dumps({"loss": loss}))
    if evaluated:
        pairs, questions = folder.parent / "pairs.txt", folder.parent / "questions.txt"
        pairs.write_text("king queen 9\nking lake 1\nriver lake 8\nking emperor 7\n")
        questions.write_text(": family\nking queen doctor nurse\n: gram8\napple x orange y\n")
        results = eval_json(evaluate(vectors, by_name([pairs, questions])))
        (folder / "eval.json").write_text(json.dumps(results))
    write_manifest(
        folder,
        format="vectors",
        language="en",
        started=time.monotonic(),
        settings={"mode": "cbow", "threads": None, "tokenizer": {"name": "text8"}},
        counts={"words": len(words), "tokens": 12345},
    )
    return folder


def page_of(folder: Path) -> Page:
    write_vectors_report(folder)
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    page.check_whole_and_self_contained()
    return page


def test_the_page_tells_all(tmp_path: Path) -> None:
    loss = [[1_000_000 * i, 4 / i, 0.05 / i] for i in range(1, 9)]
    page = page_of(make_folder(tmp_path / "my vectors", loss=loss, evaluated=True))
    for text in ("my vectors", "cbow", "text8", "12,345", "pairs.txt", "3 of 4", "75 %",
                 "questions.txt", "1 of 1", "family", "gram8", "0 of 1", "learning rate",
                 "hospital", "2 M"):  # fmt: skip
        assert text in page.text, text
    assert page.source.count("<svg") == 2
    assert "None" not in page.text


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    page = page_of(make_folder(tmp_path / "out"))
    assert "does not tell its loss" in page.text
    assert "were not evaluated" in page.text
    assert page.source.count("<svg") == 1


def test_the_manifest_has_the_page_and_the_folder_keeps_its_id(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "out")
    before = read_manifest(folder, "vectors")
    for _ in range(2):
        write_vectors_report(folder)
        after = read_manifest(folder, "vectors")
        (record,) = (file for file in after.files if file.name == "report.html")
        assert record.sha256 == sha256(folder / "report.html")
    assert [file.name for file in after.files] == ["report.html", "vectors.bin"]
    assert after.id == before.id
    assert {path.name for path in folder.iterdir()} == {
        "manifest.json", "report.html", "vectors.bin",
    }  # fmt: skip
    (folder / "report.html").write_text("cut")
    with pytest.raises(FormatError, match=r"report\.html has 3 bytes"):
        read_manifest(folder, "vectors")


def test_the_same_folder_gives_the_same_page(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "out", loss=[[10, 3.0, 0.05], [20, 2.0, 0.01]], evaluated=True)
    assert page_of(folder).source == page_of(folder).source


@pytest.mark.parametrize("words", [["a"], ["word"], ["one", "word", "more"], ["</s>", "the"]])
def test_tiny_vocabularies(tmp_path: Path, words: list[str]) -> None:
    page_of(make_folder(tmp_path / "out", words))


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.filterwarnings("error")
def test_short_vectors_have_a_map(dim: int) -> None:
    assert ">hospital<" in word_map_svg(random_vectors(ENGLISH, dim))


@pytest.mark.filterwarnings("error")
def test_words_with_equal_vectors_have_a_map() -> None:
    vectors = WordVectors(ENGLISH, np.ones((len(ENGLISH), 8), np.float32))
    assert ">hospital<" in word_map_svg(vectors)


def test_every_script_has_a_map() -> None:
    words = ["中国", "的", "日本", "ニュース", "한국", "हिन्दी", "Москва", "да", "Straße"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = word_map_svg(random_vectors(words))
    shown = [word for word in words if f">{word}<" in svg]
    assert shown == [words[row] for row in content_words(words)]
    assert shown == ["中国", "日本", "ニュース", "한국", "हिन्दी", "Москва", "Straße"]


def test_sample_words_are_spread_over_frequencies() -> None:
    words = [f"{'abcdefghij'[i // 100]}{'abcdefghij'[i // 10 % 10]}{'abcdefghij'[i % 10]}word"
             for i in range(1000)]  # fmt: skip
    vectors = random_vectors(words)
    samples = sample_neighbours(vectors)
    ranks = [sample.rank for sample in samples]
    assert ranks == sorted(set(ranks))
    assert ranks[0] < 50 and ranks[-1] == 1000
    assert 0.3 < sum(rank < 150 for rank in ranks) / len(ranks) < 0.7
    for sample in samples:
        assert words[sample.rank - 1] == sample.word
        assert list(sample.nearest) == vectors.most_similar(sample.word, len(sample.nearest))


@pytest.mark.parametrize("content", ["", "[]", '{"loss": [[1, 2]]}', '{"loss": "x"}'])
def test_a_damaged_training_json_is_named(tmp_path: Path, content: str) -> None:
    folder = make_folder(tmp_path / "out")
    (folder / "training.json").write_text(content)
    with pytest.raises(FormatError, match=r"training\.json has no rows of words"):
        write_vectors_report(folder)
    assert not (folder / "report.html").exists()


def test_no_folder_no_page(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        write_vectors_report(tmp_path / "none")
