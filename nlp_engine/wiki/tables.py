"""Facts about the wikis of each language: `sites.toml` and `templates.toml` beside this module."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from nlp_engine.files import read_toml

_EVERYWHERE = "*"
_DEFAULT_LINK_TRAIL = "a-z"


@dataclass(frozen=True, kw_only=True)
class WikiFacts:
    """What is known about the wikis of one language, beside what a dump's `<siteinfo>` says.

    All names are in lower case with spaces, as `str.lower` makes them.

    Attributes:
        file: Names of the file and media namespaces.
        category: Names of the category namespace.
        disambiguation: Templates that mark a disambiguation page.
        link_trail: Letters that MediaWiki joins to a link before them, as the body of a regex
            class; "" where it joins none.
        list_title: Regular expression of titles of lists in lower case; "" where it is not known.
        people: Regular expression of categories of people in lower case; likewise.
    """

    file: frozenset[str]
    category: frozenset[str]
    disambiguation: frozenset[str]
    link_trail: str
    list_title: str
    people: str


@dataclass(frozen=True, kw_only=True)
class Prefixes:
    """Prefixes of titles that lead away from the articles of any wiki.

    Attributes:
        interwiki: Other projects (`commons`, `wikt`, ...).
        language_codes: Wikipedias in other languages.
        other_namespaces: MediaWiki's own names of namespaces other than file and category.
    """

    interwiki: frozenset[str]
    language_codes: frozenset[str]
    other_namespaces: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class InlineTemplates:
    """Templates whose value belongs to the sentence, with the pattern of what they print.

    Attributes:
        exact: Pattern by name; the name of a parser function ends with a colon.
        beginnings: Pattern by the beginning of a name, longest beginning first.
    """

    exact: Mapping[str, str]
    beginnings: Mapping[str, str]

    def pattern(self, name: str) -> str | None:
        """The pattern of a template, or None for one that is to be dropped.

        Args:
            name: The template's name in lower case with spaces.
        """
        if name in self.exact:
            return self.exact[name]
        return next((p for start, p in self.beginnings.items() if name.startswith(start)), None)


@functools.cache
def wiki_facts(language: str) -> WikiFacts:
    """The facts about a language's wikis; what holds everywhere for a code that is not known.

    Args:
        language: A Wikipedia's code (`no`, `als`) or MediaWiki's for the same language (`nb`,
            `gsw`).
    """
    rows = [_table("sites").get(code, {}) for code in _fallbacks(language)]

    def names(key: str) -> frozenset[str]:
        return frozenset(name for row in rows for name in row.get(key, ()))

    def first(key: str, default: str) -> str:
        return next((row[key] for row in rows if key in row), default)

    return WikiFacts(
        file=names("file"),
        category=names("category"),
        disambiguation=names("disambiguation"),
        link_trail=first("link_trail", _DEFAULT_LINK_TRAIL),
        list_title=first("list_title", ""),
        people=first("people", ""),
    )


@functools.cache
def prefixes() -> Prefixes:
    """The prefixes that mean the same on every wiki."""
    row = _table("sites")[_EVERYWHERE]
    return Prefixes(
        interwiki=frozenset(row["interwiki"]),
        language_codes=frozenset(row["language_codes"]),
        other_namespaces=frozenset(row["other_namespaces"]),
    )


@functools.cache
def inline_templates(language: str) -> InlineTemplates:
    """The inline templates of a language's wikis; a nearer table replaces a farther one's pattern.

    Args:
        language: As for `wiki_facts`.
    """
    merged: dict[str, str] = {}
    for code in reversed(list(_fallbacks(language))):
        merged |= _table("templates").get(code, {})
    exact = {name: pattern for name, pattern in merged.items() if not name.endswith("*")}
    beginnings = {name[:-1]: merged[name] for name in merged.keys() - exact.keys()}
    return InlineTemplates(
        exact=MappingProxyType(exact),
        beginnings=MappingProxyType(
            dict(sorted(beginnings.items(), key=lambda item: (-len(item[0]), item[0])))
        ),
    )


def _fallbacks(language: str) -> Iterator[str]:
    """The rows that hold for a language, nearest first."""
    code: str | None = language
    while code is not None:
        yield code
        code = _table("sites").get(code, {}).get("fallback")
    yield _EVERYWHERE


@functools.cache
def _table(name: str) -> dict[str, Any]:
    source = importlib.resources.files("nlp_engine.wiki") / f"{name}.toml"
    with importlib.resources.as_file(source) as path:
        return read_toml(path)
