from __future__ import annotations

import bz2
import gzip
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import numpy as np
import pytest

from nlp_engine.corpus import vocabulary
from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.demo import DemoResult
from nlp_engine.errors import InputError, OutputError
from nlp_engine.native import LINE_END
from nlp_engine.progress import Progress
from tests.fasttext_library import train_with_library


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
    model = train_with_library(
        "unsupervised", tmp_path / "model.bin", input=str(path), dim=1, epoch=1, minCount=2, maxn=0,
        thread=1,
    )  # fmt: skip
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


def test_progress_counts_bytes_then_words(demo: DemoResult) -> None:
    path = demo.folder / "corpus" / "sentences.txt"
    reports: list[Progress] = []
    corpus = encode_corpus(path, min_count=2, report=reports.append)
    counting, vocabulary = reports[-2:]
    assert counting.done == counting.total == path.stat().st_size
    assert (vocabulary.done, vocabulary.total) == (len(corpus.words), corpus.types)


def test_several_files_are_one_vocabulary_and_no_line_spans_two(tmp_path: Path) -> None:
    contents = {"a.txt": "the cat\nthe", "b.txt": "", "c.txt": "cat ran\n"}
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    corpus = encode_corpus([tmp_path / name for name in contents])
    assert corpus.words == ["the", "cat", "ran"]
    assert corpus.ids.tolist() == [0, 1, LINE_END, 0, LINE_END, 1, 2, LINE_END]
    assert (corpus.tokens, corpus.lines) == (5, 3)
    assert corpus.paths == (tmp_path / "a.txt", tmp_path / "c.txt")


def test_ids_go_to_disk_when_memory_might_not_hold_them(
    demo: DemoResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = demo.folder / "corpus" / "sentences.txt"
    expected = encode_corpus([path, path], min_count=2)
    monkeypatch.setattr(vocabulary, "available_memory", lambda: 1000)
    made = []

    def temporary_file(**options: Any) -> IO[bytes]:
        made.append(tempfile.TemporaryFile(**options))  # noqa: SIM115
        return made[-1]

    with monkeypatch.context() as patch:
        patch.setattr(vocabulary, "tempfile", SimpleNamespace(TemporaryFile=temporary_file))
        got = encode_corpus([path, path], min_count=2, threads=3, scratch=tmp_path)
    assert [file.closed for file in made] == [True]
    assert got.words == expected.words
    assert np.array_equal(got.ids, expected.ids)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_too_small_for_the_ids_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("a b c\n")
    monkeypatch.setattr(vocabulary, "available_memory", lambda: 0)
    monkeypatch.setattr(vocabulary.shutil, "disk_usage", lambda _: SimpleNamespace(free=3))
    with pytest.raises(OutputError, match=r"has 0\.0 GB free, but the word ids"):
        encode_corpus(path, scratch=tmp_path)


def test_a_problem_names_its_file_and_the_byte_there(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("words " * 1000)
    bad.write_bytes(b"fine\n" + b"x" * (1 << 20) + b"y")
    with pytest.raises(InputError) as error:
        encode_corpus([good, bad])
    assert f"{bad}, byte 5: more than 1048576 bytes without a space" in str(error.value)


@pytest.mark.parametrize(
    ("content", "min_count", "message"),
    [
        (b"", 1, "is empty"),
        (b" \n\t\n", 1, "has no words, only white space"),
        (b"a b a\n", 5, "no word occurs min_count=5 times (the most frequent occurs 2 times)"),
        (b"fine words\ncaf\xe9 noir\n", 5, "byte 14: b'\\xe9 noir\\n' is not UTF-8"),
        (gzip.compress(b"a b\n", mtime=0), 1, "is compressed with gzip; unpack it first (gunzip)"),
        (bz2.compress(b"a b\n"), 1, "is compressed with bzip2; unpack it first (bunzip2)"),
        (b"PK\x03\x04\x00rest", 1, "is a binary file (byte 4 is NUL)"),
        ("a b\n".encode("utf-16"), 1, "is UTF-16; convert it with iconv -f UTF-16 -t UTF-8"),
    ],
)
def test_what_is_no_corpus(tmp_path: Path, content: bytes, min_count: int, message: str) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        encode_corpus(path, min_count=min_count)
    assert message in str(error.value)
    assert str(path) in str(error.value)
