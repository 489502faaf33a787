"""A fast sentence splitter: per-language terminators and abbreviations, no model."""

from __future__ import annotations

import re
from functools import lru_cache

import regex

from nlp_engine.languages import Language

_CLOSERS = r"\"'”’»)\]」』"
_FULL_WIDTH = "。！？"
_LAST_WORD = regex.compile(r"[\p{L}\p{M}\p{N}.°&]+$")  # "27 °C." and "AT&T." end with no initial
_NUMBER_DIGITS = 2  # an ordinal has no more: "am 3. Mai", but "im Jahr 1990. Dann"
_WORD_REACH = 24  # how far back an abbreviation may begin; keeps hostile input linear


@lru_cache(maxsize=32)
def _boundary(sentence_ends: str) -> re.Pattern[str]:
    ends = re.escape(sentence_ends)
    # The expression begins with one set of characters, and says afterwards which of them it was:
    # only so does `re` skip over the text between at the speed of a scan.
    return re.compile(
        rf"[\n{_FULL_WIDTH}{ends}](?:"
        r"(?<=\n)\s*+"
        # Chinese and Japanese write no space after a sentence; elsewhere one must follow.
        rf"|(?<=[{_FULL_WIDTH}])[{_FULL_WIDTH}]*+[{_CLOSERS}]*+\s*+"
        rf"|(?<=[{ends}])(?<![{ends}][{ends}])[{ends}]*+[{_CLOSERS}]*+[^\S\n]++"
        r")"
    )


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
    longest = language.longest_abbreviation
    for match in _boundary(language.sentence_ends).finditer(text):
        stop, end = match.span()
        first = text[stop]
        # The next sentence does not begin with a lower-case letter ("Yahoo! is", "approx. five").
        if text[end : end + 1].islower() and first not in "\n。！？":
            continue
        if first == ".":
            word = text[max(start, stop - _WORD_REACH) : stop].rpartition(" ")[2]
            may_go_on = len(word) <= longest or not word.isalpha()
            if may_go_on and _goes_on(word, text[end : end + 1], language):
                continue
        sentence = text[start:end].strip()
        if sentence:
            sentences.append(sentence)
        start = end
    rest = text[start:].strip()
    if rest:
        sentences.append(rest)
    return sentences


def _goes_on(word: str, next_character: str, language: Language) -> bool:
    """Whether the full stop belongs to the abbreviation, initial or ordinal before it."""
    match = _LAST_WORD.search(word)
    word = match.group() if match else ""
    lower = word.lower()
    return (
        lower in language.abbreviations
        or (len(word) == 1 and word.isupper())
        or (next_character.isdigit() and lower in language.number_abbreviations)
        or (language.ordinal_dot and len(word) <= _NUMBER_DIGITS and word.isdigit())
    )
