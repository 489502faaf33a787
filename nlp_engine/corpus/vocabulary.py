"""A corpus file as words, counts and word ids."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine import native
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file
from nlp_engine.progress import Progress, Report, silent


@dataclass(frozen=True, slots=True)
class EncodedCorpus:
    """A corpus as ids: V words are kept, N ids remain.

    Attributes:
        words: (V) the kept words, most frequent first.
        counts: int64 (V), their occurrences.
        ids: int32 (N), positions in `words`; `nlp_engine.native.LINE_END` closes every line.
        tokens: Words in the file, rare ones included.
        types: Distinct words in the file, rare ones included.
        lines: Lines in the file.
    """

    words: list[str]
    counts: NDArray[np.int64]
    ids: NDArray[np.int32]
    tokens: int
    types: int
    lines: int


def encode_corpus(
    path: Path, *, min_count: int = 1, threads: int | None = None, report: Report = silent
) -> EncodedCorpus:
    """Read a corpus file into a vocabulary and word ids, in one pass over the mapped file.

    Args:
        path: Words separated by white space, UTF-8, uncompressed; one sentence per line, or one
            long line.
        min_count: Rarer words are left out.
        threads: Threads to use; all processors by default.
        report: Told of the bytes read.

    Raises:
        InputError: The file is missing, empty, or not UTF-8, or no word reaches `min_count`.
    """
    size = check_input_file(path).stat().st_size
    if size == 0:
        raise InputError(f"{path} is empty; a corpus has words separated by spaces")
    encoding = native.encode(
        np.memmap(path, dtype=np.uint8, mode="r"),
        min_count=min_count,
        threads=threads or os.cpu_count() or 1,
        on_progress=lambda done: report(Progress("counting words", done, size, "bytes")),
    )
    if encoding.tokens == 0:
        raise InputError(f"{path} has no words, only white space")
    if len(encoding.counts) == 0:
        raise InputError(
            f"{path}: no word occurs min_count={min_count} times (the most frequent occurs "
            f"{encoding.max_count} times); lower min_count or use a larger corpus"
        )
    return EncodedCorpus(
        words=_decode_words(path, encoding),
        counts=encoding.counts,
        ids=encoding.ids,
        tokens=encoding.tokens,
        types=encoding.types,
        lines=encoding.lines,
    )


def _decode_words(path: Path, encoding: native.Encoding) -> list[str]:
    data, offsets = encoding.word_bytes.tobytes(), encoding.word_offsets.tolist()
    words = []
    for index in range(len(offsets) - 1):
        raw = data[offsets[index] : offsets[index + 1]]
        try:
            words.append(raw.decode("utf-8"))
        except UnicodeDecodeError as error:
            position = int(encoding.first_positions[index])
            raise InputError(
                f"{path}, byte {position}: {raw[:20]!r} is not UTF-8 ({error.reason}); "
                "convert the corpus with iconv"
            ) from error
    return words
