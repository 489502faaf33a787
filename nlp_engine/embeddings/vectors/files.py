"""Reading word vectors from the files of this and other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors.subwords import Subwords
from nlp_engine.files import check_input_file
from nlp_engine.formats import fasttext, word2vec


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


def _fasttext_vectors(path: Path) -> StoredVectors:
    opened = fasttext.open_matrices(path)
    model, words = opened.model, opened.model.words
    rows, bucket_rows = opened.input_rows[: len(words)], opened.input_rows[len(words) :]
    if model.max_char == 0 or model.buckets == 0:
        return StoredVectors(words, rows)
    subwords = Subwords(min_char=model.min_char, max_char=model.max_char, bucket_rows=bucket_rows)
    return StoredVectors(words, rows, subwords)
