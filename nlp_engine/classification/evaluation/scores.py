"""Precision, recall and F1 of labels, their averages, and precision and recall at k."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.evaluation.predictions import THRESHOLD, Predictions
from nlp_engine.classification.evaluation.truth import Truth


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Precision, recall and F1 (0 to 1; 0 where nothing can be divided) of one label.

    Attributes:
        precision: `correct / predicted`.
        recall: `correct / examples`.
        f1: Their harmonic mean.
        examples: Examples with the label.
        predicted: Examples that get the label.
        correct: Examples of both kinds.
    """

    precision: float
    recall: float
    f1: float
    examples: int
    predicted: int
    correct: int


@dataclass(frozen=True, slots=True)
class AverageScores:
    """Precision, recall and F1 (0 to 1) over all labels."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class ScoresAtK:
    """Precision and recall (0 to 1) of the k most probable labels, over all examples together."""

    precision: float
    recall: float


def label_scores(truth: Truth, predictions: Predictions) -> dict[str, LabelScores]:
    """The scores of every label that some example has or gets.

    If no example has several labels, each gets its most probable one; else each gets all that are
    at least 0.5 probable.
    """
    if truth.multi_label:
        predicted = predictions.decided
        hit = predictions.true >= THRESHOLD
    else:
        predicted = np.bincount(predictions.top[:, 0], minlength=truth.known)
        hit = predictions.right(truth)
    predicted = np.pad(predicted, (0, len(truth.names) - truth.known))
    correct = np.bincount(truth.columns[hit], minlength=len(truth.names))
    counts = zip(truth.names, truth.support, predicted, correct, strict=True)
    return {
        name: _scores_of(*(int(count) for count in its)) for name, *its in counts if any(its[:2])
    }


def micro_average(labels: Mapping[str, LabelScores]) -> AverageScores:
    """The scores of all labels' counts taken together; the accuracy if each example has one label.

    They equal `sklearn.metrics.precision_recall_fscore_support(average="micro")`.
    """
    examples, predicted, correct = (
        sum(getattr(scores, count) for scores in labels.values())
        for count in ("examples", "predicted", "correct")
    )
    both = _scores_of(examples, predicted, correct)
    return AverageScores(both.precision, both.recall, both.f1)


def macro_average(labels: Mapping[str, LabelScores]) -> AverageScores:
    """The plain means over the labels; scikit-learn's with `average="macro"`."""
    precision, recall, f1 = (
        sum(getattr(scores, score) for scores in labels.values()) / len(labels)
        for score in ("precision", "recall", "f1")
    )
    return AverageScores(precision, recall, f1)


def scores_at(truth: Truth, top: NDArray[np.int64], ks: Sequence[int]) -> dict[int, ScoresAtK]:
    """Precision and recall at each k that is not above the number of labels.

    Source: fastText's `test` (meter.cc): right ones among the k labels of all examples, divided by
    those labels and by the true labels. Labels that the model does not know count here.

    Args:
        truth: The true labels.
        top: int64 (N, K) the most probable labels.
        ks: The numbers of labels.
    """
    places = np.equal(top[truth.rows], truth.columns[:, None])
    hits = np.cumsum(places.sum(axis=0))
    return {
        k: ScoresAtK(
            precision=int(hits[k - 1]) / (k * truth.examples),
            recall=int(hits[k - 1]) / len(truth.rows),
        )
        for k in ks
        if k <= len(hits)
    }


def _scores_of(examples: int, predicted: int, correct: int) -> LabelScores:
    return LabelScores(
        precision=correct / predicted if predicted else 0.0,
        recall=correct / examples if examples else 0.0,
        f1=2 * correct / (examples + predicted) if examples + predicted else 0.0,
        examples=examples,
        predicted=predicted,
        correct=correct,
    )
