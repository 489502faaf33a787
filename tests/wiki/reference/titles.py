"""Titles, and what links lead to."""

from __future__ import annotations

import html
import re
import urllib.parse
from collections.abc import Callable

from nlp_engine.wiki.titles import Site
from tests.wiki.reference.tidy import WHITE

CHARACTER_REFERENCE = re.compile(
    r"&(?:#[0-9]{1,37}|#x[0-9a-f]{1,36}|[0-9a-z]{1,39});", re.IGNORECASE | re.ASCII
)


def unescape(text: str) -> str:
    """With HTML's character references resolved, those that end with a semicolon."""

    def character(match: re.Match[str]) -> str:
        reference = match.group()
        if reference[1] == "#":
            # Where html.unescape leaves control characters and the like out, they are kept.
            number = int(reference[3:-1], 16) if reference[2] in "xX" else int(reference[2:-1])
            return html.unescape(reference) or chr(number)
        return html.entities.html5.get(reference[1:], reference)

    return CHARACTER_REFERENCE.sub(character, text)


def _bare(convert: Callable[[str], str], c: str) -> str:
    """A simple case mapping: to one character of the basic plane, or none."""
    new = convert(c)
    return new if len(new) == 1 and c < "\U00010000" > new else c


def lower_case(text: str) -> str:
    return "".join(_bare(str.lower, c) for c in text)


def squeeze(text: str) -> str:
    return re.sub(f"[{WHITE}_]+", " ", text).strip(" ")


PERCENT = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE | re.ASCII)


def percent_decoded(text: str) -> str:
    """As MediaWiki reads [[Caf%C3%A9]]; unchanged if that is no UTF-8."""
    if not PERCENT.search(text):
        return text
    try:
        return urllib.parse.unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


def link_target(raw: str, site: Site) -> tuple[str, str]:
    """What a link leads to, and its title.

    Args:
        raw: What stands before the | of a [[link]], or a redirect's target.
        site: The wiki.

    Returns:
        One of article, category, file, language or other; and for an article or a category the
        title as a dump has it.
    """
    title = squeeze(unescape(raw).partition("#")[0])
    plain = title.lstrip(" :")
    prefix, colon, rest = plain.partition(":")
    kind = site.prefixes.get(lower_case(prefix.strip(" ")), "article") if colon else "article"
    if kind == "category" and plain == title:
        plain = rest.strip(" ")
    elif kind != "article":
        return (kind if plain == title else "other"), ""
    if site.first_letter:
        plain = _bare(str.upper, plain[:1]) + plain[1:] if plain else ""
    return (kind if plain else "other"), plain
