from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.engines import scratch


def test_several_files_become_one_without_joining_lines(tmp_path: Path) -> None:
    first, second = tmp_path / "1.txt", tmp_path / "2.txt"
    first.write_text("the cat\nthe")
    second.write_text("dog ran\n")
    corpus = encode_corpus([first, second])
    path = scratch.one_file(tmp_path, corpus)
    assert path.read_text().split("\n")[:3] == ["the cat", "the", "dog ran"]
    assert scratch.one_file(tmp_path, encode_corpus(first)) == first


def test_words_keep_characters_that_unicode_takes_for_spaces(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes("a\u2028b c\u00a0d a\u2028b \u0085\n".encode())
    corpus = encode_corpus(path)
    scratch.write_vocabulary(tmp_path, corpus)
    words, counts = scratch.read_vocabulary(tmp_path)
    assert words == corpus.words == ["a\u2028b", "c\u00a0d", "\u0085"]
    assert counts.tolist() == [2, 1, 1]


@given(st.lists(st.integers(0, 2500), min_size=1, max_size=6).filter(any), st.integers(1, 3000))
@settings(max_examples=30)
def test_lines_are_cut_and_nothing_else(lengths: list[int], chunk: int) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(scratch, "_CHUNK_IDS", chunk)
        folder = Path(name)
        words = iter(f"word{number % 97}" for number in range(sum(lengths)))
        lines = [[next(words) for _ in range(length)] for length in lengths]
        source = folder / "source.txt"
        source.write_text("\n".join(" ".join(line) for line in lines))
        corpus = encode_corpus(source)
        assert scratch.longest_line(corpus) == max(lengths)
        cut = scratch.with_short_lines(folder, corpus).read_text()
        assert cut.split() == source.read_text().split()
        assert max(len(line.split()) for line in cut.split("\n")) <= 1000
        ends = {sum(lengths[: number + 1]) for number in range(len(lengths))}
        pieces = [len(line.split()) for line in cut.split("\n")]
        assert ends <= {sum(pieces[: number + 1]) for number in range(len(pieces))}
