"""How many right and wrong examples lie above each threshold: what curves and costs count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_POINTS = 200


@dataclass(frozen=True, slots=True)
class Ranking:
    """Counts at the U different probabilities of the positive examples.

    Between two of these only negatives are added as a threshold falls, so that nothing that one
    would choose or sum up lies there.

    Attributes:
        thresholds: float32 (U) the probabilities, falling.
        counts: int64 (U) positives with that very probability.
        true_positives: int64 (U) positives with at least that probability.
        false_positives: int64 (U) negatives with at least that probability.
        false_above: int64 (U) negatives with more.
        positives: All positives.
        negatives: All negatives.
    """

    thresholds: NDArray[np.float32]
    counts: NDArray[np.int64]
    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]
    false_above: NDArray[np.int64]
    positives: int
    negatives: int

    @classmethod
    def of(cls, positives: NDArray[np.float32], parts: Iterable[NDArray[np.float32]]) -> Ranking:
        """Count.

        Args:
            positives: The probabilities of the positive examples.
            parts: Those of all examples, the positive ones among them, in parts of any size; no
                part is sorted or copied.
        """
        rising, counts = np.unique(positives, return_counts=True)
        at_least, above = np.zeros((2, len(rising) + 1), np.int64)
        total = 0
        for part in parts:
            total += len(part)
            for side, count in (("right", at_least), ("left", above)):
                count += np.bincount(np.searchsorted(rising, part, side), minlength=len(count))  # type: ignore[call-overload]
        # Place j + 1 and those after it have reached, or passed, threshold j.
        at_least, above = (np.cumsum(count[:0:-1]) for count in (at_least, above))
        counts = counts[::-1]
        true_positives = np.cumsum(counts)
        return cls(
            thresholds=rising[::-1],
            counts=counts,
            true_positives=true_positives,
            false_positives=at_least - true_positives,
            false_above=above - (true_positives - counts),
            positives=len(positives),
            negatives=total - len(positives),
        )


def thinned(points: NDArray[Any]) -> list[tuple[float, float]]:
    """At most 200 of (n, 2) points of a curve, evenly along its length, its ends among them."""
    if len(points) > _POINTS:
        extent = np.ptp(points, axis=0)
        steps = np.abs(np.diff(points, axis=0)) / np.where(extent, extent, 1)
        length = np.concatenate([[0], np.cumsum(steps.sum(axis=1))])
        wanted = np.linspace(0, length[-1], _POINTS)
        places = np.searchsorted(length, wanted).clip(max=len(points) - 1)
        points = points[np.unique([0, *places, len(points) - 1])]
    return [(round(x, 6), round(y, 6)) for x, y in points.tolist()]
