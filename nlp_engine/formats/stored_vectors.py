"""Word vectors in the files of this and other programs, told by their content."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file
from nlp_engine.formats import fasttext, word2vec
from nlp_engine.formats.fasttext import ngram_buckets
from nlp_engine.manifest import read_manifest
from nlp_engine.native.vectors import word_means

_log = logging.getLogger(__name__)

FillRows = Callable[[Sequence[str], NDArray[np.float32]], None]
"""Overwrites the rows, float32 (V, D), of those of the (V) words for which it has vectors."""


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


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """What a file of V word vectors holds.

    Attributes:
        words: (V) the words.
        rows: float32 (V, D), a row per word.
        subwords: The rows of n-grams, if the file has them.
    """

    words: list[str]
    rows: NDArray[np.float32]
    subwords: Subwords | None = None


def read_vectors(path: Path) -> StoredVectors:
    """Read a fastText model (mapped into memory), or word2vec text or binary, told by content.

    Raises:
        InputError: Missing or damaged.
        FormatError: A file of another kind, or cut short.
    """
    with check_input_file(path).open("rb") as file:
        head = file.read(4)
    if fasttext.is_model(head):
        return _fasttext_vectors(path)
    read = word2vec.read_binary if word2vec.is_binary(path) else word2vec.read_text
    return StoredVectors(*read(path))


def pretrained_rows(path: Path, vector_dim: int) -> FillRows:
    """What gives words the vectors to start a training from.

    Args:
        path: A vectors folder, or a file that `read_vectors` reads.
        vector_dim: D of the training.

    Raises:
        InputError: Missing or damaged, or its vectors have another dimension. The function that is
            returned raises it where no word has a vector.
        FormatError: A folder or file of another kind, or cut short.
    """
    file = path
    if path.is_dir():
        read_manifest(path, "vectors")
        file = path / "vectors.bin"
    stored = read_vectors(file)
    dim = stored.rows.shape[1]
    if dim != vector_dim:
        raise InputError(
            f"{path} has vectors of {dim} dimensions, vector_dim is {vector_dim}; "
            f"set vector_dim to {dim}"
        )
    place = {word: row for row, word in enumerate(stored.words)}

    def fill(words: Sequence[str], rows: NDArray[np.float32]) -> None:
        known = [at for at, word in enumerate(words) if word in place]
        if not known:
            raise InputError(f"{path} has none of the corpus' {len(words)} words")
        own = stored.rows[[place[words[at]] for at in known]]
        subwords = stored.subwords
        rows[known] = subwords.matrix([words[at] for at in known], own) if subwords else own
        _log.info("%d of %d words start from %s", len(known), len(words), path)

    return fill


def _fasttext_vectors(path: Path) -> StoredVectors:
    opened = fasttext.open_matrices(path)
    model, words = opened.model, opened.model.words
    rows, bucket_rows = opened.input_rows[: len(words)], opened.input_rows[len(words) :]
    if model.max_char == 0 or model.buckets == 0:
        return StoredVectors(words, rows)
    subwords = Subwords(min_char=model.min_char, max_char=model.max_char, bucket_rows=bucket_rows)
    return StoredVectors(words, rows, subwords)
