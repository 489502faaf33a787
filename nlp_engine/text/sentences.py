"""A fast sentence splitter: per-language terminators and abbreviations, no model."""

from __future__ import annotations

from functools import lru_cache

import regex

from nlp_engine.languages import Language

_CLOSERS = "\"'”’»)\\]」』"
_FULL_WIDTH = "。！？"


@lru_cache(maxsize=32)
def _boundary(sentence_ends: str) -> regex.Pattern[str]:
    ends = regex.escape(sentence_ends, special_only=False)
    # Chinese and Japanese write no space after a sentence; elsewhere one must follow, and the
    # next sentence may not begin with a lower-case letter ("Yahoo! is", "approx. five").
    return regex.compile(
        rf"[{_FULL_WIDTH}]+[{_CLOSERS}]*\s*"
        rf"|(?<![{ends}])[{ends}]++[{_CLOSERS}]*+\s++(?!\p{{Ll}})"
        r"|\n\s*"
    )


_LAST_WORD = regex.compile(r"[\p{L}\p{M}\p{N}.]+$")
_INITIAL = regex.compile(r"\p{Lu}")
_ORDINAL = regex.compile(r"\p{N}{1,2}")


def split_sentences(text: str, language: Language) -> list[str]:
    """Split text into sentences; a line break always ends one.

    Args:
        text: Plain text.
        language: Its language.

    Returns:
        The sentences, stripped, none empty, in order.
    """
    sentences = []
    start = 0
    for match in _boundary(language.sentence_ends).finditer(text):
        if match.group().startswith(".") and _goes_on(text, start, match, language):
            continue
        sentence = text[start : match.end()].strip()
        if sentence:
            sentences.append(sentence)
        start = match.end()
    rest = text[start:].strip()
    if rest:
        sentences.append(rest)
    return sentences


def _goes_on(text: str, start: int, match: regex.Match[str], language: Language) -> bool:
    """Whether the full stop belongs to an abbreviation, initial or ordinal before it."""
    word = _LAST_WORD.search(text, max(start, match.start() - 20), match.start())
    if word is None:
        return False
    letters = word.group()
    before_number = match.end() < len(text) and text[match.end()].isdigit()
    return (
        bool(_INITIAL.fullmatch(letters))
        or letters.lower() in language.abbreviations
        or (before_number and letters.lower() in language.number_abbreviations)
        or (language.ordinal_dot and bool(_ORDINAL.fullmatch(letters)))
    )
