"""How good a text classifier is, on labelled examples.

Everything is counted by numpy, so that training and its container need no extra; scikit-learn is
the reference that the tests compare it with. Letters for shapes: N examples, L labels that the
model knows, M labels in all, T pairs of example and true label.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluation.cost_matrix import CostMatrix
from nlp_engine.classification.evaluation.evaluate import evaluate_examples
from nlp_engine.classification.evaluation.examples import LabelledExamples, read_examples
from nlp_engine.classification.evaluation.result import (
    ClassificationResult,
    eval_json,
    read_eval_json,
    write_eval_json,
)
from nlp_engine.classification.settings import ClassifierEvaluationSettings
from nlp_engine.progress import Report, silent

__all__ = [
    "ClassificationResult",
    "eval_json",
    "evaluate_examples",
    "evaluate_file",
    "evaluate_folds",
    "read_eval_json",
    "read_examples",
    "write_eval_json",
]

_log = logging.getLogger(__name__)
_SHOWN_FOLDS = ("test", "validation")
_LARGEST_TABLE = 1 << 28  # probabilities
_NAMED_LABELS = 5


def evaluate_folds(
    classifier: Classifier, folds: Mapping[str, Path | None], report: Report = silent
) -> dict[str, ClassificationResult]:
    """Evaluate a classifier on the folds that there are.

    Curves and mistakes are of one only: test, else validation, else the first; and of none if its
    probabilities would take more than 1 GB, so that a training never fails at its end.

    Raises:
        InputError: See `read_examples`.
    """
    files = {fold: path for fold, path in folds.items() if path}
    shown = next((fold for fold in (*_SHOWN_FOLDS, *files) if fold in files), None)
    results = {}
    for fold, path in files.items():
        examples = read_examples(path)
        details = fold == shown
        if details and len(examples.texts) * len(classifier.label_names) > _LARGEST_TABLE:
            _log.warning(f"{path} is too large for curves beside a training; use evaluate")
            details = False
        results[fold] = evaluate_examples(classifier, examples, details=details, report=report)
        _warn(path, examples, results[fold])
    return results


def evaluate_file(
    classifier: Classifier,
    path: Path,
    *,
    cost_matrix: CostMatrix | None = None,
    settings: ClassifierEvaluationSettings = ClassifierEvaluationSettings(),  # noqa: B008 (frozen)
    report: Report = silent,
) -> ClassificationResult:
    """As `evaluate_examples`, on a file in fastText's format, plain or compressed.

    Warns of examples without label, and of labels that the model does not know.

    Raises:
        InputError: See `read_examples`.
    """
    examples = read_examples(path)
    result = evaluate_examples(
        classifier, examples, cost_matrix=cost_matrix, settings=settings, report=report
    )
    _warn(path, examples, result)
    return result


def _warn(path: Path, examples: LabelledExamples, result: ClassificationResult) -> None:
    if lines := examples.unlabelled:
        quoted = "; write labels without quotation marks and spaces" if examples.quoted else ""
        _log.warning(
            f"{path}: {_count(len(lines))} without a label left out, the first in line "
            f"{lines[0]}{quoted}"
        )
    if unknown := result.unknown_labels:
        named = ", ".join(map(repr, list(unknown)[:_NAMED_LABELS]))
        more = f" and {len(unknown) - _NAMED_LABELS:,} more" if len(unknown) > _NAMED_LABELS else ""
        _log.warning(
            f"{path}: the model was not trained on {named}{more}; "
            f"{_count(sum(unknown.values()))} with such a label count as errors"
        )


def _count(examples: int) -> str:
    return f"{examples:,} example{'s' * (examples != 1)}"
