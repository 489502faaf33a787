"""The folder in which a trainer of others finds its corpus and leaves its matrices.

Both sides of `nlp_engine.engines.process` use it: `words.txt` (one word a line) and `counts.npy` go
to the child; `input.npy`, `output.npy` and, with sub-words, `buckets.npy` come back.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.corpus.vocabulary import EncodedCorpus
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.native import LINE_END

_LINE_WORDS = 1000  # where lines are cut, as in word2vec.c
_CHUNK_IDS = 1_000_000


def write_vocabulary(folder: Path, corpus: EncodedCorpus) -> None:
    """Tell the child which words it must give rows for, in this order."""
    (folder / "words.txt").write_text("\n".join(corpus.words), encoding="utf-8", newline="")
    np.save(folder / "counts.npy", corpus.counts)


def read_vocabulary(folder: Path) -> tuple[list[str], NDArray[np.int64]]:
    """The words and their counts."""
    # No splitlines: words may hold characters that Unicode takes for line ends.
    words = (folder / "words.txt").read_bytes().decode("utf-8").split("\n")
    return words, np.load(folder / "counts.npy")


def write_rows(
    folder: Path,
    input_rows: NDArray[np.float32],
    output_rows: NDArray[np.float32],
    bucket_rows: NDArray[np.float32] | None,
) -> None:
    """Leave the trained matrices for the parent."""
    np.save(folder / "input.npy", input_rows)
    np.save(folder / "output.npy", output_rows)
    if bucket_rows is not None:
        np.save(folder / "buckets.npy", bucket_rows)


def read_result(
    folder: Path, corpus: EncodedCorpus, losses: list[tuple[int, float, float]]
) -> TrainedVectors:
    """What the child has trained, memory-mapped: it lasts as long as the folder."""
    buckets = folder / "buckets.npy"
    bucket_rows = np.load(buckets, mmap_mode="r") if buckets.exists() else None
    return TrainedVectors(
        words=corpus.words,
        counts=corpus.counts,
        input_rows=np.load(folder / "input.npy", mmap_mode="r"),
        output_rows=np.load(folder / "output.npy", mmap_mode="r"),
        bucket_ids=None if bucket_rows is None else np.arange(len(bucket_rows), dtype=np.int64),
        bucket_rows=bucket_rows,
        losses=losses,
    )


def one_file(folder: Path, corpus: EncodedCorpus) -> Path:
    """The corpus as one file: its only one, or a copy of all."""
    if len(corpus.paths) == 1:
        return corpus.paths[0]
    target = folder / "corpus.txt"
    with target.open("wb") as out:
        for path in corpus.paths:
            with path.open("rb") as file:
                shutil.copyfileobj(file, out)
            out.write(b"\n")  # no line spans two files
    return target


def longest_line(corpus: EncodedCorpus) -> int:
    """Kept words in the longest line."""
    longest = at = 0  # `at`: words of the line that is open
    for ids in _chunks(corpus.ids):
        ends = np.flatnonzero(ids == LINE_END)
        if len(ends):
            longest = max(longest, at + int(ends[0]), int(np.diff(ends).max(initial=1)) - 1)
            at = len(ids) - int(ends[-1]) - 1
        else:
            at += len(ids)
    return max(longest, at)


def with_short_lines(folder: Path, corpus: EncodedCorpus) -> Path:
    """The corpus as one file of its kept words, in lines of at most 1,000."""
    target = folder / "corpus.txt"
    words = np.array([*corpus.words, "\n"], dtype=object)  # LINE_END, -1, takes the last
    with target.open("w", encoding="utf-8", newline="") as out:
        for ids in _chunks(corpus.ids):
            for begin in range(0, len(ids), _LINE_WORDS):
                out.write(" ".join(words[ids[begin : begin + _LINE_WORDS]]) + "\n")
    return target


def _chunks(ids: NDArray[np.int32]) -> Iterator[NDArray[np.int32]]:
    for begin in range(0, len(ids), _CHUNK_IDS):
        yield ids[begin : begin + _CHUNK_IDS]
