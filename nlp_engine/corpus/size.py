"""How large a corpus file is, in memory that grows with its vocabulary alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine import native
from nlp_engine.progress import Progress, Report

_SLICE_BYTES = 16_000_000
_SPACE, _LINE_BREAK = ord(" "), ord("\n")


@dataclass(frozen=True, slots=True)
class CorpusSize:
    """Lines, words and different words of a corpus."""

    lines: int
    tokens: int
    types: int


def measure_corpus(path: Path, report: Report) -> CorpusSize:
    """Count a corpus file that is not empty.

    Args:
        path: Words separated by single spaces or line breaks.
        report: Told of the bytes read.
    """
    text = np.memmap(path, dtype=np.uint8, mode="r")
    lines = tokens = done = 0
    types: set[bytes] = set()
    scratch = np.empty(0, np.int32)
    for part in _slices(text):
        if len(scratch) < native.scratch_size([part]):
            scratch = np.empty(native.scratch_size([part]), np.int32)
        encoding = native.encode(
            [part],
            min_count=1,
            threads=os.cpu_count() or 1,
            scratch=scratch,
            on_progress=lambda _: None,
        )
        lines += int(np.count_nonzero(part == _LINE_BREAK))
        tokens += encoding.tokens
        words = encoding.word_bytes.tobytes()
        types.update(words[begin:end] for begin, end in pairwise(encoding.word_offsets.tolist()))
        done += len(part)
        report(Progress("counting words", done, len(text), "bytes"))
    return CorpusSize(lines + int(text[-1] != _LINE_BREAK), tokens, len(types))


def _slices(text: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """A text in slices that end with words."""
    begin = 0
    while begin < len(text):
        end = min(begin + _SLICE_BYTES, len(text))
        while end < len(text) and text[end] not in (_SPACE, _LINE_BREAK):
            end += 1
        yield text[begin:end]
        begin = end
