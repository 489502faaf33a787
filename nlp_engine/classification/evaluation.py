"""How well a classifier does on labelled examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlp_engine.classification.classifier import Classifier
from nlp_engine.corpus.labelled import LABEL_PREFIX
from nlp_engine.errors import InputError
from nlp_engine.files import open_input


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Precision, recall and F1 (0 to 1) of one label, and its number of examples."""

    precision: float
    recall: float
    f1: float
    examples: int


@dataclass(frozen=True, slots=True)
class ClassificationResult:
    """The outcome on one file of examples.

    Attributes:
        accuracy: Share of examples whose most probable label is among their labels (fastText's
            precision at 1).
        macro_f1: Plain mean of the labels' F1.
        examples: Examples in the file.
        labels: Scores by label.
    """

    accuracy: float
    macro_f1: float
    examples: int
    labels: Mapping[str, LabelScores]


def read_examples(path: Path) -> tuple[list[list[str]], list[str]]:
    """The label words and the texts of a file in fastText's format.

    Raises:
        InputError: The file is missing, empty or not UTF-8, or a line has no label.
    """
    labels, texts = [], []
    with open_input(path) as file:
        for number, raw in enumerate(file, 1):
            try:
                words = raw.decode("utf-8").rstrip("\n").split(" ")
            except UnicodeDecodeError as error:
                raise InputError(f"{path}, line {number}: not UTF-8 ({error.reason})") from error
            line_labels = [word for word in words if word.startswith(LABEL_PREFIX)]
            if not line_labels:
                raise InputError(f"{path}, line {number}: no label ({LABEL_PREFIX}NAME)")
            labels.append(line_labels)
            texts.append(" ".join(word for word in words if not word.startswith(LABEL_PREFIX)))
    if not texts:
        raise InputError(f"{path} is empty; there is no example in it")
    return labels, texts


def evaluate_file(classifier: Classifier, path: Path) -> ClassificationResult:
    """Evaluate a classifier on a file in fastText's format, already tokenised.

    Raises:
        InputError: See `read_examples`.
    """
    label_words, texts = read_examples(path)
    truth = [[classifier.labels.get(word, word) for word in words] for words in label_words]
    predicted = [
        predictions[0].label if predictions else ""
        for predictions in classifier.predict_tokenized(texts)
    ]
    return score(truth, predicted)


def score(truth: Sequence[Sequence[str]], predicted: Sequence[str]) -> ClassificationResult:
    """Score one predicted label per example against its (one or more) true labels."""
    correct = [guess in labels for labels, guess in zip(truth, predicted, strict=True)]
    support = Counter(label for labels in truth for label in labels)
    guessed = Counter(predicted)
    hits = Counter(guess for guess, hit in zip(predicted, correct, strict=True) if hit)
    scores = {
        label: _label_scores(hits[label], guessed[label], support[label])
        for label in sorted(support | guessed)
    }
    return ClassificationResult(
        accuracy=sum(correct) / len(correct),
        macro_f1=sum(s.f1 for s in scores.values()) / len(scores),
        examples=len(predicted),
        labels=scores,
    )


def eval_json(results: Mapping[str, ClassificationResult]) -> dict[str, Any]:
    """The results by fold as `eval.json` has them, with `FOLD_accuracy` first."""
    accuracies = {f"{fold}_accuracy": result.accuracy for fold, result in results.items()}
    return accuracies | {fold: asdict(result) for fold, result in results.items()}


def _label_scores(hits: int, guessed: int, support: int) -> LabelScores:
    precision = hits / guessed if guessed else 0.0
    recall = hits / support if support else 0.0
    both = precision + recall
    return LabelScores(precision, recall, 2 * precision * recall / both if both else 0.0, support)
