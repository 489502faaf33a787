"""Kernels for product quantisation, which makes a byte of each part of a row.

N rows of D floats are cut into parts of `part_dim` floats, the last one perhaps shorter; each part
has 256 centroids. Source: Jégou et al., "Product Quantization for Nearest Neighbor Search", 2011.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native import (  # type: ignore[attr-defined]
    _native,
    chosen_instructions,
)
from nlp_engine.native.vectors import bytes_of

CENTROIDS: int = _native.CENTROIDS
"""Of each part: 256, the values of a byte."""


def find_centroids(
    sample: NDArray[np.float32],
    part_dim: int,
    *,
    seed: int,
    threads: int,
    on_part: Callable[[int], None] = lambda _: None,
    instructions: str | None = None,
) -> NDArray[np.float32]:
    """Centroids of each part, by k-means.

    The result depends on sample, part and seed alone.

    Args:
        sample: float32 (N, D), at least one row; 256 or fewer become the centroids themselves.
        part_dim: Floats of a part.
        seed: Start of the random numbers.
        threads: Threads to use, one a part.
        on_part: Told how many parts are done.
        instructions: As in `nlp_engine.native.encode`.

    Returns:
        float32 (256 * D): of each part one after the other its (256, floats of the part).
    """
    dim = sample.shape[1]
    out = np.empty(CENTROIDS * dim, np.float32)
    chosen = instructions or chosen_instructions()

    def train(part: int) -> None:
        begin, end = part * part_dim, min((part + 1) * part_dim, dim)
        its_own = out[CENTROIDS * begin : CENTROIDS * end].reshape(CENTROIDS, end - begin)
        points = bytes_of(sample[:, begin:end])
        _native.find_centroids(points, (seed << 20) + part, chosen, its_own)

    with ThreadPoolExecutor(threads) as pool:
        for done, _ in enumerate(pool.map(train, range(-(-dim // part_dim))), 1):
            on_part(done)
    return out


def quantize_rows(
    rows: NDArray[np.float32],
    part_dim: int,
    centroids: NDArray[np.float32],
    *,
    threads: int,
    instructions: str | None = None,
) -> NDArray[np.uint8]:
    """uint8 (N, parts), the nearest centroid of each part of each row; of equals the first.

    Args:
        rows: float32 (N, D).
        part_dim: Floats of a part.
        centroids: float32 (256 * D), from `find_centroids`.
        threads: Threads to use; the result does not depend on them.
        instructions: As in `nlp_engine.native.encode`.
    """
    codes = np.empty((len(rows), -(-rows.shape[1] // part_dim)), np.uint8)
    chosen = instructions or chosen_instructions()
    _native.quantize_rows(bytes_of(rows), part_dim, centroids, threads, chosen, codes)
    return codes
