"""ROC and precision-recall curves, of one label against the others.

A label's positives are the examples that have it; examples whose labels the model does not know
are negatives of all. The figures are scikit-learn's `roc_auc_score` and `average_precision_score`,
counted here so that they need no more memory than the probabilities, and no extra.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.evaluation.predictions import Predictions
from nlp_engine.classification.evaluation.ranking import Ranking, thinned
from nlp_engine.classification.evaluation.truth import Truth

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Areas:
    """The areas under a label's curves, 0 to 1; None where the curve does not exist.

    Attributes:
        auc: Under the ROC curve: how often a positive example is more probable than a negative.
        average_precision: Under the precision-recall curve.
    """

    auc: float | None
    average_precision: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """The curves of one label, or of all together, in at most 200 points each.

    Attributes:
        roc: False positive rate and true positive rate.
        precision_recall: Recall and precision.
    """

    roc: Points
    precision_recall: Points


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Curves and the areas under them.

    Attributes:
        macro: The plain means of the labels' areas.
        micro: The areas if every pair of example and label counts as one example.
        labels: The areas by label that the model knows.
        micro_curve: The curve of all pairs; None with two labels, where it says nothing more.
        label_curves: The curves of the largest labels; of two, the one with fewer training
            examples.
    """

    macro: Areas
    micro: Areas
    labels: Mapping[str, Areas]
    micro_curve: Curve | None
    label_curves: Mapping[str, Curve]


def curves_of(truth: Truth, predictions: Predictions) -> Curves:
    """The curves of all labels; `predictions` need their table."""
    table = predictions.table
    assert table is not None
    labels, label_curves, shown = {}, {}, set(truth.shown)
    for column, name in enumerate(truth.names[: truth.known]):
        positives = predictions.true[truth.columns == column]
        ranking = Ranking.of(positives, [table[column]])
        labels[name] = areas_of(ranking)
        if column in shown and labels[name].auc is not None:
            label_curves[name] = _curve_of(ranking)
    ranking = Ranking.of(predictions.true[truth.columns < truth.known], table)
    micro = areas_of(ranking)
    return Curves(
        macro=Areas(
            _mean(areas.auc for areas in labels.values()),
            _mean(areas.average_precision for areas in labels.values()),
        ),
        micro=micro,
        labels=labels,
        micro_curve=_curve_of(ranking) if truth.known > 2 and micro.auc is not None else None,
        label_curves={truth.names[c]: label_curves[truth.names[c]] for c in truth.shown
                      if truth.names[c] in label_curves},
    )  # fmt: skip


def areas_of(ranking: Ranking) -> Areas:
    """The exact areas under the curves."""
    if not ranking.positives:
        return Areas(None, None)
    average_precision = float(ranking.counts @ _precision(ranking)) / ranking.positives
    if not ranking.negatives:
        return Areas(None, average_precision)
    # A negative below a positive counts 1, an equally probable one a half.
    below = ranking.negatives - (ranking.false_positives + ranking.false_above) / 2
    return Areas(
        float(ranking.counts @ below) / (ranking.positives * ranking.negatives), average_precision
    )


def _curve_of(ranking: Ranking) -> Curve:
    # Two corners a threshold: what lies above it, and what reaches it.
    false = np.stack([ranking.false_above, ranking.false_positives], axis=1).ravel()
    true = ranking.true_positives - ranking.counts
    true = np.stack([true, ranking.true_positives], axis=1).ravel()
    roc = np.stack([[0, *false, ranking.negatives], [0, *true, ranking.positives]], axis=1)
    recall = ranking.true_positives / ranking.positives
    precision = _precision(ranking)
    return Curve(
        roc=thinned(roc / (ranking.negatives, ranking.positives)),
        precision_recall=thinned(
            np.stack([[0, *recall], [precision[0], *precision]], axis=1)
        ),
    )  # fmt: skip


def _precision(ranking: Ranking) -> NDArray[np.float64]:
    return np.asarray(
        ranking.true_positives / (ranking.true_positives + ranking.false_positives), np.float64
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
