"""How good a classifier is by the number of examples that it is trained on."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluation import evaluate_examples, read_examples
from nlp_engine.classification.evaluation.examples import example_words, labels_of
from nlp_engine.classification.evaluation.result import LearningPoint
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.classification.train import train_classifier
from nlp_engine.errors import InputError, NlpEngineError
from nlp_engine.progress import Report, silent

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
_SEED = 0


def learning_curves(
    classifier: Classifier,
    train: Path,
    data: Mapping[str, Path],
    *,
    report: Report = silent,
) -> dict[str, list[LearningPoint]]:
    """Train on growing shares of examples and evaluate each classifier.

    A share is a random sample, the same for every call, that contains all smaller ones; examples
    keep their order. Shares with fewer than two labels are passed over. There is no early stopping,
    for which a share has no validation examples.

    Args:
        classifier: The classifier, of a folder; its settings are used.
        train: A labelled file, plain or compressed.
        data: Labelled files to evaluate on, by name.
        report: Told of the training and evaluation of each share.

    Returns:
        A point per share for each file, by its name.

    Raises:
        InputError: A file cannot be read, or a share cannot be trained on.
    """
    options = _options(classifier)
    examples = {name: read_examples(path) for name, path in data.items()}
    label_sets = [frozenset(labels) for labels, _ in _labelled(train)]
    ranks = np.random.default_rng(_SEED).permutation(len(label_sets))
    curves: dict[str, list[LearningPoint]] = {name: [] for name in data}
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "train.txt"
        for share in SHARES:
            chosen = ranks < round(share * len(ranks))
            if len(frozenset().union(*(label_sets[i] for i in np.flatnonzero(chosen)))) < 2:
                continue
            _write_sample(sample, train, chosen)
            try:
                trained = train_classifier(sample, report=report, **options)
            except NlpEngineError as error:
                raise InputError(f"{train}, {chosen.sum():,} examples of it: {error}") from error
            for name, held_out in examples.items():
                result = evaluate_examples(trained, held_out, details=False, report=report)
                curves[name].append(
                    LearningPoint(int(chosen.sum()), result.accuracy, result.macro.f1)
                )
    if not all(curves.values()):
        raise InputError(f"{train} has fewer than two labels; a learning curve needs two")
    return curves


def _options(classifier: Classifier) -> Mapping[str, Any]:
    """The settings that the classifier was trained with."""
    if classifier.manifest is None:
        raise InputError("the settings of a bare model file are not known; name its folder")
    names = {field.name for field in dataclasses.fields(ClassifierSettings)}
    recorded = classifier.manifest.settings
    known = {name: value for name, value in recorded.items() if name in names}
    return known | {"early_stopping": False}


def _labelled(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    for _, words in example_words(path):
        if labels := labels_of(words):
            yield labels, words


def _write_sample(sample: Path, path: Path, chosen: NDArray[np.bool_]) -> None:
    with sample.open("w", encoding="utf-8", newline="\n") as file:
        for is_chosen, (_, words) in zip(chosen.tolist(), _labelled(path), strict=True):
            if is_chosen:
                file.write(" ".join(words) + "\n")
