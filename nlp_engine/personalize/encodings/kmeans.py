"""K-means by matrix products: Lloyd's algorithm on a sample, fast for a million rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_ITERATIONS = 20
_ROWS_PER_CENTROID = 128  # of the sample; more changes the centroids little and costs as much more
_FIRST_ROWS_PER_CENTROID = 16  # of the sample that the first centroids come from
_SCORES_PER_BLOCK = 1 << 22  # numbers that stay near the processor


def fit_kmeans(
    rows: NDArray[np.float32], count: int, *, seed: int, spherical: bool = False
) -> NDArray[np.float32]:
    """Centroids of rows.

    The same rows, count and seed give the same centroids, up to the rounding of matrix products.
    Of very many rows a sample is enough (`sample`).

    Args:
        rows: float32 (N, D).
        count: Centroids, from 1 to N.
        seed: Start of the random generator.
        spherical: Centroids have length 1, and rows, of length 1 too, go to that of the highest
            cosine; otherwise to the one at the least distance.

    Returns:
        float32 (count, D).
    """
    generator = np.random.default_rng(seed)
    centroids = _first_centroids(rows, count, generator)
    nearest = np.full(len(rows), -1)
    for _ in range(_ITERATIONS):
        before, (nearest, scores) = nearest, nearest_centroids(rows, centroids, spherical)
        if np.array_equal(before, nearest):
            break
        centroids = _means(rows, nearest, scores, centroids, spherical)
    return centroids


def sample(rows: NDArray[np.intp], count: int, *, seed: int) -> NDArray[np.intp]:
    """Numbers of rows to fit `count` centroids to: 128 per centroid at most, in order."""
    most = count * _ROWS_PER_CENTROID
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def nearest_centroids(
    rows: NDArray[np.float32], centroids: NDArray[np.float32], spherical: bool
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The (N) nearest centroids of (N, D) rows, and how near: the higher, the nearer."""
    nearest = np.empty(len(rows), np.intp)
    scores = np.empty(len(rows), np.float32)
    for block, products in score_blocks(rows, centroids, spherical):
        nearest[block] = products.argmax(axis=1)
        scores[block] = np.take_along_axis(products, nearest[block, None], axis=1)[:, 0]
    if not spherical:
        scores -= np.einsum("nd,nd->n", rows, rows) / 2
    return nearest, scores


def score_blocks(
    rows: NDArray[np.float32], centroids: NDArray[np.float32], spherical: bool
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Blocks of rows with their (n, K) scores: products, less half of the centroids' squares."""
    halves = np.einsum("kd,kd->k", centroids, centroids) / 2
    size = max(1, _SCORES_PER_BLOCK // len(centroids))
    for begin in range(0, len(rows), size):
        block = slice(begin, min(begin + size, len(rows)))
        products = rows[block] @ centroids.T
        yield block, products if spherical else products - halves


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows with length 1; zeros stay zeros."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, np.finfo(np.float32).tiny), np.float32)


def _first_centroids(
    rows: NDArray[np.float32], count: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Rows far from each other (k-means++): the next by its squared distance from those chosen."""
    most = min(len(rows), count * _FIRST_ROWS_PER_CENTROID)
    rows = rows[generator.choice(len(rows), most, replace=False)]
    squares = np.einsum("nd,nd->n", rows, rows)
    chosen = [0]
    distances = np.full(len(rows), np.inf)
    for _ in range(1, count):
        last = rows[chosen[-1]]
        nearer = squares - 2 * (rows @ last) + squares[chosen[-1]]
        distances = np.minimum(distances, np.maximum(nearer, 0))
        distances[chosen[-1]] = 0
        mass = np.cumsum(distances)
        drawn = int(np.searchsorted(mass, generator.random() * mass[-1], side="right"))
        chosen.append(drawn if drawn < len(rows) else int(generator.integers(len(rows))))
    return rows[chosen]


def _means(
    rows: NDArray[np.float32],
    nearest: NDArray[np.intp],
    scores: NDArray[np.float32],
    centroids: NDArray[np.float32],
    spherical: bool,
) -> NDArray[np.float32]:
    """The means of the rows of each centroid; one without rows moves to a row far from its own."""
    order = np.argsort(nearest, kind="stable")
    used, begins, sizes = np.unique(nearest[order], return_index=True, return_counts=True)
    made = np.empty_like(centroids)
    made[used] = np.add.reduceat(rows[order], begins, axis=0) / sizes[:, None]
    unused = np.setdiff1d(np.arange(len(centroids)), used, assume_unique=True)
    made[unused] = rows[np.argsort(scores, kind="stable")[: len(unused)]]
    return unit(made) if spherical else made
