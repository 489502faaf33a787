"""Probabilities of links, learned from links that were held out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEATURES = ("bias", "score", "commonness", "links", "coherence")
_LEAST = 1e-6
_RIDGE = 1e-3
_STEPS = 100
_SMALL = 1e-8


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression on what is known of a link.

    Attributes:
        weights: Of `FEATURES`; none: the probability is the score.
    """

    weights: Sequence[float] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None, method: str) -> Calibration:
        """What a knowledge base has stored for a method."""
        if stored is None or method not in stored:
            return cls()
        return cls([float(stored[method]["weights"][name]) for name in FEATURES])

    def __call__(self, score: float, commonness: float, links: int, coherence: float) -> float:
        """The probability of a link.

        Args:
            score: The entity's share among the candidates.
            commonness: Of the entity.
            links: From the form to the entity.
            coherence: With the other mentions' entities.
        """
        if not self.weights:
            return score
        row = features(score, commonness, links, coherence)
        weighted = sum(w * x for w, x in zip(self.weights, row, strict=True))
        return 1 / (1 + math.exp(-max(min(weighted, 50.0), -50.0)))

    def of_rows(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probabilities of (N, `FEATURES`) links: (N)."""
        weighted = np.clip(rows @ np.array(self.weights), -50, 50)
        return np.asarray(1 / (1 + np.exp(-weighted)))


def features(score: float, commonness: float, links: float, coherence: float) -> list[float]:
    """The values of `FEATURES`."""
    return [1.0, _logit(score), _logit(commonness), math.log1p(links), coherence]


def _logit(share: float) -> float:
    share = min(max(share, _LEAST), 1 - _LEAST)
    return math.log(share / (1 - share))


def fit(rows: NDArray[np.float64], right: NDArray[np.bool_]) -> Calibration:
    """A logistic regression by Newton's method, with a slight ridge.

    Args:
        rows: (N, `FEATURES`).
        right: (N) whether each link is right.
    """
    weights = np.zeros(rows.shape[1])
    ridge = _RIDGE * np.eye(rows.shape[1])
    signs = np.where(right, -1.0, 1.0)

    def loss(at: NDArray[np.float64]) -> float:
        return float(np.logaddexp(0, signs * (rows @ at)).sum() + at @ ridge @ at / 2)

    best = loss(weights)
    for _ in range(_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(rows @ weights, -50, 50)))
        gradient = rows.T @ (right - probability) - ridge @ weights
        curvature = (rows * (probability * (1 - probability))[:, None]).T @ rows + ridge
        step = np.linalg.solve(curvature, gradient)
        # Where few links tell right from wrong, a whole step may lead far away.
        while np.abs(step).max() >= _SMALL and loss(weights + step) > best:
            step /= 2
        if np.abs(step).max() < _SMALL:
            break
        weights = weights + step
        best = loss(weights)
    return Calibration(weights.tolist())


def calibration_error(
    probability: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """Expected calibration error: mean distance of probability and accuracy, over equal bins.

    Guo et al., "On Calibration of Modern Neural Networks", 2017.
    """
    if not len(probability):
        return 0.0
    of_bin = np.minimum((probability * bins).astype(np.int64), bins - 1)
    counts = np.bincount(of_bin, minlength=bins)
    sums = np.bincount(of_bin, probability, bins), np.bincount(of_bin, right, bins)
    return float(np.abs(sums[0] - sums[1]).sum() / counts.sum())


def stored(calibration: Calibration, **found: float) -> dict[str, Any]:
    """What a knowledge base stores of a calibration."""
    weights = dict(zip(FEATURES, asdict(calibration)["weights"], strict=True))
    return {"weights": weights, **found}
