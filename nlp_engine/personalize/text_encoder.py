"""Vectors of texts from vectors of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError
from nlp_engine.manifest import read_manifest
from nlp_engine.personalize.encodings.kmeans import unit

_TEXTS_PER_BLOCK = 4096
_NO_IDS = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """Text vectors: the mean of word vectors, weighted by how few items have the word.

    Attributes:
        vectors: V words with vectors of D dimensions.
        weights: (V) inverse document frequency of each word over the items, 0 if in none.
        mean: (D) of all items' vectors before it is taken off them.
    """

    vectors: WordVectors
    weights: NDArray[np.float32]
    mean: NDArray[np.float32]

    @classmethod
    def open(cls, folder: Path, vectors: WordVectors) -> TextEncoder:
        """The encoder that a saved codebook has, with the word vectors it was fitted on.

        Raises:
            InputError: It was fitted on other vectors.
            FormatError: The folder is no codebook.
        """
        before = read_manifest(folder, "codebook").parents.get("vectors")
        own = vectors.manifest.id if vectors.manifest else None
        weights = folder / "weights.npy"
        if before != own or not weights.exists():
            raise InputError(
                f"{folder} was fitted on {f'the vectors {before}' if before else 'other vectors'}, "
                f"not on {own}; open it with its own vectors"
            )
        return cls(vectors, np.load(weights), np.load(folder / "mean.npy"))

    def encode(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """The (D) unit vector of a text given as word ids; zeros if it has no known word."""
        (row,) = self.encode_texts([ids])
        return np.asarray(row)

    def encode_texts(self, texts: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
        """The (N, D) unit vectors of texts given as word ids; zeros where no word is known."""
        rows = np.empty((len(texts), self.vectors.vector_dim), np.float32)
        for begin in range(0, len(texts), _TEXTS_PER_BLOCK):
            block = slice(begin, begin + _TEXTS_PER_BLOCK)
            rows[block] = unit(self._sums(texts[block]))
        return self._centred(rows)

    def _sums(self, texts: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
        sizes = np.array([len(ids) for ids in texts])
        sums = np.zeros((len(texts), self.vectors.vector_dim), np.float32)
        filled = np.flatnonzero(sizes)
        if len(filled):
            ids = np.concatenate([*texts, _NO_IDS])
            begins = np.cumsum(sizes) - sizes
            weighted = self.vectors.unit[ids] * self.weights[ids, None]
            sums[filled] = np.add.reduceat(weighted, begins[filled], axis=0)
        return sums

    def _centred(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit rows without the mean, of length 1 again; zeros stay zeros."""
        return np.where(rows.any(axis=1, keepdims=True), unit(rows - self.mean), np.float32(0))
