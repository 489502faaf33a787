from __future__ import annotations

import json
from pathlib import Path

import fasttext
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.corpus.label import label_corpus
from nlp_engine.corpus.labelled import escape_labels, escape_word, labelled_files
from nlp_engine.demo import LABELS, DemoResult
from nlp_engine.engines import fasttext as engine
from nlp_engine.errors import InputError
from nlp_engine.progress import silent
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import read_pages

HOSTILE = [
    ("Office Holder", "plain words"),
    ("Office\u00a0Holder", "the other office holder"),
    ("Office_Holder", "and one more"),
    ("a,b", "__label__trap in the text"),
    ('quo"te', "a </s> in the middle"),
    ("ünï", "no\u00a0break\u3000space and\u2028separator"),
    ("x__label__y", 'quotes "" and, commas'),
    ("  spaces  ", "trailing\ttab"),
]


def write_rows(path: Path, rows: list[tuple[str, str]]) -> None:
    lines = [json.dumps({"label": label, "text": text}) for label, text in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("tokenizer", ["fast", "spacy", "nltk"])
def test_fasttext_reads_back_exactly_the_labels_that_were_written(
    tmp_path: Path, tokenizer: str
) -> None:
    write_rows(tmp_path / "rows.jsonl", HOSTILE)
    out = tmp_path / "out"
    made = label_corpus(tmp_path / "rows.jsonl", out, split="100/0/0", tokenizer=tokenizer)
    engine.train(
        corpus=out / "train.txt",
        model=tmp_path / "model.bin",
        supervised=True,
        arguments={"dim": 2, "epoch": 1, "minCount": 1, "thread": 1},
        words_to_read=1,
        report=silent,
    )
    model = fasttext.load_model(str(tmp_path / "model.bin"))
    words, counts = model.get_labels(include_freq=True)
    labels = labelled_files(out).labels
    assert sorted(labels[word] for word in words) == sorted(label for label, _ in HOSTILE)
    assert counts.tolist() == [1] * len(HOSTILE)
    assert made.counts["labels"] == made.counts["train"] == len(HOSTILE)
    assert (out / "train.txt").read_text(encoding="utf-8").count("\n") == len(HOSTILE)


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=30))
def test_labels_stay_different_and_are_one_word(labels: list[str]) -> None:
    escaped = escape_labels(labels)
    assert list(escaped) == labels
    assert len(set(escaped.values())) == len(labels)
    for word in escaped.values():
        assert word.startswith("__label__")
        assert len(word) > len("__label__")
        assert not set(word) & set(" \t\n\v\f\r\0")


@pytest.mark.parametrize(
    ("word", "escaped"),
    [("word", "word"), ("__label__x", "___label__x"), ("</s>", "&lt;/s&gt;"), ("</s>x", "</s>x")],
)
def test_words_that_fasttext_would_misread(word: str, escaped: str) -> None:
    assert escape_word(word) == escaped


def test_paragraphs_and_the_largest_labels_of_the_real_sample(demo: DemoResult) -> None:
    files = labelled_files(demo.folder / "labelled")
    pages = list(read_pages(demo.folder / "extracted", PageKind.ARTICLE))

    def size(text: str) -> int:
        paragraphs = (p for p in text.splitlines() if len(p.split()) >= LABELS["min_words"])
        return sum(map(len, paragraphs))

    longest = sorted(pages, key=lambda page: -size(page.text))[:12]
    assert set(files.labels.values()) == {page.title for page in longest}
    folds = [files.train, files.validation, files.test]
    sizes = [len(path.read_text(encoding="utf-8").splitlines()) for path in folds if path]
    assert sizes[1] == sizes[2]
    assert 0.78 < sizes[0] / sum(sizes) < 0.82
    texts = [
        set(path.read_text(encoding="utf-8").splitlines()) for path in folds if path is not None
    ]
    assert not texts[0] & texts[1] and not texts[0] & texts[2] and not texts[1] & texts[2]


def test_equal_examples_count_once_and_rows_without_label_or_text_not_at_all(
    tmp_path: Path,
) -> None:
    rows = [("a", "same"), ("a", "Same!"), ("b", "other"), ("", "unlabelled"), ("b", "...")]
    write_rows(tmp_path / "rows.jsonl", rows)
    made = label_corpus(tmp_path / "rows.jsonl", tmp_path / "out", split="100/0/0")
    assert (tmp_path / "out" / "train.txt").read_text() == "__label__a same\n__label__b other\n"
    assert made.counts["examples"] == 2


def test_one_label_is_no_classification(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [("a", "x"), ("a", "y")])
    with pytest.raises(InputError, match="gives fewer than two labels"):
        label_corpus(tmp_path / "rows.jsonl", tmp_path / "out")
