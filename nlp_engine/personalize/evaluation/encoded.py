"""Every encoding of text vectors as features, to stand beside the vectors themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.personalize.codebook import fit_topics
from nlp_engine.personalize.encodings.pca import PrincipalComponents
from nlp_engine.personalize.encodings.product import ProductQuantizer
from nlp_engine.personalize.evaluation.features import code_features, vector_features

VECTORS = "text vectors"
_CODES_PER_ITEM = (8, 16, 32, 48, 64)
_COMPONENTS = (16, 32, 64)
_PIECES = 10
_BINS = 10


def encoded_features(vectors: NDArray[np.float32], *, topics: int, seed: int) -> Mapping[str, Any]:
    """Features by encoding, fitted to (N, D) text vectors of length 1, or 0 without text.

    Args:
        vectors: Of all items.
        topics: Topics at most.
        seed: Start of the random generator.
    """
    found: dict[str, Any] = {VECTORS: vector_features(vectors)}
    found |= topic_features(vectors, topics=topics, seed=seed)
    if vectors.shape[1] % _PIECES == 0:
        quantizer = ProductQuantizer.fit(vectors, pieces=_PIECES, seed=seed)
        values = quantizer.centroids.shape[0] * quantizer.centroids.shape[1]
        name = f"product quantisation, {_PIECES} of {values} values"
        found[name] = code_features(quantizer.codes(vectors), values)
    for number in _COMPONENTS:
        if number < vectors.shape[1]:
            columns = PrincipalComponents.fit(vectors, number).columns(vectors)
            found[f"PCA, {number} columns"] = vector_features(columns)
            found[f"PCA, {number} columns in tenths"] = code_features(
                _in_tenths(columns), number * _BINS
            )
    return found


def topic_features(vectors: NDArray[np.float32], *, topics: int, seed: int) -> dict[str, Any]:
    """Features by number of topics per item; the arguments are those of `encoded_features`."""
    texts = [np.empty(0, np.int32)] * len(vectors)
    most = max(_CODES_PER_ITEM)
    book = fit_topics(vectors, texts, [], topics=topics, topics_per_item=most, seed=seed)
    codes, count = book.codes(vectors), len(book.centroids)
    numbers = [1, *(number for number in _CODES_PER_ITEM if number <= codes.shape[1])]
    return {f"{n} of {count} topics": code_features(codes[:, :n], count) for n in numbers}


def _in_tenths(columns: NDArray[np.float32]) -> NDArray[np.int16]:
    """Numbers as the tenth of their column that they are in, if Personalize should cut them so."""
    edges = np.quantile(columns, np.arange(1, _BINS) / _BINS, axis=0)
    bins = (columns[None] >= edges[:, None]).sum(axis=0)
    return np.asarray(bins + np.arange(columns.shape[1]) * _BINS, np.int16)
