from __future__ import annotations

from pathlib import Path

import fasttext
import numpy as np
import pytest

from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.demo import DemoResult
from nlp_engine.errors import InputError
from nlp_engine.native import LINE_END
from nlp_engine.progress import Progress


def test_words_counts_and_ids(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("the cat the dog\nthe cat ran\n")
    corpus = encode_corpus(path, min_count=2)
    assert corpus.words == ["the", "cat"]
    assert corpus.counts.tolist() == [3, 2]
    assert corpus.ids.tolist() == [0, 1, 0, LINE_END, 0, 1, LINE_END]
    assert (corpus.tokens, corpus.types, corpus.lines) == (7, 4, 2)


def test_counts_agree_with_fasttext_on_the_real_sample(demo: DemoResult, tmp_path: Path) -> None:
    path = demo.folder / "corpus" / "sentences.txt"
    corpus = encode_corpus(path, min_count=2, threads=3)
    model = fasttext.train_unsupervised(
        str(path), dim=1, epoch=1, minCount=2, maxn=0, thread=1, verbose=0
    )
    words, counts = model.get_words(include_freq=True)
    expected = dict(zip(words, counts.tolist(), strict=True))
    assert expected.pop("</s>") == corpus.lines
    assert dict(zip(corpus.words, corpus.counts.tolist(), strict=True)) == expected


def test_the_number_of_threads_changes_nothing(demo: DemoResult) -> None:
    path = demo.folder / "corpus" / "sentences.txt"
    one, four = (encode_corpus(path, threads=threads) for threads in (1, 4))
    assert one.words == four.words
    assert np.array_equal(one.ids, four.ids)
    assert np.array_equal(one.counts, four.counts)


def test_progress_counts_bytes(demo: DemoResult) -> None:
    path = demo.folder / "corpus" / "sentences.txt"
    reports: list[Progress] = []
    encode_corpus(path, report=reports.append)
    assert reports[-1].done == reports[-1].total == path.stat().st_size


@pytest.mark.parametrize(
    ("content", "min_count", "message"),
    [
        (b"", 1, "is empty"),
        (b" \n\t\n", 1, "has no words, only white space"),
        (b"a b a\n", 5, "no word occurs min_count=5 times (the most frequent occurs 2 times)"),
        (b"fine words\ncaf\xe9 noir\n", 1, "byte 11: b'caf\\xe9' is not UTF-8"),
    ],
)
def test_what_is_no_corpus(tmp_path: Path, content: bytes, min_count: int, message: str) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        encode_corpus(path, min_count=min_count)
    assert message in str(error.value)
    assert str(path) in str(error.value)
