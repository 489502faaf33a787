"""How good a classifier in training is, by the scores that `evaluate` gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.evaluation import read_examples
from nlp_engine.classification.evaluation.predictions import Predictions
from nlp_engine.classification.evaluation.scores import (
    label_scores,
    macro_average,
    micro_average,
)
from nlp_engine.classification.evaluation.truth import Truth
from nlp_engine.classification.tuning.settings import TuningSettings
from nlp_engine.errors import SettingError
from nlp_engine.native.classifier import Examples

_BRIER_WEIGHT = 0.3


class Judgement(NamedTuple):
    """How good a model is on held-out examples.

    Attributes:
        metric: What is wanted, 0 to 1.
        score: What decides between settings: `metric - 0.3 * Brier score`. With few examples many
            settings share a metric, or have it by luck; the mean squared error of the probabilities
            (Brier, 1950) tells them apart with less noise.
    """

    metric: float
    score: float


class Objective:
    """A metric on held-out examples.

    Args:
        path: Their labelled file.
        names: Names of labels by label word; the model's L labels stand first.
        labels: L.
        chosen: Says which metric.

    Raises:
        InputError: The file cannot be read, or no line has a label.
        SettingError: The metric is of a label that does not exist.
    """

    def __init__(
        self, path: Path, names: Mapping[str, str], labels: int, chosen: TuningSettings
    ) -> None:
        known = list(names.values())[:labels]
        if chosen.label is not None and chosen.label not in known:
            raise SettingError(
                f"metric is {chosen.metric!r}, but there is no such label; labels are "
                f"{', '.join(known[:5])}{', …' if len(known) > 5 else ''}"
            )
        held_out = read_examples(path)
        words = [[names.get(word, word) for word in labels] for labels in held_out.labels]
        self._truth = Truth.of(words, known)
        self._chosen = chosen

    def judge(self, examples: Examples, parts: Iterable[NDArray[np.float32]]) -> Judgement:
        """Judge a model.

        Args:
            examples: The held-out ones as the model reads them.
            parts: float32 (n, L), their probabilities in parts.
        """
        has_label = (np.diff(examples.label_offsets) > 0) | (examples.unknown_labels > 0)
        squares = 0.0
        begin = 0

        def labelled() -> Iterator[NDArray[np.float32]]:
            nonlocal begin, squares
            for part in parts:
                rows = part[has_label[begin : begin + len(part)]]
                begin += len(part)
                squares += float(np.vdot(rows, rows))
                yield rows

        predictions = Predictions.of(self._truth, labelled(), top=1, keep_table=False)
        known = int((self._truth.columns < self._truth.known).sum())
        brier = (squares - 2 * float(predictions.true.sum()) + known) / self._truth.examples
        metric = self._metric(predictions)
        return Judgement(metric, metric - _BRIER_WEIGHT * brier)

    def _metric(self, predictions: Predictions) -> float:
        if self._chosen.metric == "accuracy":
            return float(predictions.right(self._truth).mean())
        scores = label_scores(self._truth, predictions)
        if self._chosen.label is not None:
            of_label = scores.get(self._chosen.label)
            return of_label.f1 if of_label else 0.0
        average = macro_average if self._chosen.metric == "macro_f1" else micro_average
        return average(scores).f1
