"""The rows of n-grams' buckets, of which those that occur once were trained by groups."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native.classifier import ExampleBuckets
from nlp_engine.native.rows import fill_uniform_sums


def begin_rows(rows: NDArray[np.float32], buckets: ExampleBuckets, words: int, seed: int) -> None:
    """Fill rows of B shared buckets and G groups as they are before training.

    Args:
        rows: float32 (B + G, D), filled in place.
        buckets: Which they are.
        words: V; bucket b begins with the row that `fill_uniform` has at V + b.
        seed: Of `fill_uniform`.
    """
    shared = len(buckets.shared)
    numbers = words + np.concatenate([buckets.shared, buckets.lone]).astype(np.int64)
    offsets = np.concatenate([np.arange(shared), shared + buckets.lone_offsets])
    fill_uniform_sums(rows, seed, numbers, offsets)


class BucketRows:
    """Rows of B shared and M lone buckets, which are made as they are read.

    A group's row is the sum of its buckets' rows, all of which moved by the same: a bucket's row is
    the one it began with and its share of what the sum has moved.

    Args:
        rows: float32 (B + G, D), filled by `begin_rows` and trained.
        buckets: As in `begin_rows`.
        words: As in `begin_rows`.
        seed: As in `begin_rows`.
    """

    def __init__(
        self, rows: NDArray[np.float32], buckets: ExampleBuckets, words: int, seed: int
    ) -> None:
        self._rows = rows
        self._buckets = buckets
        self._words = words
        self._seed = seed

    @property
    def ids(self) -> NDArray[np.int32]:
        """int32 (B + M), the buckets, in the order of their rows."""
        return np.concatenate([self._buckets.shared, self._buckets.lone])

    @property
    def shape(self) -> tuple[int, int]:
        """(B + M, D)."""
        return len(self._buckets.shared) + len(self._buckets.lone), self._rows.shape[1]

    def __getitem__(self, at: NDArray[np.integer]) -> NDArray[np.float32]:
        """float32 (n, D), the rows at some positions."""
        shared = len(self._buckets.shared)
        found = np.empty((len(at), self._rows.shape[1]), np.float32)
        lone = at >= shared
        found[~lone] = self._rows[at[~lone]]
        places = at[lone] - shared
        began = np.empty((len(places), self._rows.shape[1]), np.float32)
        numbers = self._words + self._buckets.lone[places].astype(np.int64)
        fill_uniform_sums(began, self._seed, numbers, np.arange(len(places) + 1))
        groups = np.searchsorted(self._buckets.lone_offsets, places, side="right") - 1
        found[lone] = began + self._moved[groups]
        return found

    @functools.cached_property
    def _moved(self) -> NDArray[np.float32]:
        """float32 (G, D), by what each bucket of a group has moved."""
        trained = self._rows[len(self._buckets.shared) :]
        began = np.empty(trained.shape, np.float32)
        numbers = self._words + self._buckets.lone.astype(np.int64)
        fill_uniform_sums(began, self._seed, numbers, self._buckets.lone_offsets)
        np.subtract(trained, began, out=began)
        began /= self._buckets.group_sizes[:, None]
        return began
