"""A picture of how good a classifier is by the number of its training examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nlp_engine.classification.evaluation.result import LearningPoint
from nlp_engine.errors import require
from nlp_engine.reports.drawing import COLOURS, plain_axes, svg_of

_SIZE, _PLACE = (4.6, 3.5), (0.14, 0.15, 0.8, 0.75)


def learning_curve_svg(points: Sequence[LearningPoint]) -> str:
    """An SVG picture of accuracy and macro F1 by training examples, these on a log scale.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figure: Any = require("matplotlib.figure", "reports").Figure(figsize=_SIZE)
    axes = plain_axes(figure, _PLACE, xscale="log")
    examples = [point.examples for point in points]
    accuracy, f1 = [point.accuracy for point in points], [point.macro_f1 for point in points]
    axes.plot(examples, accuracy, "o-", color=COLOURS[0], markersize=4)
    axes.plot(examples, f1, "o--", color=COLOURS[1], markersize=4)
    axes.set_title("accuracy", color=COLOURS[0], loc="left", fontsize=10)
    axes.set_title("macro F1", color=COLOURS[1], loc="right", fontsize=10)
    axes.set_ylim(top=min(1.01, axes.get_ylim()[1]))
    axes.set_xticks(examples, [f"{count:,}" for count in examples], fontsize=9)
    axes.set_xticks([], minor=True)
    axes.set_xlabel("training examples")
    return svg_of(figure)
