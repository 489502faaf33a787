"""What a model says of examples, as far as scores need it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.evaluation.truth import Truth

THRESHOLD = 0.5
"""Texts with several labels get those that are at least so probable."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model with L labels says of N examples with T true labels.

    Attributes:
        top: int64 (N, K) the most probable labels, most probable first; of equally probable ones
            the one with more training examples.
        confidence: float32 (N) the probability of the first, 0 to 1.
        true: float32 (T) the probabilities of the true labels; 0 for those it does not know.
        decided: int64 (L) examples for which the label is at least `THRESHOLD` probable.
        table: float32 (L, N) all probabilities, a row per label; None if they are not needed.
    """

    top: NDArray[np.int64]
    confidence: NDArray[np.float32]
    true: NDArray[np.float32]
    decided: NDArray[np.int64]
    table: NDArray[np.float32] | None

    @classmethod
    def of(
        cls, truth: Truth, parts: Iterable[NDArray[np.float32]], *, top: int, keep_table: bool
    ) -> Predictions:
        """Gather what is needed from probabilities that come in parts.

        Args:
            truth: The true labels.
            parts: float32 (n, L) each, N rows together.
            top: K; at most L are given.
            keep_table: Whether all probabilities are needed.
        """
        examples, labels = truth.examples, truth.known
        top_labels = np.empty((examples, min(top, labels)), np.int64)
        confidence = np.empty(examples, np.float32)
        true = np.zeros(len(truth.rows), np.float32)
        decided = np.zeros(labels, np.int64)
        table = np.empty((labels, examples), np.float32) if keep_table else None
        start = 0
        for part in parts:
            stop = start + len(part)
            best = _top_labels(part, top_labels.shape[1])
            top_labels[start:stop] = best
            confidence[start:stop] = part[np.arange(len(part)), best[:, 0]]
            pairs = slice(*np.searchsorted(truth.rows, (start, stop)))
            rows, columns = truth.rows[pairs] - start, truth.columns[pairs]
            known = columns < labels
            true[pairs][known] = part[rows[known], columns[known]]
            decided += (part >= THRESHOLD).sum(axis=0)
            if table is not None:
                table[:, start:stop] = part.T
            start = stop
        return cls(top_labels, confidence, true, decided, table)

    def right(self, truth: Truth) -> NDArray[np.bool_]:
        """Whether the most probable label of each of the N examples is among the true ones."""
        right = np.zeros(truth.examples, bool)
        right[truth.rows[self.top[truth.rows, 0] == truth.columns]] = True
        return right


def _top_labels(part: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    left, rows = part.copy(), np.arange(len(part))
    top = np.empty((len(part), k), np.int64)
    for place in range(k):
        top[:, place] = left.argmax(axis=1)
        left[rows, top[:, place]] = -np.inf
    return top
