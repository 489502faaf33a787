"""Items by what they are: one row per item, of ones for its categories, or a vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import require
from nlp_engine.personalize.encodings.kmeans import unit


def category_features(rows: Sequence[Sequence[str]]) -> Any:
    """Sparse (N, V): 1 for each value that each of (N) items has."""
    sparse = require("scipy.sparse", "items")
    numbers: dict[str, int] = {}
    columns = [
        numbers.setdefault(value, len(numbers)) for row in rows for value in dict.fromkeys(row)
    ]
    ends = np.cumsum([0, *(len(dict.fromkeys(row)) for row in rows)])
    ones = np.ones(len(columns), np.float32)
    shape = (len(rows), max(1, len(numbers)))
    return sparse.csr_matrix((ones, columns, ends), shape)


def code_features(codes: NDArray[np.int16], count: int) -> Any:
    """Sparse (N, count): 1 for each of (N, t) codes; a negative one stands for none."""
    sparse = require("scipy.sparse", "items")
    items, places = np.nonzero(codes >= 0)
    ones = np.ones(len(items), np.float32)
    return sparse.csr_matrix((ones, (items, codes[items, places])), (len(codes), count))


def vector_features(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, D) vectors of length 1."""
    return unit(vectors)


def together(features: Sequence[Any]) -> Any:
    """Several columns of categories as one."""
    sparse = require("scipy.sparse", "items")
    return sparse.hstack(features).tocsr()


def unit_rows(features: Any) -> Any:
    """Rows of length 1, so that products of rows are cosines; empty rows stay empty."""
    if isinstance(features, np.ndarray):
        return unit(features)
    sparse = require("scipy.sparse", "items")
    norms = np.sqrt(np.asarray(features.multiply(features).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(norms, 1e-12).astype(np.float32)) @ features).tocsr()
