"""Turning a matplotlib figure into SVG for a page."""

from __future__ import annotations

import io
import warnings
from typing import Any

from nlp_engine.errors import require


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
