"""The compiled scanner: what once went wrong with it, and that it agrees with its reference."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.files import open_input
from nlp_engine.wiki.dump import read_site
from nlp_engine.wiki.extract import dump_batches
from nlp_engine.wiki.shards import ExtractedPage, pages_of
from nlp_engine.wiki.titles import Site, make_site
from nlp_engine.wiki.wikitext import parse
from tests.conftest import make_dump
from tests.wiki import reference
from tests.wiki.replay import check

TEXTS = [
    # Control characters are white space, those too that the scanner uses as marks of its own.
    ("a\x01[[b]]\x02c", "a b c"),
    ("a\x02[[b]]\x01c ''d''", "a b c d"),
    # A tag's name ends with white space, / or >.
    ("write to <a.person@example.org>", "write to <a.person@example.org>"),
    ("<i-th> <s'> <b\n>x</b >", "<i-th> <s'> x"),
    ("[[::Category:Fruit]] [[" + ":" * 100_000 + "a|b]]", ":Category:Fruit b"),
    # Addresses go whole, and nothing else with them.
    ("see http://en.example.org/A_(b) or (http://x.org).", "see or."),
    ("网站http://example.org，这是 http://x.org。", "网站，这是 。"),
    ("[http://example.org　标签]", "标签"),
    ("[http://x.org''italic'' label] http://x.org''italic''", "italic label italic"),
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
    ("(\n,\nx)", "(x)"),
    ("a (\n)\nb", "a b"),
    # A line of a table without its begin is a paragraph, whatever its cells hold.
    ("a\n| b || c\nf", "a\nb; c\nf"),
    # An address in brackets stays one inside of brackets that are never closed.
    ("[http://x {{nowrap|[http://y z]}} \n", "[ z"),
    # A category without a name is none.
    ("[[Category:]] [[ : ]]", "Category:"),
    ("text\r\n== Title ==\r\nmore", "text\nTitle\nmore"),
]


@pytest.mark.parametrize(("wikitext", "text"), TEXTS)
def test_text_is_what_a_reader_of_the_page_sees(site: Site, wikitext: str, text: str) -> None:
    assert parse(wikitext, site).text == text


def test_cells_without_text_leave_no_separator(site: Site) -> None:
    wikitext = "{|\n| a || {{coord|1}} || b\n|-\n| {{t}}\n| c\n|}"
    assert parse(wikitext, site, tables=True).text == "a; b\nc"


ANCHORS = [
    # A link of which nothing is left is none.
    ("x [[y|()]] z", []),
    ("x ([[y|,]]) z", []),
    ("x [[y|(]]) z [[a|(),]]", ["(", ","]),
    ("x ([[y|; z ()]]) z", ["z"]),
    ("[[a|b<br>()]] c", ["b"]),
    # An address takes nothing from the link before it.
    ("[[a|http:]]//x.org and [[b]]", ["http:", "b"]),
    ("[[1]]http://x.org and [[b]]", ["1http", "b"]),
]


@pytest.mark.parametrize(("wikitext", "anchors"), ANCHORS)
def test_links_have_their_text(site: Site, wikitext: str, anchors: list[str]) -> None:
    parsed = parse(wikitext, site)
    assert [parsed.text[link.start : link.end] for link in parsed.links] == anchors


def test_only_a_language_code_names_a_variant() -> None:
    wikitext = "-{zh-hans:计算机; zh-hant:電腦}--{注意:这里}--{http://x.org 页}-"
    assert parse(wikitext, make_site("zh")).text == "计算机注意:这里 页"


def test_targets_may_be_written_as_in_addresses(site: Site) -> None:
    """Real pages do, for instance [[Cnàmh|bone]] as [[Cn%C3%A0mh|bone]]."""
    wikitext = "[[Cn%C3%A0mh|a]] [[100%|b]] [[%FF|c]] [[A%20b%23c|d]]"
    targets = [link.target for link in parse(wikitext, site).links]
    assert targets == ["Cnàmh", "100%", "%FF", "A b"]


def compare(wikitext: str, site: Site) -> None:
    """The scanner agrees with its reference, whatever it is asked for."""
    for chosen in ({}, {"captions": True}, {"tables": True}, {"captions": True, "tables": True}):
        assert parse(wikitext, site, **chosen) == reference.parse(wikitext, site, **chosen)


PIECES = [
    # brackets and what stands between them
    "[[", "]]", "{{", "}}", "{|", "|}", "{{{", "}}}", "|", "||", "!!", "\n|", "\n!", "\n|-\n",
    "[[a|", "[[b]]", "{{x}}", "{|\n|", "\n|}", "\n|+", "[[File:a.jpg|thumb|", "x" * 29, "|:",
    "[", "]", "{", "}", "=", ":", "#", ";", "*",
    # quotes, lines, headings
    "''", "'''", "''''", "'''''", "'", "\n", "\n\n", "\n==", "==\n", "\n*", "\n#;", "\n----",
    "\r\n", "\t",
    # tags and comments
    "<ref>", "<ref name=a>", "<ref/>", "</ref>", "<Ref>",
    "<nowiki>", "</nowiki>", "<pre>", "</pre>",
    "<!--", "-->", "<br>", "<br/>", "<b>", "</b >", "<table>", "</table>", "<math>", "</math>",
    "<div", "<", ">", "/", "\n <!-- x --> \n",
    # links
    "[[Category:", "[[File:", "[[:", "[[fr:", "[[wikt:", "thumb|", "alt=x|", "Template:",
    "a#b", "%C3%A9",
    "[http://x ", "[//x", "http://x", "HTTPS://y_(z)", "mailto:", "//", "http:", "__TOC__", "__",
    "_",
    # templates
    "{{nowrap|", "{{convert|5|", "{{lang|fr|", "{{lang-el|", "{{unité|", "{{nombre|",
    "{{formatnum:12", "{{plural:3|", "{{transl|x|",
    "{{as of|", "{{val|", "{{hndis}}", "{{cite|", "{{zh|", "{{le|", "2=", "text=", "1= ", "km",
    "12", "−3",
    # script variants
    "-{", "}-", "-{zh-hans:", "zh-tw:", "-{T|", "-{注意:", ";",
    # characters
    "&amp;", "&nbsp;", "&#0;", "&#1;", "&#x41;", "&#65", "&lt;", "&bogus;", "&#99999999999;", "&",
    "(", ")", "（", "）", ",", ";", "，", " ", "a", "Bc", "é", "ß", "ǆ", "日本", "𝔸",
    "\u0301", "x y",
    "\u00a0", "\u3000", "\u2028", "\u200e", "\u00ad", "\x00", "\x01", "\x02", "\x7f", "\x85",
    "ſ", "K",
]  # fmt: skip
MARKUP = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
SITES = [make_site(code) for code in ("en", "fr", "zh")]


@given(MARKUP, st.sampled_from(SITES))
@settings(max_examples=400)
def test_agrees_with_the_reference_on_any_markup(wikitext: str, site: Site) -> None:
    compare(wikitext, site)


@given(st.text(max_size=100), st.sampled_from(SITES))
def test_agrees_with_the_reference_on_any_text(wikitext: str, site: Site) -> None:
    compare(wikitext, site)


FINDS = sorted((Path(__file__).parents[1] / "data/wikitext").iterdir())


@pytest.mark.parametrize("path", FINDS, ids=lambda path: path.name)
def test_what_failed_once_does_not_fail_again(path: Path) -> None:
    check(path.read_bytes())


@given(st.integers(0, 31), st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=30))
@settings(max_examples=300)
def test_any_bytes_give_valid_columns(choice: int, pieces: list[str | bytes]) -> None:
    parts = [piece.encode() if isinstance(piece, str) else piece for piece in pieces]
    check(bytes([choice]) + b"".join(parts))


def pages(path: Path) -> list[dict[str, str]]:
    """A dump's articles and redirects, by an XML parser: texts of elements by their names."""
    found = []
    with open_input(path) as file:
        for _, element in ElementTree.iterparse(file):
            if element.tag.rpartition("}")[2] != "page":
                continue
            page: dict[str, str] = {}
            for child in element.iter():
                name = child.tag.rpartition("}")[2]
                page.setdefault(name, child.get("title") or child.text or "")
                if name == "text":
                    page[name] = child.text or ""  # of the last revision
            if page["ns"] == "0":
                found.append(page)
            element.clear()
    return found


def dump_pages(path: Path, **chosen: bool) -> list[ExtractedPage]:
    return [page for batch in dump_batches(path, **chosen) for page in pages_of(batch)]


def check_dump(path: Path, **chosen: bool) -> None:
    """What is extracted from a dump's pages is what the reference gives for them."""
    site = read_site(path)
    for page, extracted in zip(pages(path), dump_pages(path, **chosen), strict=True):
        assert (extracted.page_id, extracted.title) == (int(page["id"]), page["title"])
        if "redirect" in page:
            assert extracted.kind == "redirect"
            assert extracted.redirect_to == reference.redirect_target(page["redirect"], site)
            continue
        expected = reference.parse(page["text"], site, **chosen)
        assert extracted.text == expected.text
        assert extracted.links == expected.links
        assert extracted.outside_links == expected.outside_links
        assert extracted.categories == expected.categories
        assert (extracted.kind == "disambiguation") == expected.disambiguation


def test_agrees_with_the_reference_on_the_real_sample(sample_dump: Path) -> None:
    check_dump(sample_dump)


EXCERPTS = ["viwiki-20240701-excerpt.xml.bz2", "gensim_enwiki-table-markup.xml.bz2"]
WIKIS = ["ekopedia", "gd", "vls", "whonix", "es_vital"]


@pytest.mark.parametrize("name", EXCERPTS)
def test_agrees_with_the_reference_on_real_tables_and_captions(data, name: str) -> None:
    check_dump(data(f"dumps/original/{name}"), tables=True, captions=True)


@pytest.mark.full
@pytest.mark.parametrize("name", WIKIS)
def test_agrees_with_the_reference_on_whole_wikis(data, name: str) -> None:
    path = data(f"dumps/packed/{name}-pages-articles.xml.bz2")
    check_dump(path)
    check_dump(path, tables=True, captions=True)


@pytest.mark.full
def test_agrees_with_the_reference_in_124_languages(data) -> None:
    dumps = sorted(data("dumps/original/dbpedia_minidumps").glob("*.bz2"))
    assert len(dumps) > 100
    for path in dumps:
        check_dump(path, tables=True, captions=True)


REDIRECTS = [
    "cat", "Paris#History", "OS&nbsp;X", "éa", "2001: A Space Odyssey", "Star Trek: Voyager", "A_b",
    " a  b ", "AT&T", "ǆ", "a:b",
]  # fmt: skip


@pytest.mark.parametrize("target", REDIRECTS)
def test_a_redirect_and_a_link_lead_to_the_same_title(
    tmp_path: Path, site: Site, target: str
) -> None:
    path = tmp_path / "dump.xml"
    path.write_bytes(make_dump({"A": f"[[{target}|x]]", "B": f"#REDIRECT [[{target}]]"}))
    article, redirect = dump_pages(path)
    assert [link.target for link in article.links] == [redirect.redirect_to]
    assert redirect.redirect_to == reference.redirect_target(target, site)


@pytest.mark.parametrize("target", ["Category:Fruit", "Wikipedia:About", "File:A b.jpg"])
def test_a_redirect_to_another_namespace_leads_to_no_article(tmp_path: Path, target: str) -> None:
    path = tmp_path / "dump.xml"
    path.write_bytes(make_dump({"A": "text", "B": f"#REDIRECT [[{target}]]"}))
    assert [page.redirect_to for page in dump_pages(path)] == [None, target]
