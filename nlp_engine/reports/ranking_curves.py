"""Pictures of ROC and precision-recall curves, and of costs by threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nlp_engine.classification.evaluation.costs import LabelCosts
from nlp_engine.classification.evaluation.curves import Curve, Points
from nlp_engine.errors import require
from nlp_engine.reports.drawing import SOFT, plain_axes, svg_of

_SIZE, _PLACE = (4.6, 3.5), (0.14, 0.15, 0.83, 0.81)


def roc_svg(curves: Sequence[tuple[str, Curve]]) -> str:
    """An SVG picture of ROC curves in their colours; the dotted line is guessing.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figure, axes = _picture("false positive rate", "true positive rate")
    axes.plot((0, 1), (0, 1), color=SOFT, linewidth=1, linestyle=":")
    for colour, curve in curves:
        _line(axes, curve.roc, color=colour)
    return svg_of(figure)


def precision_recall_svg(curves: Sequence[tuple[str, Curve]]) -> str:
    """An SVG picture of precision-recall curves in their colours.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figure, axes = _picture("recall", "precision")
    for colour, curve in curves:
        _line(axes, curve.precision_recall, color=colour, drawstyle="steps-pre")
    return svg_of(figure)


def costs_svg(costs: Sequence[tuple[str, LabelCosts]]) -> str:
    """An SVG picture of costs by threshold in their colours; a dot is the least, a dotted line 0.5.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figure, axes = _picture("threshold", "cost")
    axes.axvline(0.5, color=SOFT, linewidth=1, linestyle=":")
    for colour, its in costs:
        _line(axes, its.curve, color=colour)
        least = 1 if its.threshold is None else its.threshold
        axes.plot([least], [its.cost], "o", color=colour, markersize=6, clip_on=False)
    # Giving a label to all texts may cost many times as much as anything one would do.
    highest = max(cost for _, its in costs for _, cost in its.curve)
    sensible = 2 * max(max(its.cost, its.cost_at_half) for _, its in costs)
    axes.set_ylim(0, min(highest, sensible) * 1.05 or 1)
    return svg_of(figure)


def _picture(horizontal: str, vertical: str) -> tuple[Any, Any]:
    figure: Any = require("matplotlib.figure", "reports").Figure(figsize=_SIZE)
    axes = plain_axes(figure, _PLACE, xlim=(0, 1), ylim=(0, 1.01))
    axes.set_xlabel(horizontal)
    axes.set_ylabel(vertical)
    return figure, axes


def _line(axes: Any, points: Points, **options: Any) -> None:
    axes.plot(*zip(*points, strict=True), linewidth=1.6, **options)
