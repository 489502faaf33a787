"""What must hold for the wikitext scanner whatever bytes it is given."""

from __future__ import annotations

import functools
import itertools

from nlp_engine.native.wikitext import INVALID_UTF8, Extraction
from nlp_engine.wiki.titles import Site, make_site
from nlp_engine.wiki.wikitext import ParsedText, make_scanner, parse
from tests.wiki import reference

LANGUAGES = ("en", "fr", "zh", "de")


def check(data: bytes) -> None:
    """Check bytes: the first chooses the wiki and the options, the others are the input.

    Raises:
        AssertionError: A result is not as it must be, or differs from the reference's.
    """
    choice, source = (data[0], data[1:]) if data else (0, b"")
    site = _site(LANGUAGES[choice & 3], not choice & 4)
    captions, tables = bool(choice & 8), bool(choice & 16)
    wikitext = source.decode("utf-8", "replace")
    parsed = parse(wikitext, site, captions=captions, tables=tables)
    check_parsed(parsed)
    assert parsed == reference.parse(wikitext, site, captions=captions, tables=tables)
    scanner = make_scanner(site, captions=captions, tables=tables)
    for block in (
        source,
        b"<page><title>A</title><ns>0</ns><id>1</id><text>%b</text></page>" % source,
    ):
        check_extraction(scanner.extract(block), block)


@functools.cache
def _site(language: str, first_letter: bool) -> Site:
    return make_site(language, first_letter=first_letter)


def check_parsed(parsed: ParsedText) -> None:
    """Text is tidy, and links have valid, ascending, stripped anchors."""
    assert parsed.text == parsed.text.strip()
    assert "\n\n" not in parsed.text
    assert "  " not in parsed.text
    assert all(line == line.strip() for line in parsed.text.split("\n"))
    position = 0
    for link in parsed.links:
        assert position <= link.start < link.end <= len(parsed.text)
        anchor = parsed.text[link.start : link.end]
        assert anchor == anchor.strip()
        assert link.target == link.target.strip() != ""
        position = link.end
    for outside in parsed.outside_links:
        assert outside.anchor == outside.anchor.strip() != ""
        assert outside.target
    assert len(set(parsed.categories)) == len(parsed.categories)
    assert all(parsed.categories)


def check_extraction(found: Extraction, block: bytes) -> None:
    """The columns fit together, and all strings are UTF-8."""
    pages = len(found.ids)
    assert 0 <= found.consumed <= len(block)
    assert found.consumed == 0 or block[: found.consumed].endswith(b"</page>")
    columns = (found.titles, found.redirects, found.texts)
    assert [len(strings.offsets) for strings in columns] == [pages + 1] * 3
    lists = (
        (found.link_offsets, found.link_targets),
        (found.outside_offsets, found.outside_targets),
        (found.category_offsets, found.categories),
    )
    for offsets, strings in lists:
        assert len(offsets) == pages + 1
        assert offsets[0] == 0
        assert offsets[-1] == len(strings.offsets) - 1
    assert len(found.link_starts) == len(found.link_ends) == found.link_offsets[-1]
    every = (*columns, *(strings for _, strings in lists), found.outside_anchors)
    for strings in every:
        bounds = strings.offsets.tolist()
        content = strings.data.tobytes()
        assert bounds == sorted(bounds)
        assert bounds[-1] == len(content)
        for begin, end in itertools.pairwise(bounds):
            content[begin:end].decode()
    if found.problem == INVALID_UTF8:
        assert not _is_utf8(block)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
