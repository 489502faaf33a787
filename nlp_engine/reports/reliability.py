"""A picture of calibration: accuracy by confidence, and how many examples have which."""

from __future__ import annotations

from typing import Any

from nlp_engine.classification.evaluation.calibration import Calibration
from nlp_engine.errors import require
from nlp_engine.reports.drawing import COLOURS, SOFT, plain_axes, svg_of

_SIZE = (4.6, 4.2)
_LEFT, _WIDTH = 0.16, 0.81


def reliability_svg(calibration: Calibration) -> str:
    """An SVG picture of the accuracy in each bin of confidence, above a histogram of these.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figure: Any = require("matplotlib.figure", "reports").Figure(figsize=_SIZE)
    above = plain_axes(figure, (_LEFT, 0.41, _WIDTH, 0.56), xlim=(0, 1), ylim=(0, 1.01))
    below = plain_axes(figure, (_LEFT, 0.13, _WIDTH, 0.2), xlim=(0, 1))
    bins = [its for its in calibration.bins if its.examples]
    lows, widths = [its.low for its in bins], [its.high - its.low for its in bins]
    style = {"align": "edge", "edgecolor": "white", "linewidth": 1}
    above.bar(lows, [its.accuracy for its in bins], widths, color=COLOURS[0], **style)
    above.plot((0, 1), (0, 1), color=SOFT, linewidth=1, linestyle=":")
    above.plot(
        [its.confidence for its in bins],
        [its.accuracy for its in bins],
        "o",
        color=COLOURS[1],
        markersize=4,
    )
    above.set_ylabel("accuracy")
    examples = sum(its.examples for its in bins)
    below.bar(lows, [its.examples / examples for its in bins], widths, color=SOFT, **style)
    below.set_ylabel("share")
    below.yaxis.set_major_formatter(require("matplotlib.ticker", "reports").PercentFormatter(1))
    below.set_xlabel("probability of the most probable label")
    return svg_of(figure)
