"""Vectors made of character n-grams, for words in the vocabulary and others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp_engine.formats.fasttext import ngram_buckets
from nlp_engine.native.vectors import word_means


@dataclass(frozen=True, kw_only=True)
class Subwords:
    """The rows of character n-grams, by fastText's rules.

    Attributes:
        min_char: Characters of the shortest n-gram.
        max_char: Characters of the longest n-gram.
        bucket_rows: float32 (buckets, D), a row per bucket of n-grams.
    """

    min_char: int
    max_char: int
    bucket_rows: NDArray[np.float32]

    def vector(self, word: str, word_row: NDArray[np.float32] | None) -> NDArray[np.float32]:
        """The (D) mean of the rows of a word's n-grams, and of its own (D) row if it has one.

        A word without either has zeros, as in fastText.
        """
        buckets = ngram_buckets(word, self.min_char, self.max_char, len(self.bucket_rows))
        rows = self.bucket_rows[buckets]
        if word_row is not None:
            rows = np.concatenate([word_row[None], rows])
        share = np.float32(1 / max(len(rows), 1))
        return np.asarray(rows.sum(axis=0) * share, np.float32)

    def matrix(self, words: Sequence[str], word_rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (V, D), the vectors of (V) words that have (V, D) rows of their own."""
        return word_means(
            words, word_rows, self.bucket_rows, min_char=self.min_char, max_char=self.max_char
        )
