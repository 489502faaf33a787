"""Texts as numbers of words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.personalize.number_lists import NumberLists, NumberListWriter
from nlp_engine.text.tokenizers import Tokenizer

_MOST_WORDS = 2_000_000  # further ones are rare, and no topic's name


class WordCollector:
    """The words of N texts, as positions in a vocabulary.

    Args:
        tokenizer: Splits the texts.
        vectors: Their words are the vocabulary; without, it is what the texts have.
        path: A file for what does not stay in memory.
    """

    def __init__(self, tokenizer: Tokenizer, vectors: WordVectors | None, path: Path) -> None:
        self._tokenizer, self._vectors = tokenizer, vectors
        self._numbers: dict[str, int] = {}
        self._lists = NumberListWriter(path)

    def add(self, texts: Sequence[str]) -> None:
        """Add texts; words that are not in the vocabulary are left out."""
        words_of = [self._tokenizer.words(text) for text in texts]
        words = pa.array([word for words in words_of for word in words], pa.string())
        # Of a batch, each word is looked up once.
        encoded = pc.dictionary_encode(words)
        known = np.array([self._number(word) for word in encoded.dictionary.to_pylist()], np.int32)
        numbers = known[encoded.indices.to_numpy()]
        ends = np.cumsum([0, *map(len, words_of)])
        known_before = np.concatenate([[0], np.cumsum(numbers >= 0)])
        self._lists.add(numbers[numbers >= 0], np.diff(known_before[ends]))

    def finish(self) -> tuple[NumberLists, Sequence[str]]:
        """The texts, and the vocabulary's words."""
        words = self._vectors.words if self._vectors else list(self._numbers)
        return self._lists.finish(), words

    def _number(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._new_number(word)
        return number

    def _new_number(self, word: str) -> int:
        if self._vectors is not None:
            ids = self._vectors.ids([word])
            number = int(ids[0]) if len(ids) else -1
        else:
            number = len(self._numbers) if len(self._numbers) < _MOST_WORDS else -1
        if len(self._numbers) < _MOST_WORDS:
            self._numbers[word] = number
        return number
