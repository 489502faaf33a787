from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.corpus.labelled import escape_labels, escape_word, labelled_files, read_labels


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=30))
def test_labels_stay_different_and_are_one_word(labels: list[str]) -> None:
    escaped = escape_labels(labels)
    assert list(escaped) == labels
    assert len(set(escaped.values())) == len(labels)
    for word in escaped.values():
        assert word.startswith("__label__")
        assert len(word) > len("__label__")
        assert not set(word) & set(" \t\n\v\f\r\0")
        assert len(word.split()) == 1, "also for Python, which splits at more than fastText"


def test_labels_that_only_unicode_tells_apart() -> None:
    assert escape_labels(["é", "e\u0301", "a b", "a\u00a0b", "a_b"]) == {
        "é": "__label__é",
        "e\u0301": "__label__é_2",
        "a b": "__label__a_b",
        "a\u00a0b": "__label__a_b_2",
        "a_b": "__label__a_b_3",
    }


@pytest.mark.parametrize(
    ("word", "escaped"),
    [("word", "word"), ("__label__x", "___label__x"), ("</s>", "&lt;/s&gt;"), ("</s>x", "</s>x")],
)
def test_words_that_fasttext_would_misread(word: str, escaped: str) -> None:
    assert escape_word(word) == escaped


def test_a_file_outside_of_a_folder_has_no_label_map(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("__label__a x\n")
    files = labelled_files(tmp_path / "a.txt")
    assert (files.train, files.test, dict(files.labels)) == (tmp_path / "a.txt", None, {})
    assert read_labels(tmp_path) == {}
    (tmp_path / "labels.json").write_text(json.dumps({"__label__a": "A"}))
    assert read_labels(tmp_path) == {"__label__a": "A"}
