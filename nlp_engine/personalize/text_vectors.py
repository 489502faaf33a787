"""Text vectors of all items, on the disk: from word vectors, or from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file
from nlp_engine.personalize.number_lists import NumberLists
from nlp_engine.personalize.text_encoder import TextEncoder, fit_weights

_BLOCK = 4096


def fit_text_encoder(vectors: WordVectors, texts: NumberLists, words: Sequence[str]) -> TextEncoder:
    """A text encoder for items' texts, given as positions in words, the vocabulary's first."""
    documents = np.zeros(len(words), np.int64)
    for block in _blocks(len(texts)):
        part = texts[block]
        text_of = np.repeat(np.arange(len(part)), np.diff(part.begins))
        different = np.unique(text_of * len(words) + part.numbers)
        documents += np.bincount(different % len(words), minlength=len(words))
    weights, others = fit_weights(documents, words, vectors, len(texts))
    mean = np.zeros(vectors.vector_dim, np.float64)
    plain = TextEncoder(vectors, weights, mean.astype(np.float32), others)
    for block in _blocks(len(texts)):
        mean += plain.encode_texts(texts[block], words).sum(axis=0, dtype=np.float64)
    return TextEncoder(vectors, weights, (mean / len(texts)).astype(np.float32), others)


def encode_texts(
    encoder: TextEncoder, texts: NumberLists, words: Sequence[str], path: Path
) -> NDArray[np.float32]:
    """float32 (N, D), the vectors of texts given as positions in words, in a mapped file."""
    rows = np.lib.format.open_memmap(
        path, "w+", dtype=np.float32, shape=(len(texts), encoder.vectors.vector_dim)
    )
    for block in _blocks(len(texts)):
        rows[block] = encoder.encode_texts(texts[block], words)
    return rows


def open_text_vectors(vectors: NDArray[Any] | Path | str, path: Path) -> NDArray[np.float32]:
    """float32 (N, D), vectors from anywhere scaled to length 1, in a mapped file.

    Args:
        vectors: (N, D) numbers, or the `.npy` file that they are in.
        path: The mapped file to make.

    Raises:
        InputError: There is no such file, or the array is none of N finite vectors; the message
            names the row.
    """
    name = "the text vectors"
    if isinstance(vectors, Path | str):
        name = str(vectors)
        path_of_vectors = check_input_file(Path(vectors))
        try:
            vectors = np.load(path_of_vectors, mmap_mode="r", allow_pickle=False)
        except (EOFError, ValueError) as error:
            raise InputError(f"{name} is no array of numpy; write it by numpy.save") from error
    assert not isinstance(vectors, Path | str)
    if vectors.ndim != 2 or vectors.shape[1] == 0 or vectors.dtype.kind not in "fiu":
        raise InputError(
            f"{name}: an array of {vectors.dtype} and shape {vectors.shape}; a row of numbers for "
            "each item is expected"
        )
    rows = np.lib.format.open_memmap(path, "w+", dtype=np.float32, shape=vectors.shape)
    for block in _blocks(len(vectors)):
        part = np.asarray(vectors[block], np.float32)
        finite = np.isfinite(part).all(axis=1)
        if not finite.all():
            row = block.start + int(np.argmin(finite)) + 1
            raise InputError(f"{name}, row {row}: a number is not finite")
        norms = np.linalg.norm(part, axis=1, keepdims=True)
        rows[block] = part / np.maximum(norms, np.finfo(np.float32).tiny)
    return rows


def _blocks(count: int) -> Iterator[slice]:
    for begin in range(0, count, _BLOCK):
        yield slice(begin, min(begin + _BLOCK, count))
