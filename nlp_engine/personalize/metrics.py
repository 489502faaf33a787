"""Amazon Personalize's offline metrics, by the definitions in its developer guide.

"Evaluating a solution version with metrics". All are of one user each; their means over users are
what Personalize reports. `hits` is always bool (U, L): whether each of the L recommended items, the
best first, is one that the user interacted with after the split.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
PerUser = NDArray[np.float64]


def precision_at(hits: Hits, k: int) -> PerUser:
    """The hits among the first k, divided by k, however few items are relevant: (U)."""
    return np.asarray(hits[:, :k].sum(axis=1) / k)


def reciprocal_rank_at(hits: Hits, k: int) -> PerUser:
    """1 / the rank of the first hit among the first k, 0 without one: (U)."""
    first = hits[:, :k].argmax(axis=1)
    return np.where(hits[:, :k].any(axis=1), 1 / (first + 1.0), 0.0)


def ndcg_at(hits: Hits, relevant: NDArray[np.int64], k: int) -> PerUser:
    """Normalised discounted cumulative gain of the first k: (U).

    A hit at position p gains 1 / log2(1 + p); the sum is divided by that of an ideal list.

    Args:
        hits: (U, L).
        relevant: (U) how many items are relevant, 1 at least.
        k: Positions.
    """
    discounts = 1 / np.log2(np.arange(k) + 2)
    shown = hits[:, :k]
    ideal: PerUser = np.cumsum(discounts)[np.minimum(relevant, k) - 1]
    return np.asarray((shown @ discounts[: shown.shape[1]]) / ideal)


def hit_rate_at(hits: Hits, k: int) -> PerUser:
    """1 where there is a hit among the first k, else 0: (U)."""
    return np.asarray(hits[:, :k].any(axis=1), np.float64)


def coverage(recommended: NDArray[np.int64], items: int) -> float:
    """The share of all items that is recommended to anybody.

    Personalize counts what a model might recommend; here it is what it did, in lists of 25.

    Args:
        recommended: Item numbers; -1 stands for none.
        items: Distinct items of the Items and Interactions datasets together.
    """
    distinct = np.unique(recommended)
    return float((distinct >= 0).sum() / items)
