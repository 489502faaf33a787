"""What kind of page an article-namespace page is."""

from __future__ import annotations

import re
from enum import StrEnum

from nlp_engine.wiki.dump import Page


class PageKind(StrEnum):
    """Kinds of pages that extraction keeps."""

    ARTICLE = "article"
    REDIRECT = "redirect"
    DISAMBIGUATION = "disambiguation"


# Templates that mark a disambiguation page. Add a language's names here.
_DISAMBIGUATION_TEMPLATES = (
    "disambig",  # also disambiguation, geodis-style prefixes are listed below
    "dab",
    "disamb",
    "geodis",
    "hndis",
    "begriffsklärung",
    "homonymie",
    "desambiguación",
    "desambiguacion",
    "desambiguação",
    "desambig",
    "disambigua",
    "неоднозначность",
    "многозначност",
    "doorverwijs",
    "ujednoznacznienie",
    "aimai",
    "消歧义",
    "曖昧さ回避",
    "동음이의",
    "anlam ayrımı",
)
_DISAMBIGUATION = re.compile(
    r"\{\{\s*(?:template:)?(?:" + "|".join(map(re.escape, _DISAMBIGUATION_TEMPLATES)) + r")"
    r"[\w ]{0,20}\s*(?:\||\}\})",
    re.IGNORECASE,
)


def page_kind(page: Page) -> PageKind:
    """The kind of a page, by its `<redirect>` element and its templates, never by its title."""
    if page.redirect is not None:
        return PageKind.REDIRECT
    if _DISAMBIGUATION.search(page.wikitext):
        return PageKind.DISAMBIGUATION
    return PageKind.ARTICLE
