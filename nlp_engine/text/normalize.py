"""Text as libraries of others can take it."""

from __future__ import annotations

import re
import unicodedata

_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # MeCab stops at the first, UTF-8 has no second


def normalize(text: str) -> str:
    """NFC-normalised text, with spaces for NUL characters and lone surrogates."""
    return _NO_TEXT.sub(" ", unicodedata.normalize("NFC", text))
