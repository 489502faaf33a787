"""What errors cost, and the thresholds at which they cost least."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.evaluation.cost_matrix import CostMatrix
from nlp_engine.classification.evaluation.curves import Points
from nlp_engine.classification.evaluation.predictions import THRESHOLD, Predictions
from nlp_engine.classification.evaluation.ranking import Ranking, thinned
from nlp_engine.classification.evaluation.truth import Truth

_CHUNK = 1 << 20  # probabilities at once: 8 MB


@dataclass(frozen=True, slots=True)
class LabelCosts:
    """What it costs to give a label to all texts for which it is at least so probable.

    Attributes:
        false_positive: The cost of giving it where it is not true: the mean over the other labels.
        false_negative: The cost of not giving it where it is true: likewise.
        threshold: The threshold with the least cost on these examples; None: never give it.
        cost: The cost of all examples at that threshold.
        cost_at_half: Their cost at 0.5.
        curve: Threshold and cost of the largest labels in at most 200 points; else empty.
    """

    false_positive: float
    false_negative: float
    threshold: float | None
    cost: float
    cost_at_half: float
    curve: Points


@dataclass(frozen=True, slots=True)
class Costs:
    """What errors cost on some examples.

    Attributes:
        examples: The examples that count: those whose labels the model knows.
        labels: Costs by label, each against all others.
        most_probable: The cost of giving every text its most probable label; None if some example
            has several labels.
        least_expected: The cost of giving it the label with the least expected cost, likewise.
    """

    examples: int
    labels: Mapping[str, LabelCosts]
    most_probable: float | None
    least_expected: float | None


def costs_of(truth: Truth, predictions: Predictions, matrix: CostMatrix) -> Costs:
    """What errors cost.

    The label with the least expected cost is that of the smallest sum, over the labels that may be
    true, of probability times cost (Elkan, "The Foundations of Cost-Sensitive Learning", 2001).

    Args:
        truth: The true labels.
        predictions: What the model says, with its table.
        matrix: float64 (L, L).
    """
    table = predictions.table
    assert table is not None
    counting = np.ones(truth.examples, bool)
    counting[truth.rows[truth.columns >= truth.known]] = False
    kept, pairs = np.flatnonzero(counting), counting[truth.rows]
    true, columns = predictions.true[pairs], truth.columns[pairs]
    shown, labels = set(truth.shown), {}
    others = max(1, truth.known - 1)
    for column, name in enumerate(truth.names[: truth.known]):
        labels[name] = _label_costs(
            true[columns == column],
            table[column, kept],
            false_positive=float(matrix[:, column].sum() - matrix[column, column]) / others,
            false_negative=float(matrix[column].sum() - matrix[column, column]) / others,
            with_curve=column in shown,
        )
    most_probable = least_expected = None
    if not truth.multi_label:
        most_probable = float(matrix[columns, predictions.top[kept, 0]].sum())
        least_expected = _least_expected(table, kept, columns, matrix)
    return Costs(
        examples=len(kept),
        labels=labels,
        most_probable=most_probable,
        least_expected=least_expected,
    )


def _label_costs(
    positives: NDArray[np.float32],
    everything: NDArray[np.float32],
    *,
    false_positive: float,
    false_negative: float,
    with_curve: bool,
) -> LabelCosts:
    def cost(wrongly: Any, missed: Any) -> Any:
        return false_positive * wrongly + false_negative * missed

    ranking = Ranking.of(positives, [everything])
    costs = cost(ranking.false_positives, ranking.positives - ranking.true_positives)
    given, found = (int((part >= THRESHOLD).sum()) for part in (everything, positives))
    at_half = cost(given - found, ranking.positives - found)
    never, always = cost(0, ranking.positives), cost(ranking.negatives, 0)
    least = min(at_half, never, costs.min(initial=never))
    threshold: float | None = None
    if at_half == least:
        threshold = THRESHOLD
    elif least in costs:
        threshold = float(ranking.thresholds[costs.argmin()])
    curve = np.stack([[1, *ranking.thresholds, 0], [never, *costs, always]], axis=1)
    return LabelCosts(
        false_positive=false_positive,
        false_negative=false_negative,
        threshold=threshold,
        cost=float(least),
        cost_at_half=float(at_half),
        curve=thinned(curve) if with_curve else (),
    )


def _least_expected(
    table: NDArray[np.float32],
    kept: NDArray[np.int64],
    columns: NDArray[np.int64],
    matrix: CostMatrix,
) -> float:
    """The cost of choosing the label with the least expected cost for each example."""
    total, size = 0.0, max(1, _CHUNK // len(matrix))
    for start in range(0, len(kept), size):
        part = slice(start, start + size)
        chosen = (table[:, kept[part]].T @ matrix).argmin(axis=1)
        total += float(matrix[columns[part], chosen].sum())
    return total
