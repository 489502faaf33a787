"""The worst mistakes: wrong labels that the model is most sure of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlp_engine.classification.evaluation.examples import LabelledExamples
from nlp_engine.classification.evaluation.predictions import Predictions
from nlp_engine.classification.evaluation.truth import Truth

_SHOWN = 20
_SHOWN_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Mistake:
    """An example whose most probable label is wrong.

    Attributes:
        line: Where it stands in the file.
        labels: Its true labels.
        true_probability: The probability of the most probable of these; 0 if the model knows none.
        predicted: The most probable label.
        probability: Its probability.
        text: The first 300 characters of the text.
    """

    line: int
    labels: Sequence[str]
    true_probability: float
    predicted: str
    probability: float
    text: str


def worst_mistakes(
    examples: LabelledExamples, truth: Truth, predictions: Predictions
) -> list[Mistake]:
    """The mistakes with the most probable wrong labels, at most 20, the worst first."""
    (wrong,) = np.nonzero(~predictions.right(truth))
    worst = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")[:_SHOWN]]
    mistakes = []
    for example in worst.tolist():
        pairs = slice(*np.searchsorted(truth.rows, (example, example + 1)))
        mistakes.append(
            Mistake(
                line=examples.lines[example],
                labels=[truth.names[column] for column in truth.columns[pairs]],
                true_probability=float(predictions.true[pairs].max()),
                predicted=truth.names[predictions.top[example, 0]],
                probability=float(predictions.confidence[example]),
                text=_shortened(examples.texts[example]),
            )
        )
    return mistakes


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS].rstrip() + " …"
