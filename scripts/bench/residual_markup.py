"""Markup that is left in text: the same patterns for every extractor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

COLUMNS: Mapping[str, re.Pattern[str]] = {
    "quotes": re.compile(r"'{2,}"),
    "headings": re.compile(r"^[ \t]*={2,}[^=\n].*?={2,}[ \t]*$", re.MULTILINE),
    "brackets": re.compile(r"\[\[|\]\]|\{\{|\}\}|\{\||\|\}"),
    "pipes": re.compile(r"\|"),
    "thumb, px": re.compile(r"\bthumb(?:nail)?[ \t]*\||\|[ \t]*thumb|\b\d+px\b"),
    "Category:": re.compile(r"\bCategory:(?=\S)"),
    "File:, Image:": re.compile(r"\b(?:File|Image):(?=\S)"),
    "HTML tags": re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>|<!--"),
    "entities": re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);"),
    "URLs": re.compile(r"\b(?:https?|ftp)://"),
    "empty ()": re.compile(r"\([\s,;:]*\)"),
}
"""What is counted; on real text a few hits are prose (`&c;`, a program's `||`)."""


def count_residual(texts: Iterable[str]) -> dict[str, int]:
    """Hits by column over all texts."""
    counts = dict.fromkeys(COLUMNS, 0)
    for text in texts:
        for name, pattern in COLUMNS.items():
            counts[name] += len(pattern.findall(text))
    return counts


def marked_columns(line: str) -> list[str]:
    """The columns that a line counts in."""
    return [name for name, pattern in COLUMNS.items() if pattern.search(line)]
