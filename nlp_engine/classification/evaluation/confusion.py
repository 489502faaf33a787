"""Which labels are taken for which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nlp_engine.classification.evaluation.predictions import Predictions
from nlp_engine.classification.evaluation.truth import Truth

Confusion = Mapping[str, Mapping[str, int]]
"""Examples by true and by most probable label; pairs that do not occur are left out."""


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """A label taken for another, how often, and for which share (0 to 1) of its examples."""

    label: str
    predicted: str
    examples: int
    share: float


def confusion_of(truth: Truth, predictions: Predictions) -> Confusion | None:
    """The confusion matrix; None if some example has several labels.

    Then the counts of each label are all that there is (scikit-learn's
    `multilabel_confusion_matrix`).
    """
    if truth.multi_label:
        return None
    cells, counts = np.unique(
        np.stack([truth.columns, predictions.top[:, 0]]), axis=1, return_counts=True
    )
    confusion: dict[str, dict[str, int]] = {}
    for label, predicted, count in zip(*cells.tolist(), counts.tolist(), strict=True):
        confusion.setdefault(truth.names[label], {})[truth.names[predicted]] = count
    return confusion


def most_confused(confusion: Confusion, pairs: int) -> list[ConfusedPair]:
    """The pairs of labels that are confused most often."""
    confused = [
        ConfusedPair(label, predicted, count, count / sum(row.values()))
        for label, row in confusion.items()
        for predicted, count in row.items()
        if predicted != label
    ]
    return sorted(confused, key=lambda pair: -pair.examples)[:pairs]
