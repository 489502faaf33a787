"""Labels and probabilities to score, and a classifier that says what it is told."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluation.predictions import Predictions
from nlp_engine.classification.evaluation.truth import Truth

LABELS = ["a", "b", "c", "d"]
UNKNOWN = "x"
Examples = list[tuple[list[str], list[float]]]
"""True labels and the probabilities of `LABELS`, of few values so that there are ties."""


def examples(*, several: bool, unknown: bool = False) -> st.SearchStrategy[Examples]:
    names = st.sampled_from(LABELS + [UNKNOWN] * unknown)
    labels = st.lists(names, min_size=1, max_size=3 if several else 1, unique=True)
    probability = st.integers(0, 8).map(lambda eighths: eighths / 8)
    probabilities = st.lists(probability, min_size=len(LABELS), max_size=len(LABELS))
    return st.lists(st.tuples(labels, probabilities), min_size=1, max_size=40)


def arrays(given: Examples, top: int = 4, part: int = 7) -> tuple[Truth, Predictions]:
    """What scores are made from, gathered in parts of 7 examples."""
    table = probabilities(given)
    truth = Truth.of([labels for labels, _ in given], LABELS)
    parts = [table[start : start + part] for start in range(0, len(table), part)]
    return truth, Predictions.of(truth, parts, top=top, keep_table=True)


def probabilities(given: Examples) -> NDArray[np.float32]:
    return np.array([row for _, row in given], np.float32)


def indicator(given: Examples) -> NDArray[np.int64]:
    """Ones where a label is true."""
    return np.array([[int(name in labels) for name in LABELS] for labels, _ in given])


class Told:
    """A classifier whose texts begin with the probabilities of its labels."""

    def __init__(self, *labels: str) -> None:
        self.label_names = list(labels)
        self.labels = {f"__label__{label.replace(' ', '_')}": label for label in labels}
        self.manifest = None

    def probabilities(self, texts: list[str]) -> NDArray[np.float32]:
        width = len(self.label_names)
        rows = [
            [float(word) for word in text.split()[:width]] or [1 / width] * width for text in texts
        ]
        return np.array(rows, np.float32)


def told(*labels: str) -> Classifier:
    return cast(Classifier, cast(Any, Told(*labels)))
