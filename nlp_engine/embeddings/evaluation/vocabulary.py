"""The words of an evaluation set in the vocabulary of vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.languages import language
from nlp_engine.text.tokenizers import TokenizerSettings


def find_rows(
    vectors: WordVectors, words: Sequence[str], most_frequent: int | None = None
) -> NDArray[np.int64]:
    """(N) rows of N words; -1 where the vocabulary has none, even if n-grams would give a vector.

    A word is looked up as it is written and in lower case, by the rules of the vectors' language;
    the more frequent of the two is taken.

    Args:
        vectors: The vectors.
        words: (N) the words.
        most_frequent: Look among that many of the most frequent words only.
    """
    lower = language(TokenizerSettings.of(vectors.manifest).language).lower
    vocabulary = vectors.words[:most_frequent]
    row_of = {word: row for row, word in enumerate(vocabulary)}
    absent = len(vocabulary)
    rows = np.array(
        [min(row_of.get(word, absent), row_of.get(lower(word), absent)) for word in words],
        np.int64,
    )
    rows[rows == absent] = -1
    return rows
