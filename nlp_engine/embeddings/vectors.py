"""Word vectors as trained: look-up, neighbours, analogies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import InputError
from nlp_engine.formats import word2vec
from nlp_engine.manifest import Manifest, read_manifest
from nlp_engine.text.tokenizers import Tokenizer, TokenizerSettings, open_tokenizer

LINE_END_WORD = "</s>"
"""fastText's word for the end of a line; it has a vector but is never an answer."""


class WordVectors:
    """V words with vectors of D dimensions, most frequent word first.

    Attributes:
        words: (V) the words.
        matrix: float32 (V, D), a row per word.
        unit: float32 (V, D), the rows scaled to length 1.
        manifest: Of the vectors folder they come from, else None.
    """

    def __init__(
        self, words: Sequence[str], matrix: NDArray[np.float32], manifest: Manifest | None = None
    ) -> None:
        self.words = list(words)
        self.matrix = matrix
        self.manifest = manifest
        self._index = {word: index for index, word in enumerate(self.words)}
        norms = np.linalg.norm(matrix, axis=1, keepdims=True)
        unit = matrix / np.maximum(norms, np.finfo(np.float32).tiny)
        self.unit: NDArray[np.float32] = np.asarray(unit, np.float32)
        self._is_answer = np.array([word != LINE_END_WORD for word in self.words])

    @classmethod
    def open(cls, path: Path | str) -> WordVectors:
        """Open a vectors folder, or a word2vec text file such as `vectors.txt`.

        Raises:
            InputError: Missing or damaged.
            FormatError: A folder or file of another kind.
        """
        path = Path(path)
        manifest = read_manifest(path, "vectors") if path.is_dir() else None
        words, matrix = word2vec.read_text(path / "vectors.txt" if manifest else path)
        return cls(words, matrix, manifest)

    @property
    def vector_dim(self) -> int:
        """Length D of the vectors."""
        return int(self.matrix.shape[1])

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._index

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        """The (D) vector of a word; `KeyError` if it is not in the vocabulary."""
        return np.asarray(self.matrix[self._index[word]])

    def ids(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Positions in the vocabulary of those words that are in it, in order."""
        known = (self._index.get(word) for word in words)
        return np.array([index for index in known if index is not None], np.int32)

    def tokenizer(self, name: str | None = None) -> Tokenizer:
        """The tokenizer that the training corpus was made with, as far as it is known.

        Args:
            name: Another one to use instead, for the same language.
        """
        return open_tokenizer(TokenizerSettings.of(self.manifest).named(name))

    def similarity(self, first: str, second: str) -> float:
        """Cosine of two words' vectors, -1 to 1; `KeyError` if one is absent."""
        return float(self.unit[self._index[first]] @ self.unit[self._index[second]])

    def most_similar(self, word: str, k: int = 10) -> list[tuple[str, float]]:
        """The `k` words nearest to a word, with their cosines, nearest first.

        Raises:
            InputError: The word is not in the vocabulary.
        """
        self._check_known([word])
        return self.nearest(self[word], k, without=[word])

    def analogy(self, a: str, b: str, c: str, k: int = 1) -> list[tuple[str, float]]:
        """Words that relate to `c` as `b` to `a`, by cosine to `b - a + c` (3CosAdd).

        Source: Mikolov, Yih, Zweig, "Linguistic Regularities in Continuous Space Word
        Representations", 2013.

        Raises:
            InputError: A word is not in the vocabulary.
        """
        self._check_known([a, b, c])
        unit_a, unit_b, unit_c = (self.unit[self._index[word]] for word in (a, b, c))
        return self.nearest(unit_b - unit_a + unit_c, k, without=[a, b, c])

    def nearest(
        self, vector: NDArray[np.float32], k: int, without: Iterable[str] = ()
    ) -> list[tuple[str, float]]:
        """The `k` words nearest to a (D) vector by cosine, nearest first."""
        norm = float(np.linalg.norm(vector))
        scores = self.unit @ (vector / norm if norm else vector)
        scores[~self._is_answer] = -np.inf
        scores[[self._index[word] for word in without]] = -np.inf
        k = min(k, len(scores))
        best = np.argpartition(-scores, k - 1)[:k] if k else np.empty(0, np.intp)
        ordered = best[np.argsort(-scores[best], kind="stable")]
        return [
            (self.words[index], float(scores[index])) for index in ordered if scores[index] > -1.5
        ]

    def sentence_vector(self, words: Iterable[str]) -> NDArray[np.float32]:
        """The (D) mean of the words' unit vectors; zeros if no word is known."""
        known = self.ids(words)
        if not len(known):
            return np.zeros(self.vector_dim, np.float32)
        return np.asarray(self.unit[known].mean(axis=0))

    def _check_known(self, words: Iterable[str]) -> None:
        unknown = [word for word in words if word not in self._index]
        if unknown:
            raise InputError(
                f"not in the vocabulary of {len(self)} words: {', '.join(unknown)}; "
                "words are as the corpus has them, usually lower-case"
            )
