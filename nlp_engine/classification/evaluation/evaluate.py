"""All scores of a classifier on examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluation.calibration import calibration_of
from nlp_engine.classification.evaluation.confusion import confusion_of
from nlp_engine.classification.evaluation.cost_matrix import CostMatrix
from nlp_engine.classification.evaluation.costs import costs_of
from nlp_engine.classification.evaluation.curves import curves_of
from nlp_engine.classification.evaluation.examples import LabelledExamples
from nlp_engine.classification.evaluation.mistakes import worst_mistakes
from nlp_engine.classification.evaluation.predictions import Predictions
from nlp_engine.classification.evaluation.result import ClassificationResult
from nlp_engine.classification.evaluation.scores import (
    label_scores,
    macro_average,
    micro_average,
    scores_at,
)
from nlp_engine.classification.evaluation.truth import Truth
from nlp_engine.classification.settings import ClassifierEvaluationSettings
from nlp_engine.corpus.labelled import LABEL_PREFIX
from nlp_engine.progress import Progress, Report, silent

_PART = 1 << 22  # probabilities at once: 16 MB


def evaluate_examples(
    classifier: Classifier,
    examples: LabelledExamples,
    *,
    details: bool = True,
    cost_matrix: CostMatrix | None = None,
    settings: ClassifierEvaluationSettings = ClassifierEvaluationSettings(),  # noqa: B008 (frozen)
    report: Report = silent,
) -> ClassificationResult:
    """Evaluate a classifier.

    Memory grows with N x L only for curves and costs, with N else.

    Args:
        classifier: The classifier.
        examples: Examples, tokenised as its training data was.
        details: Whether to find curves and mistakes, too.
        cost_matrix: What errors cost, if that is to be known.
        settings: How to evaluate.
        report: Told of the examples done.
    """
    truth = Truth.of(_names(classifier, examples.labels), classifier.label_names)
    predictions = Predictions.of(
        truth,
        _probabilities(classifier, examples.texts, report),
        top=max([1, *(k for k in settings.ks if k <= truth.known)]),
        keep_table=details or cost_matrix is not None,
    )
    right = predictions.right(truth)
    labels = label_scores(truth, predictions)
    return ClassificationResult(
        accuracy=float(right.mean()),
        examples=truth.examples,
        multi_label=truth.multi_label,
        without_label=len(examples.unlabelled),
        unknown_labels=truth.unknown,
        micro=micro_average(labels),
        macro=macro_average(labels),
        at_k=scores_at(truth, predictions.top, settings.ks),
        labels=labels,
        confusion=confusion_of(truth, predictions),
        calibration=calibration_of(predictions.confidence, right),
        curves=curves_of(truth, predictions) if details else None,
        mistakes=worst_mistakes(examples, truth, predictions) if details else None,
        costs=costs_of(truth, predictions, cost_matrix) if cost_matrix is not None else None,
    )


def _names(classifier: Classifier, labels: Sequence[Sequence[str]]) -> list[list[str]]:
    """Labels as people know them."""
    return [
        [classifier.labels.get(word, word.removeprefix(LABEL_PREFIX)) for word in words]
        for words in labels
    ]


def _probabilities(
    classifier: Classifier, texts: Sequence[str], report: Report
) -> Iterator[NDArray[np.float32]]:
    size = max(1, _PART // len(classifier.label_names))
    for start in range(0, len(texts), size):
        report(Progress("evaluating", start, len(texts), "examples"))
        yield classifier.probabilities(texts[start : start + size])
    report(Progress("evaluating", len(texts), len(texts), "examples"))
