"""What becomes of digits in a text: kept, spelled, mapped or dropped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from nlp_engine.languages import Language

DIGITS = ("keep", "spell", "map", "drop")
"""keep; spell: each as a word; map: each becomes 0; drop: each becomes a space."""

_DIGIT = re.compile(r"\d")  # decimal digits of every script


def digit_words(language: Language, rule: str) -> tuple[str, ...] | None:
    """What replaces each of the ten digits; None if they are kept.

    `spell` drops the digits of a language whose digit words are unknown.
    """
    if rule == "keep":
        return None
    if rule == "map":
        return ("0",) * 10
    if rule == "spell" and language.digit_words:
        return tuple(f" {word} " for word in language.digit_words)
    return (" ",) * 10


def digit_rule(language: Language, rule: str) -> Callable[[str], str]:
    """A function that applies one of `DIGITS` to a text."""
    words = digit_words(language, rule)
    if words is None:
        return lambda text: text
    return lambda text: _DIGIT.sub(lambda digit: words[unicodedata.decimal(digit.group())], text)
