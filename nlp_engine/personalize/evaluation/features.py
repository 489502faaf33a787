"""Items by what they are: a row per item, of length 1, so that products of rows are cosines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import require
from nlp_engine.personalize.encodings.kmeans import unit


def category_features(rows: Sequence[Sequence[str]]) -> Any:
    """Sparse (N, V): the values that each of (N) items has, all alike."""
    sparse = require("scipy.sparse", "items")
    numbers: dict[str, int] = {}
    columns = [
        numbers.setdefault(value, len(numbers)) for row in rows for value in dict.fromkeys(row)
    ]
    ends = np.cumsum([0, *(len(dict.fromkeys(row)) for row in rows)])
    ones = np.ones(len(columns), np.float32)
    shape = (len(rows), max(1, len(numbers)))
    return unit_rows(sparse.csr_matrix((ones, columns, ends), shape))


def code_features(codes: NDArray[np.int16], count: int) -> Any:
    """Sparse (N, count): the (N, t) codes of items; a negative one stands for none."""
    sparse = require("scipy.sparse", "items")
    items, places = np.nonzero(codes >= 0)
    ones = np.ones(len(items), np.float32)
    shape = (len(codes), count)
    return unit_rows(sparse.csr_matrix((ones, (items, codes[items, places])), shape))


def vector_features(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, D) vectors of length 1."""
    return unit(vectors)


def together(features: Sequence[Any]) -> Any:
    """Several columns of categories: a product of rows is the sum of the columns' cosines.

    So an item that lacks a column loses nothing by it, and no column outweighs another.
    """
    sparse = require("scipy.sparse", "items")
    return sparse.hstack(features).tocsr()


def unit_rows(matrix: Any) -> Any:
    """Rows of a sparse matrix with length 1; empty rows stay empty."""
    sparse = require("scipy.sparse", "items")
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(norms, 1e-12).astype(np.float32)) @ matrix).tocsr()
