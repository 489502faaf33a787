"""Evaluating a classifier folder on files, with everything that can be known."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluation import (
    ClassificationResult,
    evaluate_file,
    write_eval_json,
)
from nlp_engine.classification.evaluation.cost_matrix import read_cost_matrix
from nlp_engine.classification.learning_curve import learning_curves
from nlp_engine.classification.settings import ClassifierEvaluationSettings
from nlp_engine.corpus.labelled import labelled_files
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.manifest import write_manifest
from nlp_engine.progress import Report, silent


def evaluate_classifier(
    model: Path | str,
    data: Sequence[Path | str],
    out: Path | str | None = None,
    *,
    cost_matrix: Path | str | None = None,
    learning_curve: Path | str | None = None,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> dict[str, ClassificationResult]:
    """Evaluate a classifier.

    Args:
        model: A classifier folder.
        data: Labelled files, tokenised as the training data was.
        out: The folder to make, with `eval.json`; None makes none.
        cost_matrix: A CSV file that says what errors cost; see `read_cost_matrix`.
        learning_curve: Labelled training examples, of which growing shares train classifiers with
            the model's settings; see `learning_curves`.
        overwrite: Replace an existing folder.
        report: Told of the examples done.
        **options: Fields of `ClassifierEvaluationSettings`.

    Returns:
        The results by name of the file, without its ending.

    Raises:
        InputError: A file cannot be read, or two have the same name.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    chosen = settings.from_mapping(ClassifierEvaluationSettings, options)
    inputs = _Inputs(
        model=Path(model),
        data=_by_name([Path(path) for path in data]),
        cost_matrix=Path(cost_matrix) if cost_matrix else None,
        training=labelled_files(Path(learning_curve)).train if learning_curve else None,
    )
    if out is None:
        return _evaluate(inputs, chosen, report)[0]
    started = time.monotonic()
    with new_folder(Path(out), overwrite=overwrite) as folder:
        results, classifier = _evaluate(inputs, chosen, report)
        write_eval_json(folder, results)
        parent = classifier.manifest
        write_manifest(
            folder,
            format="evaluation",
            language=parent.language if parent else "en",
            started=started,
            sources=inputs.files,
            parents=[parent] if parent else [],
            settings=settings.to_mapping(chosen),
            counts={
                "files": len(results),
                "examples": sum(result.examples for result in results.values()),
            },
        )
    return results


@dataclass(frozen=True, kw_only=True)
class _Inputs:
    model: Path
    data: Mapping[str, Path]
    cost_matrix: Path | None
    training: Path | None

    @property
    def files(self) -> list[Path]:
        return [*self.data.values(), *(p for p in (self.cost_matrix, self.training) if p)]


def _by_name(data: Sequence[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in data:
        if path.stem in named:
            raise InputError(f"two files to evaluate on are named {path.stem}; rename {path}")
        named[path.stem] = check_input_file(path)
    return named


def _evaluate(
    inputs: _Inputs, chosen: ClassifierEvaluationSettings, report: Report
) -> tuple[dict[str, ClassificationResult], Classifier]:
    classifier = Classifier.open(inputs.model)
    costs = None
    if inputs.cost_matrix:
        costs = read_cost_matrix(inputs.cost_matrix, classifier.label_names, classifier.labels)
    results = {
        name: evaluate_file(classifier, path, cost_matrix=costs, settings=chosen, report=report)
        for name, path in inputs.data.items()
    }
    if inputs.training:
        curves = learning_curves(classifier, inputs.training, inputs.data, report=report)
        results = {
            name: replace(result, learning_curve=curves[name]) for name, result in results.items()
        }
    return results, classifier
