"""Calibration: whether the most probable label is right as often as its probability says.

Source: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The examples whose most probable label has a probability above `low` and up to `high`.

    Attributes:
        low: Lower edge.
        high: Upper edge.
        examples: Their number.
        confidence: The mean probability; None without examples.
        accuracy: The share whose most probable label is right; None without examples.
    """

    low: float
    high: float
    examples: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration on some examples.

    Attributes:
        expected_calibration_error: ECE: the mean over all examples of the distance between
            accuracy and confidence of their bin, 0 to 1.
        bins: The reliability diagram, in `BINS` bins of equal width.
    """

    expected_calibration_error: float
    bins: Sequence[ReliabilityBin]


def calibration_of(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> Calibration:
    """Compare confidence and accuracy.

    Args:
        confidence: float32 (N) probabilities of the most probable labels; N is not 0.
        right: bool (N) whether these are true labels.
    """
    # Bins are open below and closed above, as in the paper; 0 belongs to the first.
    edges = np.linspace(0, 1, BINS + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, BINS - 1)
    examples = np.bincount(place, minlength=BINS)
    confidences = np.bincount(place, confidence, minlength=BINS)
    rights = np.bincount(place, right, minlength=BINS)
    return Calibration(
        expected_calibration_error=float(np.abs(confidences - rights).sum() / len(confidence)),
        bins=[
            ReliabilityBin(
                low=round(float(low), 6),
                high=round(float(high), 6),
                examples=count,
                confidence=total / count if count else None,
                accuracy=hits / count if count else None,
            )
            for low, high, count, total, hits in zip(
                edges[:-1], edges[1:], examples.tolist(), confidences.tolist(), rights.tolist(),
                strict=True,
            )
        ],
    )  # fmt: skip
