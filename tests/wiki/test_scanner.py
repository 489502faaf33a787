"""The compiled scanner: what once went wrong with it, and that it agrees with its reference."""

from __future__ import annotations

import pytest

from nlp_engine.wiki.titles import Site, make_site
from nlp_engine.wiki.wikitext import parse

TEXTS = [
    # Control characters are white space, those too that the scanner uses as marks of its own.
    ("a\x01[[b]]\x02c", "a b c"),
    ("a\x02[[b]]\x01c ''d''", "a b c d"),
    # A tag's name ends with white space, / or >.
    ("write to <a.person@example.org>", "write to <a.person@example.org>"),
    ("<i-th> <s'> <b\n>x</b >", "<i-th> <s'> x"),
    ("[[::Category:Fruit]] [[" + ":" * 100_000 + "a|b]]", ":Category:Fruit b"),
    # Addresses go whole, and nothing else with them.
    ("see http://en.example.org/A_(b) or (http://x.org).", "see or ()."),
    ("网站http://example.org，这是 http://x.org。", "网站，这是。"),
    ("[http://example.org　标签]", "标签"),
    ("http:[[File:x.jpg|//y]] ''http:''//x", "http: http://x"),
    ("ahttp://x HTTP://x", "ahttp://x"),
    # The first argument of a parser function stands after its colon.
    ("{{formatnum:1234|R}} {{grammar:genitive|Rome}}", "1234 Rome"),
    # The odd bold mark may be one of four apostrophes: two of them are meant.
    ("l''''Iliade'' ", "l''Iliade"),
    ("l'''Iliade''", "l'Iliade"),
    ("__NOTOC__Text __БЕЗ_ОГЛ__ __TOC____NOTOC__", "Text"),
    ("Name: ______ __init__", "Name: ______ __init__"),
    # A number in third place is the precision; a minus sign is one character of three bytes.
    ("{{convert|2413|ft|0|abbr=on}} {{cvt|−5|to|−2|°C|0}}", "2413 ft −5 to −2 °C"),
    # Line breaks around what goes do not add up to a paragraph's end.
    ("(\n;\nx)", "(x)"),
    ("a (\n)\nb", "a b"),
    ("text\r\n== Title ==\r\nmore", "text\nTitle\nmore"),
    # END
]


@pytest.mark.parametrize(("wikitext", "text"), TEXTS)
def test_text_is_what_a_reader_of_the_page_sees(site: Site, wikitext: str, text: str) -> None:
    assert parse(wikitext, site).text == text


def test_cells_without_text_leave_no_separator(site: Site) -> None:
    wikitext = "{|\n| a || {{coord|1}} || b\n|-\n| {{t}}\n| c\n|}"
    assert parse(wikitext, site, tables=True).text == "a; b\nc"


def test_a_link_of_which_nothing_is_left_is_none(site: Site) -> None:
    for wikitext in ("x [[y|()]] z", "x ([[y|,]]) z", "x [[y|(]]) z [[a|(),]]"):
        parsed = parse(wikitext, site)
        assert [parsed.text[link.start : link.end] for link in parsed.links if link.target == "Y"] in (
            [],
            ["("],
        )
        assert all(link.start < link.end for link in parsed.links)


def test_only_a_language_code_names_a_variant() -> None:
    wikitext = "-{zh-hans:计算机; zh-hant:電腦}--{注意:这里}--{http://x.org 页}-"
    assert parse(wikitext, make_site("zh")).text == "计算机注意:这里 页"


def test_targets_may_be_written_as_in_addresses(site: Site) -> None:
    """Real pages do, for instance [[Cnàmh|bone]] as [[Cn%C3%A0mh|bone]]."""
    wikitext = "[[Cn%C3%A0mh|a]] [[100%|b]] [[%FF|c]] [[A%20b%23c|d]]"
    targets = [link.target for link in parse(wikitext, site).links]
    assert targets == ["Cnàmh", "100%", "%FF", "A b"]
