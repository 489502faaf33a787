"""Wikitext to clean text with link spans: blocks of a dump in, columns of pages out."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native import _native  # type: ignore[attr-defined]

ARTICLE, REDIRECT, DISAMBIGUATION = range(3)
"""Values of `Extraction.kinds`."""
NO_TITLE_OR_ID, INVALID_UTF8 = 1, 2
"""Values of `Extraction.problem`."""
LINK_KINDS = ("article", "category", "file", "language", "other")
"""What a link's prefix can make of it."""


class Strings(NamedTuple):
    """N strings of UTF-8 as Arrow lays them out.

    String i is `data[offsets[i]:offsets[i + 1]]`; data is uint8, offsets int32 (N + 1).
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Extraction:
    """The P article-namespace pages of a block, as columns.

    A list column of page p is entries `offsets[p]` to `offsets[p + 1]` of the columns it offsets.

    Attributes:
        ids: int64 (P), page ids.
        kinds: uint8 (P), `ARTICLE`, `REDIRECT` or `DISAMBIGUATION`.
        titles: (P), page titles.
        redirects: (P), targets of redirects; empty for other pages.
        texts: (P), clean text.
        link_offsets: int32 (P + 1), lists of links.
        link_starts: int32 (L), in code points of the page's text.
        link_ends: int32 (L), likewise, after the last code point.
        link_targets: (L), titles.
        outside_offsets: int32 (P + 1), lists of links in captions and tables that are left out.
        outside_anchors: (M), their anchors.
        outside_targets: (M), their targets.
        category_offsets: int32 (P + 1), lists of categories.
        categories: (C), category titles without the namespace.
        characters: Code points in all texts.
        other_pages: Pages of other namespaces in the block.
        consumed: Bytes of the block up to the end of its last complete page.
        problem: 0, `NO_TITLE_OR_ID` or `INVALID_UTF8`.
        bad_page: Number (from 1) of the block's page that has the problem, else 0.
    """

    ids: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    titles: Strings
    redirects: Strings
    texts: Strings
    link_offsets: NDArray[np.int32]
    link_starts: NDArray[np.int32]
    link_ends: NDArray[np.int32]
    link_targets: Strings
    outside_offsets: NDArray[np.int32]
    outside_anchors: Strings
    outside_targets: Strings
    category_offsets: NDArray[np.int32]
    categories: Strings
    characters: int
    other_pages: int
    consumed: int
    problem: int
    bad_page: int


class Scanner:
    """Extracts pages by the rules of one wiki; may be used from several threads at once.

    Args:
        prefixes: One of `LINK_KINDS` by lower-case prefix of link targets (`category`, `fr`).
        link_trail: Letters that join a link before them, as a regex class body.
        templates: Patterns of inline templates by lower-case name, as in `templates.toml`.
        disambiguation: Lower-case names of templates that mark disambiguation pages.
        entities: Characters by HTML entity name, without `&` and `;`.
        first_letter: Whether titles begin with a capital.
        variants: Whether `-{…}-` chooses between scripts.
        captions: Keep the text of image captions.
        tables: Keep the text of tables.

    Raises:
        ValueError: A pattern is none.
    """

    def __init__(
        self,
        *,
        prefixes: Mapping[str, str],
        link_trail: str,
        templates: Mapping[str, str],
        disambiguation: Iterable[str],
        entities: Mapping[str, str],
        first_letter: bool,
        variants: bool,
        captions: bool,
        tables: bool,
    ) -> None:
        self._rules = _native.site_rules(
            lower=_case_table(str.lower),
            upper=_case_table(str.upper),
            trail=_letters(link_trail),
            prefixes={name: LINK_KINDS.index(kind) for name, kind in prefixes.items()},
            templates=dict(templates),
            disambiguation=list(disambiguation),
            entities=dict(entities),
            first_letter=first_letter,
            variants=variants,
            captions=captions,
            tables=tables,
        )

    def extract(self, xml: bytes) -> Extraction:
        """The complete pages in a block of a MediaWiki XML export, up to one with a problem."""
        return _extraction(_native.extract(np.frombuffer(xml, np.uint8), self._rules))

    def extract_wikitext(self, wikitext: str) -> Extraction:
        """One page's wikitext; the columns for id and title are empty."""
        text = wikitext.encode("utf-8", "replace").decode()  # no lone surrogates
        return _extraction(_native.extract_wikitext(text, self._rules))


def _extraction(columns: dict[str, Any]) -> Extraction:
    for name, value in columns.items():
        if isinstance(value, tuple):
            columns[name] = Strings(*value)
    return Extraction(**columns)


_CODES = 0x10000  # of the basic multilingual plane
_CASED = (range(0x3000), range(0xA600, 0xAC00), range(0xFB00, 0xFF60))  # no letter elsewhere is


@functools.cache
def _case_table(convert: Callable[[str], str]) -> NDArray[np.uint16]:
    """uint16 (65,536), case mappings; characters that become several stay as they are."""
    table = np.arange(_CODES, dtype=np.uint16)
    for code in itertools.chain(*_CASED):
        new = convert(chr(code))
        if len(new) == 1 and ord(new) < _CODES:
            table[code] = ord(new)
    return table


@functools.lru_cache(maxsize=32)
def _letters(body: str) -> NDArray[np.uint8]:
    """uint8 (65,536), 1 for the characters of a regex class."""
    table = np.zeros(_CODES, np.uint8)
    if body:
        every_character = "".join(map(chr, range(_CODES)))
        table[[ord(c) for c in re.findall(f"[{body}]", every_character)]] = 1
    return table
