"""A picture of how training went."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlp_engine.errors import FormatError, require
from nlp_engine.reports.drawing import COLOURS, plain_axes, svg_of

_LOSS_COLOUR, _RATE_COLOUR = COLOURS[:2]
_SIZE = (7.2, 2.8)  # inches


def loss_curve_svg(path: Path) -> str | None:
    """An SVG picture of loss and learning rate by words, or None if the file is absent.

    Args:
        path: A `training.json`: under `loss` rows of words done, loss and learning rate.

    Raises:
        FormatError: It is something else.
        MissingExtraError: matplotlib is not installed.
    """
    if not path.exists():
        return None
    try:
        rows = np.array(json.loads(path.read_text(encoding="utf-8"))["loss"], float).reshape(-1, 3)
    except (ValueError, TypeError, KeyError) as error:
        raise FormatError(f"{path} has no rows of words, loss and learning rate") from error
    return _draw(rows.tolist()) if len(rows) else None


def _draw(rows: Sequence[Sequence[float]]) -> str:
    words, losses, rates = zip(*rows, strict=True)
    figure: Any = require("matplotlib.figure", "reports").Figure(figsize=_SIZE)
    axes = plain_axes(figure, (0.09, 0.17, 0.81, 0.74))
    axes.plot(words, losses, color=_LOSS_COLOUR, linewidth=1.5)
    axes.set_xlabel("words")
    axes.set_title("loss", color=_LOSS_COLOUR, loc="left", fontsize=10)
    axes.xaxis.set_major_formatter(require("matplotlib.ticker", "reports").EngFormatter(sep=" "))
    right = axes.twinx()
    right.plot(words, rates, color=_RATE_COLOUR, linewidth=1, linestyle="--")
    right.set_ylim(bottom=0)
    right.set_title("learning rate", color=_RATE_COLOUR, loc="right", fontsize=10)
    right.spines[["top", "right"]].set_visible(False)
    return svg_of(figure)
