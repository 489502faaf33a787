"""What product quantisation must do: k-means of one part, step by step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.native.classifier_reference import mixed
from tests.native.word2vec_reference import Random

CENTROIDS = 256
_STEPS = 25
_BLOCK, _SUMS = 64, 8


def find_centroids(points: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """(256, D) centroids of (N, D) points."""
    count, dim = points.shape
    centroids = np.zeros((CENTROIDS, dim), np.float32)
    if count <= CENTROIDS:
        centroids[:count] = points
        return centroids
    _start(points, Random(mixed(seed) | 1), centroids)
    before = None
    for _ in range(_STEPS):
        codes, distances = nearest(points, centroids)
        if before is not None and np.array_equal(codes, before):
            break
        before = codes
        _move(points, codes, distances, centroids)
    return centroids


def nearest(
    points: NDArray[np.float32], centroids: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Each point's nearest centroid, of equals the first, and the squared distance."""
    distances = np.zeros((len(points), len(centroids)), np.float32)
    for j in range(points.shape[1]):
        difference = points[:, j, None] - centroids[None, :, j]
        distances += difference * difference
    return distances.argmin(axis=1), distances.min(axis=1)


def _start(points: NDArray[np.float32], random: Random, centroids: NDArray[np.float32]) -> None:
    distances = np.full(len(points), np.inf, np.float32)
    chosen = random.below(len(points))
    for c in range(CENTROIDS):
        centroids[c] = points[chosen]
        distances = np.minimum(distances, nearest(points, centroids[c : c + 1])[1])
        blocks = np.zeros(-(-len(points) // _BLOCK) * _BLOCK, np.float32)
        blocks[: len(points)] = distances
        sums = blocks.reshape(-1, _BLOCK // _SUMS, _SUMS).sum(axis=1, dtype=np.float32)
        ends = np.cumsum(sums.astype(float).sum(axis=1))
        chance = (random.next() >> 11) * 2.0**-53 * ends[-1]
        if chance >= ends[-1]:
            return
        block = int(np.searchsorted(ends, chance, side="right"))
        within = (ends[block - 1] if block else 0) + np.cumsum(
            blocks[block * _BLOCK : (block + 1) * _BLOCK].astype(float)
        )
        chosen = block * _BLOCK + int(np.searchsorted(within, chance, side="right"))


def _move(
    points: NDArray[np.float32],
    codes: NDArray[np.intp],
    distances: NDArray[np.float32],
    centroids: NDArray[np.float32],
) -> None:
    counts = np.bincount(codes, minlength=CENTROIDS)
    for c in range(CENTROIDS):
        if counts[c]:
            centroids[c] = points[codes == c].sum(axis=0, dtype=float) / counts[c]
        else:
            farthest = distances.argmax()
            centroids[c] = points[farthest]
            distances[farthest] = 0
