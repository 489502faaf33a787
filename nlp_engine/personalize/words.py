"""Texts as numbers of words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.personalize.number_lists import NumberLists, NumberListWriter
from nlp_engine.text.tokenizers import Tokenizer

_MOST_WORDS = 2_000_000  # further ones are rare, and no topic's name
_NONE = -1


class WordNumbers:
    """Numbers of words: positions in a vocabulary, and then others as they come.

    Args:
        vectors: Their words are the vocabulary, to which they add any word with sub-words; without
            vectors, it is what comes first.
    """

    def __init__(self, vectors: WordVectors | None) -> None:
        self._vectors = vectors
        self._vocabulary: Sequence[str] = vectors.words if vectors is not None else []
        self._numbers: dict[str, int] = {}
        self._others: list[str] = []

    @property
    def words(self) -> Sequence[str]:
        """All words that have a number, in their order."""
        return [*self._vocabulary, *self._others] if self._others else self._vocabulary

    def of(self, texts: Sequence[Sequence[str]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The numbers of texts' words, one after the other, and how many each text has.

        Words without a number are left out.
        """
        words = pa.array([word for text in texts for word in text], pa.string())
        # Of a batch, each word is looked up once.
        encoded = pc.dictionary_encode(words)
        known = np.array([self._number(word) for word in encoded.dictionary.to_pylist()], np.int32)
        numbers = known[encoded.indices.to_numpy()]
        ends = np.cumsum([0, *map(len, texts)])
        known_before = np.concatenate([[0], np.cumsum(numbers != _NONE)])
        return numbers[numbers != _NONE], np.diff(known_before[ends])

    def _number(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._new_number(word)
        return number

    def _new_number(self, word: str) -> int:
        vectors, number = self._vectors, _NONE
        if vectors is not None and word in vectors:
            number = int(vectors.ids([word])[0])
        elif self._takes_others:
            number = len(self._vocabulary) + len(self._others)
            self._others.append(word)
        if number != _NONE or len(self._numbers) < _MOST_WORDS:
            self._numbers[word] = number
        return number

    @property
    def _takes_others(self) -> bool:
        if self._vectors is not None:
            return self._vectors.subwords is not None
        return len(self._others) < _MOST_WORDS


class WordCollector:
    """The words of N texts, as numbers.

    Args:
        tokenizer: Splits the texts.
        vectors: Their words are the vocabulary; without, it is what the texts have.
        path: A file for what does not stay in memory.
    """

    def __init__(self, tokenizer: Tokenizer, vectors: WordVectors | None, path: Path) -> None:
        self._tokenizer = tokenizer
        self._numbers = WordNumbers(vectors)
        self._lists = NumberListWriter(path)

    def add(self, texts: Sequence[str]) -> None:
        """Add texts; words that have no vector are left out."""
        self._lists.add(*self._numbers.of([self._tokenizer.words(text) for text in texts]))

    def finish(self) -> tuple[NumberLists, Sequence[str]]:
        """The texts, and the words that their numbers are of."""
        return self._lists.finish(), self._numbers.words
