"""Kernels for word vectors: text and back, nearest rows, vectors made of character n-grams.

Matrices are float32 with rows in one piece; they may be views with padded rows or parts of a
mapped file, at any byte.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native import (  # type: ignore[attr-defined]
    _native,
    chosen_instructions,
)

_PROBLEMS = ("", "number count", "bad number")


def word_bytes(words: Sequence[str]) -> tuple[bytes, NDArray[np.int64]]:
    """V words as UTF-8, one after the other, and int64 (V + 1) where each begins."""
    encoded = [word.encode("utf-8") for word in words]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(word) for word in encoded], out=offsets[1:])
    return b"".join(encoded), offsets


def bytes_of(matrix: NDArray[np.float32]) -> NDArray[np.uint8]:
    """uint8 (V, 4 * D), the bytes of a float32 matrix of contiguous rows; others are copied."""
    if matrix.dtype != np.float32:
        raise TypeError(f"the matrix is {matrix.dtype}; float32 is expected")
    if matrix.shape[1] > 1 and matrix.strides[1] != 4:
        matrix = np.ascontiguousarray(matrix)
    return matrix.view(np.uint8) if matrix.shape[1] else np.empty((len(matrix), 0), np.uint8)


def format_rows(words: Sequence[str], matrix: NDArray[np.float32]) -> bytes:
    """A line per word: the word and its (D) numbers, with the fewest digits that are exact.

    Args:
        words: (V) words.
        matrix: float32 (V, D).
    """
    text: bytes = _native.format_rows(*word_bytes(words), bytes_of(matrix))
    return text


@dataclass(frozen=True, slots=True)
class ParsedRows:
    """What `parse_rows` read.

    Attributes:
        words: The words of the lines read.
        consumed: Bytes of those lines.
        problem: Why the next line could not be read: `number count`, `bad number`, or empty.
        numbers: The number count of that line, where that is the problem.
        bad_number: The field of that line that is no number, where that is the problem.
    """

    words: bytes
    consumed: int
    rows: int
    problem: str
    numbers: int
    bad_number: bytes


def parse_rows(text: bytes, out: NDArray[np.float32]) -> ParsedRows:
    """Read lines of a word and D numbers.

    Args:
        text: The lines; the last one may lack its line feed.
        out: float32 (limit, D), contiguous, to be filled; at most `limit` lines are read.
    """
    rows, consumed, words, problem, numbers, bad_number = _native.parse_rows(text, out)
    return ParsedRows(words, consumed, rows, _PROBLEMS[problem], numbers, bad_number)


class RowIndex:
    """Finds the rows of a matrix that are nearest to a vector by cosine, exactly.

    It keeps a copy of the matrix in a quarter of its size and refers to the matrix itself.

    Args:
        matrix: float32 (V, D), D up to 65,536.
        threads: Threads to use here and in searches; by default all processors.
    """

    def __init__(self, matrix: NDArray[np.float32], threads: int | None = None) -> None:
        rows, dim = matrix.shape
        block = _native.CODE_BLOCK
        self._matrix = bytes_of(matrix)
        self._threads = threads or os.cpu_count() or 1
        self._codes = np.empty((rows, -(-dim // block) * block), np.int8)
        self._factors, self._errors, self._inverse_norms = np.empty((3, rows), np.float32)
        self._arrays = (self._codes, self._factors, self._errors, self._inverse_norms)
        _native.make_codes(self._matrix, self._threads, *self._arrays)

    def top_k(
        self, queries: NDArray[np.float32], k: int, *, instructions: str | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The `k` nearest rows to each of (Q, D) vectors, nearest first; of equals the first row.

        A vector that is zero or not finite has cosine 0 with everything. The result does not
        depend on the number of threads.

        Args:
            queries: float32 (Q, D).
            k: At most all rows are given.
            instructions: As in `nlp_engine.native.encode`.

        Returns:
            int32 (Q, k) row numbers and float32 (Q, k) cosines.

        Raises:
            ValueError: Queries of another dimension.
        """
        k = min(k, len(self._matrix))
        ids = np.empty((len(queries), k), np.int32)
        cosines = np.empty((len(queries), k), np.float32)
        instructions = instructions or chosen_instructions()
        _native.top_k(
            self._matrix, *self._arrays, bytes_of(queries), self._threads, instructions,
            ids, cosines,
        )  # fmt: skip
        return ids, cosines


def word_means(
    words: Sequence[str],
    word_rows: NDArray[np.float32],
    bucket_rows: NDArray[np.float32],
    *,
    min_char: int,
    max_char: int,
) -> NDArray[np.float32]:
    """float32 (V, D), each word's mean of its own row and the rows of its n-grams.

    Args:
        words: (V) words.
        word_rows: float32 (V, D), the words' own rows.
        bucket_rows: float32 (buckets, D), the n-grams' rows.
        min_char: Characters of the shortest n-gram.
        max_char: Characters of the longest n-gram.
    """
    out = np.empty(word_rows.shape, np.float32)
    threads = os.cpu_count() or 1
    rows, buckets = bytes_of(word_rows), bytes_of(bucket_rows)
    _native.word_means(*word_bytes(words), rows, buckets, min_char, max_char, threads, out)
    return out
