"""Wikitext to clean text with link spans.

The compiled scanner does it in one pass; here it gets its rules for a wiki, and its answer for a
single page becomes objects. What it does with which markup is told in the tests' reference.
"""

from __future__ import annotations

import functools
import html.entities
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from nlp_engine.native.wikitext import DISAMBIGUATION, Scanner, Strings
from nlp_engine.wiki.tables import inline_templates, wiki_facts
from nlp_engine.wiki.titles import Site

_WITH_VARIANTS = frozenset("crh gan iu kk ku shi sr tg tly uz wuu zh".split())
"""Languages whose wikis choose between scripts by `-{…}-`."""

_ENTITIES = {
    name.removesuffix(";"): text for name, text in html.entities.html5.items() if name.endswith(";")
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link in clean text: `text[start:end]` is the anchor."""

    start: int
    end: int
    target: str


@dataclass(frozen=True, slots=True)
class OutsideLink:
    """A link whose anchor is not part of the clean text: it stands in a caption or table."""

    anchor: str
    target: str


@dataclass(frozen=True, slots=True)
class ParsedText:
    """An article's clean text (one paragraph per line), its links in order, its categories."""

    text: str
    links: Sequence[Link]
    outside_links: Sequence[OutsideLink]
    categories: Sequence[str]
    disambiguation: bool


@functools.lru_cache(maxsize=16)
def make_scanner(site: Site, *, captions: bool = False, tables: bool = False) -> Scanner:
    """The scanner for a wiki.

    Args:
        site: The wiki.
        captions: Keep the text of image captions.
        tables: Keep the text of tables.
    """
    code = site.language.code
    facts, templates = wiki_facts(code), inline_templates(code)
    families = {f"{beginning}*": pattern for beginning, pattern in templates.beginnings.items()}
    return Scanner(
        prefixes=site.prefixes,
        link_trail=facts.link_trail,
        templates={**templates.exact, **families},
        disambiguation=facts.disambiguation,
        entities=_ENTITIES,
        first_letter=site.first_letter,
        variants=code.partition("-")[0] in _WITH_VARIANTS,
        captions=captions,
        tables=tables,
    )


def parse(wikitext: str, site: Site, *, captions: bool = False, tables: bool = False) -> ParsedText:
    """Turn wikitext into clean text with link spans.

    Templates are dropped but for those whose value belongs to the sentence (`templates.toml`), as
    are references, formulas, galleries, comments and bare addresses; headings and list items
    become paragraphs. An opener without its closer is text. Time is linear in the input's length.

    Args:
        wikitext: A page's source.
        site: The wiki it comes from.
        captions: Keep the text of image captions, each as a paragraph.
        tables: Keep the text of tables, each row as a paragraph.

    Returns:
        Text, links to articles with character offsets into the text, and category titles.
    """
    page = make_scanner(site, captions=captions, tables=tables).extract_wikitext(wikitext)
    (text,) = _texts(page.texts)
    places = zip(
        page.link_starts.tolist(), page.link_ends.tolist(), _texts(page.link_targets), strict=True
    )
    outside = zip(_texts(page.outside_anchors), _texts(page.outside_targets), strict=True)
    return ParsedText(
        text,
        [Link(start, end, target) for start, end, target in places],
        [OutsideLink(anchor, target) for anchor, target in outside],
        _texts(page.categories),
        bool(page.kinds[0] == DISAMBIGUATION),
    )


def _texts(strings: Strings) -> list[str]:
    data, offsets = strings.data.tobytes(), strings.offsets.tolist()
    return [data[a:b].decode() for a, b in itertools.pairwise(offsets)]
