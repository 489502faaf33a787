"""What the pictures of a page have in common."""

from __future__ import annotations

import io
import unicodedata
import warnings
from typing import Any

from nlp_engine.errors import require

COLOURS = ("#1b6ca8", "#b3541e", "#2e7d4f", "#8e3b8a", "#a3262a", "#5d6d1e", "#00707a", "#6a4c93")
INK, SOFT, LINE = "#1d2430", "#5b6675", "#d9dee5"
"""Colours of the page's style sheet."""


def plain_axes(figure: Any, place: tuple[float, float, float, float], **options: Any) -> Any:
    """Axes with a grid and without a frame."""
    axes = figure.add_axes(place, **options)
    axes.grid(color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def text_columns(text: str) -> int:
    """The width of a text, in Latin letters."""
    return sum(2 if is_wide(letter) else 1 for letter in text)


def is_wide(letter: str) -> bool:
    """Whether a letter of an East Asian script takes the place of two."""
    return unicodedata.east_asian_width(letter) == "W"


def svg_of(figure: Any) -> str:
    """The SVG element of a figure; the same figure always gives the same text.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    matplotlib = require("matplotlib", "reports")
    # Text stays text: small, searchable, in the page's own font.
    style = {"svg.fonttype": "none", "svg.hashsalt": "nlp_engine"}
    with matplotlib.rc_context(style), warnings.catch_warnings():
        # The browser has the letters that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :]
