"""A picture of which labels are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nlp_engine.classification.evaluation.confusion import Confusion
from nlp_engine.errors import require
from nlp_engine.reports.drawing import SOFT, svg_of, text_columns

MAX_LABELS = 30
_CELLS = ((5, 0.62), (12, 0.46), (MAX_LABELS, 0.29))  # up to so many labels, inches
_LETTER = 0.078  # inches of a letter of size 9
_FIRST_LETTERS, _LAST_LETTERS = 12, 9  # of longer labels
_DARK = 0.55  # the share from which numbers are white


def confusion_matrix_svg(confusion: Confusion, labels: Sequence[str]) -> str:
    """An SVG picture of the confusion matrix.

    Args:
        confusion: Examples by true and by predicted label.
        labels: The labels in the order of rows and columns, at most 30.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    counts = np.array([[confusion.get(row, {}).get(c, 0) for c in labels] for row in labels])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [_shortened(label) for label in labels]
    cell = next(size for number, size in _CELLS if len(labels) <= number)
    side, margin = cell * len(labels), _LETTER * max(map(text_columns, names)) + 0.45
    whole = margin + side + 0.1
    figure: Any = require("matplotlib.figure", "reports").Figure(figsize=(whole, whole))
    axes = figure.add_axes((margin / whole, 0.1 / whole, side / whole, side / whole))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.1, aspect="auto")
    for row, column in zip(*np.nonzero(counts), strict=True):
        axes.text(
            column,
            row,
            _count(counts[row, column]),
            ha="center",
            va="center",
            fontsize=17 * cell if cell > 0.4 else 6.5,
            color="white" if shares[row, column] > _DARK else "black",
        )
    places = range(len(labels))
    axes.set_xticks(places, names, rotation=90, fontsize=9, parse_math=False)
    axes.set_yticks(places, names, fontsize=9, parse_math=False)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.set_xticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("predicted", color=SOFT)
    axes.set_ylabel("true", color=SOFT)
    return svg_of(figure)


def _shortened(label: str) -> str:
    """On one line and without its middle: labels may differ at their ends."""
    label = " ".join(label.split())
    if len(label) <= _FIRST_LETTERS + _LAST_LETTERS + 1:
        return label
    return f"{label[:_FIRST_LETTERS]}…{label[-_LAST_LETTERS:]}"


def _count(count: int) -> str:
    return f"{count / 1000:.3g}k" if count >= 10_000 else str(count)
