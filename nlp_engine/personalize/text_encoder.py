"""Vectors of texts from vectors of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError
from nlp_engine.manifest import read_manifest
from nlp_engine.personalize.encodings.kmeans import unit
from nlp_engine.personalize.number_lists import NumberLists
from nlp_engine.personalize.words import WordNumbers

_TEXTS_PER_BLOCK = 4096
_NO_IDS = np.empty(0, np.int32)
_OTHER_WEIGHTS = 1 << 16


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """Text vectors: the mean of word vectors, weighted by how few items have the word.

    Words outside of the vocabulary count, too, if the vectors have sub-words.

    Attributes:
        vectors: V words with vectors of D dimensions.
        weights: (V) inverse document frequency of each word over the items.
        mean: (D) of all items' vectors before it is taken off them.
        other_weights: (B) that of words outside of the vocabulary, by `other_places`; None if they
            do not count.
    """

    vectors: WordVectors
    weights: NDArray[np.float32]
    mean: NDArray[np.float32]
    other_weights: NDArray[np.float32] | None = None

    @classmethod
    def open(cls, folder: Path, vectors: WordVectors) -> Self:
        """The encoder that a saved codebook has, with the word vectors it was fitted on.

        Raises:
            InputError: It was fitted on other vectors.
            FormatError: The folder is no codebook.
        """
        before = read_manifest(folder, "codebook").parents.get("vectors")
        own = vectors.manifest.id if vectors.manifest else None
        weights, others = folder / "weights.npy", folder / "other_weights.npy"
        if (
            before != own
            or not weights.exists()
            or len(np.load(weights, mmap_mode="r")) != len(vectors)
            or others.exists() != (vectors.subwords is not None)
        ):
            was = f"the vectors {before}" if before else "other text vectors"
            raise InputError(
                f"{folder} was fitted on {was}, not on {own or 'these'}; give the same"
            )
        other_weights = np.load(others) if others.exists() else None
        return cls(vectors, np.load(weights), np.load(folder / "mean.npy"), other_weights)

    def save(self, folder: Path) -> None:
        """Write what `open` reads to a codebook's folder."""
        np.save(folder / "weights.npy", self.weights)
        np.save(folder / "mean.npy", self.mean)
        if self.other_weights is not None:
            np.save(folder / "other_weights.npy", self.other_weights)

    def encode(self, words: Sequence[str]) -> NDArray[np.float32]:
        """The (D) unit vector of a text given as words; zeros if none has a vector."""
        (row,) = self.encode_words([words])
        return np.asarray(row)

    def encode_words(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """The (N, D) unit vectors of texts given as words; zeros where none has a vector."""
        numbers = WordNumbers(self.vectors)
        ids, sizes = numbers.of(texts)
        return self.encode_texts(NumberLists(ids, np.cumsum([0, *sizes])), numbers.words)

    def encode_texts(
        self, texts: Sequence[NDArray[np.int32]], words: Sequence[str]
    ) -> NDArray[np.float32]:
        """The (N, D) unit vectors of texts; zeros where no word has a vector.

        Args:
            texts: (N) texts, each as positions in `words`.
            words: The vocabulary, and then other words.
        """
        rows = np.empty((len(texts), self.vectors.vector_dim), np.float32)
        for begin in range(0, len(texts), _TEXTS_PER_BLOCK):
            block = slice(begin, begin + _TEXTS_PER_BLOCK)
            rows[block] = unit(self._sums(texts[block], words))
        return self._centred(rows)

    def _sums(
        self, texts: Sequence[NDArray[np.int32]], words: Sequence[str]
    ) -> NDArray[np.float32]:
        sizes = np.array([len(ids) for ids in texts])
        sums = np.zeros((len(texts), self.vectors.vector_dim), np.float32)
        filled = np.flatnonzero(sizes)
        if len(filled):
            ids = np.concatenate([*texts, _NO_IDS])
            begins = np.cumsum(sizes) - sizes
            sums[filled] = np.add.reduceat(self._weighted(ids, words), begins[filled], axis=0)
        return sums

    def _weighted(self, ids: NDArray[np.int32], words: Sequence[str]) -> NDArray[np.float32]:
        is_other = ids >= len(self.vectors)
        if not is_other.any():
            return np.asarray(self.vectors.unit[ids] * self.weights[ids, None])
        weighted = np.empty((len(ids), self.vectors.vector_dim), np.float32)
        known = ids[~is_other]
        weighted[~is_other] = self.vectors.unit[known] * self.weights[known, None]
        different, places = np.unique(ids[is_other], return_inverse=True)
        weighted[is_other] = self._others([words[number] for number in different.tolist()])[places]
        return weighted

    def _others(self, words: Sequence[str]) -> NDArray[np.float32]:
        """(W, D) weighted vectors of words outside of the vocabulary, by their sub-words."""
        subwords, weights = self.vectors.subwords, self.other_weights
        assert subwords is not None
        assert weights is not None
        none = np.zeros((len(words), self.vectors.vector_dim), np.float32)
        return unit(subwords.matrix(words, none)) * weights[other_places(words), None]

    def _centred(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit rows without the mean, of length 1 again; zeros stay zeros."""
        return np.where(rows.any(axis=1, keepdims=True), unit(rows - self.mean), np.float32(0))


def other_places(words: Sequence[str]) -> NDArray[np.int64]:
    """Where the weights of words outside of the vocabulary are: they are many, so they share."""
    return np.array([crc32(word.encode()) % _OTHER_WEIGHTS for word in words], np.int64)


def fit_weights(
    documents: NDArray[np.int64], words: Sequence[str], vectors: WordVectors, items: int
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """The weights of a vocabulary's words, and of others if the vectors have sub-words.

    A word that no item has weighs as much as one that a single item has.

    Args:
        documents: (W) how many items have each word.
        words: (W) the V words of the vocabulary, and then others.
        vectors: Their words are the vocabulary.
        items: How many items there are.
    """

    def weights(counts: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.log((1 + items) / np.clip(counts, 1, items)).astype(np.float32)

    own = weights(documents[: len(vectors)])
    if vectors.subwords is None:
        return own, None
    counts = np.zeros(_OTHER_WEIGHTS, np.int64)
    np.add.at(counts, other_places(words[len(vectors) :]), documents[len(vectors) :])
    return own, weights(counts)
