"""Files of word pairs and of analogies, in the forms that they come in.

Word pairs are a line each: two words, then perhaps other columns, and the first number after the
words is the score. Columns are separated by tabs, semicolons, commas, colons or white space; a
header is passed over, and so are comments (`#`, `//`). Words may carry their part of speech, as
MEN's lemmas do (`sun-n`).

Analogies are four words a line, in sections that begin with a line such as `: family` (Google's
`questions-words.txt`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.corpus.sources import read_lines
from nlp_engine.errors import InputError

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
_PART_OF_SPEECH = re.compile(r"[^-]+-[nvja]")
_DELIMITERS = ("\t", ";", ",", ":", None)  # None is any white space
_NO_SECTION = "questions"

Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Layout:
    """What separates columns, and which of them has the score."""

    delimiter: str | None
    score: int


@dataclass(frozen=True, slots=True)
class WordPair:
    """Two words and how alike people find them; the scale is the set's own."""

    first: str
    second: str
    score: float


@dataclass(frozen=True, slots=True)
class WordPairs:
    """A set of word pairs."""

    pairs: Sequence[WordPair]


@dataclass(frozen=True, slots=True)
class Analogies:
    """Questions by section: four words each, of which the last is asked for."""

    sections: Mapping[str, Sequence[tuple[str, str, str, str]]]


def read_set(path: Path) -> WordPairs | Analogies:
    """Read an evaluation set, plain or compressed; its content says of which kind it is.

    Raises:
        InputError: The file is missing, empty or of neither kind, or a line is damaged.
    """
    lines = list(_content(path))
    if not lines:
        raise InputError(f"{path} has no word pairs and no analogies")
    for _, text in lines[1::-1]:  # the first may be a header
        if layout := _layout(text):
            return _word_pairs(path, lines, layout)
    number, text = lines[0]
    if text.startswith(":") or len(text.split()) == 4:
        return _analogies(path, lines)
    raise InputError(
        f"{path}, line {number}: expected two words and a score, or four words of an analogy, "
        f"found {_shortened(text)}"
    )


def _content(path: Path) -> Iterator[Line]:
    """The numbered lines that say something."""
    for number, line in enumerate(read_lines(path), 1):
        text = unicodedata.normalize("NFC", line).strip()
        if text and not text.startswith(("#", "//")):
            yield number, text


def _layout(text: str) -> _Layout | None:
    """How a line holds two words and a score, if it does."""
    for delimiter in _DELIMITERS:
        numeric = [bool(_NUMBER.fullmatch(column)) for column in _columns(text, delimiter)]
        if True in numeric[2:] and not any(numeric[:2]):
            return _Layout(delimiter, numeric.index(True))
    return None


def _columns(text: str, delimiter: str | None) -> list[str]:
    return [column.strip().strip('"') for column in text.split(delimiter)]


def _word_pairs(path: Path, lines: Sequence[Line], layout: _Layout) -> WordPairs:
    pairs = []
    for number, text in lines:
        columns = _columns(text, layout.delimiter)
        score = columns[layout.score] if len(columns) > layout.score else None
        if score and _NUMBER.fullmatch(score) and columns[0] and columns[1]:
            pairs.append(WordPair(columns[0], columns[1], float(score.replace(",", "."))))
        elif not score or number != lines[0][0]:  # else it is a header
            raise InputError(
                f"{path}, line {number}: expected two words and a score, found {_shortened(text)}"
            )
    if all(_PART_OF_SPEECH.fullmatch(w) for pair in pairs for w in (pair.first, pair.second)):
        pairs = [WordPair(pair.first[:-2], pair.second[:-2], pair.score) for pair in pairs]
    return WordPairs(pairs)


def _analogies(path: Path, lines: Sequence[Line]) -> Analogies:
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    section = _NO_SECTION
    for number, text in lines:
        if text.startswith(":"):
            section = text[1:].strip() or _NO_SECTION
            continue
        words = text.split()
        if len(words) != 4:
            raise InputError(
                f"{path}, line {number}: expected the four words of an analogy, "
                f"found {_shortened(text)}"
            )
        sections.setdefault(section, []).append((words[0], words[1], words[2], words[3]))
    if not sections:
        raise InputError(f"{path} has sections of analogies, but no analogies")
    return Analogies(sections)


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")
