from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.wiki.titles import Site, make_site
from nlp_engine.wiki.wikitext import parse

TEXTS = [
    ("plain text", "plain text"),
    ("'''Bold''' and ''italic'' and '''''both'''''", "Bold and italic and both"),
    ("a [[cat]] b", "a cat b"),
    ("two [[cat]]s", "two cats"),
    ("the [[Tim Cook|boss]]", "the boss"),
    ("[[Paris (France)|]]", "Paris (France)"),
    ("[[#History|see below]]", "see below"),
    ("[[wikt:word|word]]", "word"),
    ("[[fr:Pomme]][[Category:Fruit]]apple", "apple"),
    ("[[:Category:Fruit]]", "Category:Fruit"),
    ("x [[File:A.jpg|thumb|A [[cat]] on a [[mat]]]] y", "x y"),
    ("[[Apple|the ''sweet'' one]]", "the sweet one"),
    ("x{{cite|a={{b|c}}}}y", "xy"),
    ("x{{cite|last=}}y", "xy"),
    ("x\n{|\n|a||b\n|}y", "x y"),
    ("{{a}}{| class=x\n| b {| c\n|}\ny", "y"),
    ("{|\n| [[Bracket|}]]\n|}\ntext", "text"),
    ("a.[http://x.org [1]] b [http://x.org label [Arte]] c", "a.[1] b label [Arte] c"),
    ("[http://x.org/a| label] [http://x.org/a|B:1 title]", "label title"),
    ("{{box|\n{| class=x\n| cell {{t|1}}\n|}\n}}text", "text"),
    ("a<ref>b</ref> c<ref name=x /> d", "a c d"),
    ("a<!-- hidden [[x]] -->b", "ab"),
    ("<nowiki>[[not a link]] &amp; ''not''</nowiki>", "[[not a link]] & ''not''"),
    ("line<br>next<br/>third", "line\nnext\nthird"),
    ("== Title ==\nText", "Title\nText"),
    ("Text\n=== A [[cat]] ===\nMore", "Text\nA cat\nMore"),
    ("* one\n* two\n** three", "one\ntwo\nthree"),
    (": indented\ntext", "indented\ntext"),
    ("one\ntwo\n\nthree", "one two\nthree"),
    ("[http://x.org a page] and [http://x.org] x", "a page and x"),
    ("5&nbsp;km &ndash; &lt;b&gt; &amp; &#233;", "5 km – <b> & é"),
    ("__NOTOC__text", "text"),
    ("empty ({{lang|grc}}) brackets", "empty brackets"),
    ("x ({{lang|grc}}; born 1879)", "x (born 1879)"),
    ("({{lang|grc}}) at the start\n\n({{a}}) ({{b}}) and of a line", "at the start\nand of a line"),
    ("E = <math>mc^2</math> holds", "E = holds"),
    ("if a < b and c > d", "if a < b and c > d"),
    ("x<span style='a'>y</span>z", "xyz"),
    ("{{convert|5|km", "{{convert|5|km"),
    ("a [[open link", "a [[open link"),
    ("a {| open table", "a {| open table"),
    ("a <!-- open comment", "a <!-- open comment"),
    ("a }} b ]] c |} d", "a }} b ]] c |} d"),
    ("<ref>never closed text", "never closed text"),
    ("{{a}} {{open {{b}} text", "{{open text"),
    ("", ""),
    ("{{convert|52419|sqmi|km2}} of {{nowrap|a [[cat]]}}", "52419 sqmi of a cat"),
    ("{{convert|10|to|20|km|mi}}, {{formatnum:1234}}", "10 to 20 km, 1234"),
    ("{{lang|fr|mot}} ({{lang-ru|слово}})", "mot (слово)"),
    ("{{nowrap|open", "{{nowrap|open"),
    ("{{{1|x}}} {{a|{{{2}}}}}y", "y"),
    ("at http://x.org/a, https://y.org/b_(c). end", "at , . end"),
    ("[http://x.org the [[cat]] page], [[http://y.org z]]", "the cat page, z"),
    ("l''''Iliade'' d'Homère", "l''Iliade d'Homère"),
    ("'''''a''' b''", "a b"),
    ("''''x'''", "'x"),
    ("a\n<!-- alone -->\nb<!-- x -->c", "a bc"),
    ("<ref>a<ref>b</ref>c", "ac"),
    ("x{{t|<math>}}</math>}}y", "xy"),
    ("<table><tr><td>a<table></table>b</td></tr></table>c", "c"),
    ("| a || [[b]]\n|-\n| style='x' | c\n|}\nd", "a; b\nc\nd"),
    ("(born 1879; ) x ( , y)", "(born 1879) x (y)"),
    ("a\u2003b\u00a0c\u200e\u2028d", "a b c d"),
    ("[[a\n|b]] [[x{{y}}|z]]", "b z"),
    ("{{disambig}}text", "text"),
]

KEPT = [
    ("x [[File:A.jpg|thumb|A [[cat]] here]] y", "x\nA cat here\ny"),
    ("x [[File:A.jpg|thumb|200px]] y", "x y"),
    (
        "{| class=x\n|+ T\n! h !! i\n|-\n| a='b' | c\n more || [[d]]\n|}\ne",
        "T\nh; i\nc more; d\ne",
    ),
    ("<table><tr><td>a</td><td>b</td></tr></table>c", "a\nb\nc"),
]


@pytest.mark.parametrize(("wikitext", "text"), KEPT)
def test_captions_and_tables_by_option(site: Site, wikitext: str, text: str) -> None:
    assert parse(wikitext, site, captions=True, tables=True).text == text


def test_links_of_captions_and_tables_are_kept_outside_of_the_text(site: Site) -> None:
    wikitext = (
        "x [[File:A.jpg|thumb|A ''black'' [[cat]]s on the [[mat|rug]]]]\n"
        "{|\n| [[File:B.jpg|[[dog]]]] || [[Category:C]] [[tree|trees]]\n|}\n[[y]]"
    )
    parsed = parse(wikitext, site)
    assert [(link.anchor, link.target) for link in parsed.outside_links] == [
        ("cats", "Cat"),
        ("rug", "Mat"),
        ("dog", "Dog"),
        ("trees", "Tree"),
    ]
    assert (parsed.text, parsed.categories) == ("x\ny", ["C"])
    with_text = parse(wikitext, site, captions=True, tables=True)
    assert [link.target for link in with_text.links] == ["Cat", "Mat", "Dog", "Tree", "Y"]


def test_disambiguation_pages_by_the_templates_of_their_language(site: Site) -> None:
    assert parse("x {{Disambiguation|geo}}", site).disambiguation
    assert parse("x __DISAMBIG__", site).disambiguation
    other = "x {{disambiguation needed}} <nowiki>{{disambig}}</nowiki>"
    assert not parse(other, site).disambiguation
    assert parse("{{Begriffsklärung}}", make_site("de")).disambiguation
    assert not parse("{{Begriffsklärung}}", make_site("ja")).disambiguation


def test_script_variants() -> None:
    chinese = make_site("zh")
    wikitext = "-{zh-hans:计算机; zh-hant:電腦;}-x-{T|zh:a}--{y}-"
    assert parse(wikitext, chinese).text == "计算机xy"
    assert parse("-{x}-", make_site("en")).text == "-{x}-"


@pytest.mark.parametrize(("wikitext", "text"), TEXTS)
def test_clean_text(site: Site, wikitext: str, text: str) -> None:
    assert parse(wikitext, site).text == text


def anchors(wikitext: str, site: Site) -> list[tuple[str, str]]:
    parsed = parse(wikitext, site)
    return [(parsed.text[link.start : link.end], link.target) for link in parsed.links]


def test_links_have_their_place_in_the_clean_text(site: Site) -> None:
    wikitext = (
        "{{Infobox}} The '''[[Apple Watch|watch]]''' by\n[[Tim Cook]] ({{lang|x}}) of "
        "[[Cupertino, California|Cupertino]]:  two [[cat]]s, [[AT&amp;T|AT&amp;T]] and "
        "[[Apple|the ''sweet'' one]]."
    )
    assert anchors(wikitext, site) == [
        ("watch", "Apple Watch"),
        ("Tim Cook", "Tim Cook"),
        ("Cupertino", "Cupertino, California"),
        ("cats", "Cat"),
        ("AT&T", "AT&T"),
        ("the sweet one", "Apple"),
    ]


def test_link_trails_are_the_languages() -> None:
    german = make_site("de")
    assert anchors("[[Apfel]]bäume", german) == [("Apfelbäume", "Apfel")]
    assert anchors("[[Apfel]]bäume", make_site("en")) == [("Apfelb", "Apfel")]


def test_white_space_in_a_label_is_not_part_of_the_anchor(site: Site) -> None:
    assert anchors("x[[a| b ]] y", site) == [("b", "A")]


def test_no_link_from_files_categories_other_languages_or_empty_labels(site: Site) -> None:
    wikitext = "[[File:A.jpg|[[cat]]]][[Category:B]][[de:C]][[#D|d]][[e|&nbsp;]]"
    assert anchors(wikitext, site) == []


def test_categories_once_each_without_sort_keys(site: Site) -> None:
    wikitext = "[[Category:Fruit|*]] [[category:fruit]] [[Category:Red_things]]"
    assert parse(wikitext, site).categories == ["Fruit", "Red things"]


TARGETS = [
    ("cat", "Cat"),
    (" Tim_Cook ", "Tim Cook"),
    ("Paris#History", "Paris"),
    ("OS&nbsp;X", "OS X"),
    ("AT&T", "AT&T"),
    ("2001: A Space Odyssey", "2001: A Space Odyssey"),
    ("Star Trek: Voyager", "Star Trek: Voyager"),
    ("éa", "Éa"),
    (":cat", "Cat"),
    ("#Section", None),
    ("", None),
    (":File:A.jpg", None),
    (":Category:Apples", None),
    ("Wikipedia:About", None),
    ("wikt:apple", None),
    (":fr:Pomme", None),
    ("fr:Pomme", None),
    ("IMAGE:A.jpg", None),
    ("Catégorie:Pommes", "Catégorie:Pommes"),
]


@pytest.mark.parametrize(("raw", "title"), TARGETS)
def test_targets_are_titles_as_the_dump_has_them(site: Site, raw: str, title: str | None) -> None:
    found = parse(f"[[{raw}|x]]", site).links
    assert [link.target for link in found] == ([] if title is None else [title])


def test_namespaces_are_known_by_their_local_and_old_names() -> None:
    assert parse("[[Catégorie:Pommes]]", make_site("fr")).categories == ["Pommes"]
    for name in ("Файл", "Картинка", "КАРТИНКА", "File", "Image", "Media"):
        assert parse(f"x[[{name}:А.jpg|thumb|y]]", make_site("bg")).text == "x"


def test_case_sensitive_wikis_keep_the_first_letter() -> None:
    assert parse("[[cat]]", make_site("en", first_letter=False)).links[0].target == "cat"


PIECES = st.sampled_from(
    ["[[", "]]", "{{", "}}", "{|", "|}", "|", "'''", "''", "<ref>", "</ref>", "<nowiki>",
     "</nowiki>", "<!--", "-->", "\n", "\n==", "==", "\n*", "&amp;", "&#0;", "(", ")", " ", "a",
     "Bc", "é", "[http://x", "]", "<br>", "Category:", "File:", ":", "#", "\u00a0", "__TOC__"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=500)
def test_any_markup_gives_valid_offsets(wikitext: str) -> None:
    parsed = parse(wikitext, make_site("en"))
    assert parsed.text == parsed.text.strip()
    position = 0
    for link in parsed.links:
        assert position <= link.start < link.end <= len(parsed.text)
        anchor = parsed.text[link.start : link.end]
        assert anchor == anchor.strip()
        position = link.end


@given(st.text(max_size=200))
def test_any_text_is_parsed(wikitext: str) -> None:
    parsed = parse(wikitext, make_site("en"))
    assert "\n\n" not in parsed.text


HOSTILE = {
    "nested braces": lambda n: "{{" * n + "x" + "}}" * n,
    "open braces": lambda n: "{{" * n,
    "open tables": lambda n: "{|" * n,
    "open links": lambda n: "[[" * n,
    "open links with bars": lambda n: "[[a|" * n,
    "nested links": lambda n: "[[a|" * n + "]]" * n,
    "open references": lambda n: "<ref>" * n,
    "open comments": lambda n: "<!--" * n,
    "angle brackets": lambda n: "<a" * n,
    "external links": lambda n: "[http:" * n,
    "equals signs": lambda n: "\n=" * n,
    "one long line": lambda n: "x" * n,
    "brackets": lambda n: "(" * n,
    "spaces": lambda n: " " * n,
    "line breaks": lambda n: "\n" * n,
    "quotes": lambda n: "'" * n,
    "entities": lambda n: "&amp" * n,
    "mixed braces": lambda n: "{{{|" * n + "|}}}" * n,
    "nested parameters": lambda n: "{{{a|" * n + "}}}" * n,
    "nested inline templates": lambda n: "{{nowrap|" * n + "x" + "}}" * n,
    "nested templates of several arguments": lambda n: "{{as of|a|''b''|" * n + "x" + "}}" * n,
    "open inline templates": lambda n: "{{nowrap|" * n,
    "nested tables": lambda n: "{|\n|a||" * n + "\n|}" * n,
    "nested HTML tables": lambda n: "<table>" * n + "</table>" * n,
    "open HTML tables": lambda n: "<table>" * n,
    "rows": lambda n: "{|\n" + "|-\n|a||b\n" * n + "|}",
    "cells": lambda n: "{|\n|" + "a||" * n + "\n|}",
    "cells of several lines": lambda n: "{|\n|" + "a\n" * n + "|}",
    "closed links": lambda n: "[[a]]" * n,
    "links to addresses": lambda n: "[[http://x]]" * n,
    "links with bars": lambda n: "[[" + "a|" * n + "]]",
    "colons of a link": lambda n: "[[" + ":" * n + "a]]",
    "entities in a link": lambda n: "[[" + "&amp;" * n + "]]",
    "percent signs in a link": lambda n: "[[" + "%41" * n + "]]",
    "categories": lambda n: "".join(f"[[Category:{i}]]" for i in range(n)),
    "open files": lambda n: "[[File:a|" * n,
    "nested files": lambda n: "[[File:a|" * n + "]]" * n,
    "a file with options": lambda n: "[[File:a|" + "b|" * n + "]]",
    "references with one end": lambda n: "<ref>" * n + "</ref>",
    "references without content": lambda n: "<ref>" + "<ref/>" * n + "</ref>",
    "names in every case": lambda n: "".join(f"<{mixed_case('timeline', i)}>" for i in range(n)),
    "end tags": lambda n: "<ref>" + "</ref " * n,
    "open literals": lambda n: "<nowiki>" * n,
    "literals": lambda n: "<nowiki>a</nowiki>" * n,
    "stray tags": lambda n: "</b><br></ref><div>" * n,
    "comments with blanks": lambda n: " <!-- -->" * n,
    "comments after many blanks": lambda n: " " * n + "<!-- -->" * n,
    "comments on lines": lambda n: "\n <!-- --> " * n,
    "control characters": lambda n: "\x01" * n,
    "control characters around links": lambda n: "\x01\x02[[a]]" * n,
    "external links to addresses": lambda n: "[http://x " * n,
    "external links around links": lambda n: "[http://x [[a]] " * n,
    "addresses": lambda n: "http://x.," * n,
    "an address": lambda n: "http://" + "." * n,
    "addresses and quotes": lambda n: "http://x''" * n,
    "slashes": lambda n: "://" * n,
    "headings": lambda n: "\n==a==" * n,
    "a heading": lambda n: "\n" + "=" * n + "a" + "=" * n,
    "list items": lambda n: "\n*#:;" * n,
    "bold marks on one line": lambda n: "'''a " * n,
    "bold and italic marks on one line": lambda n: "'''a ''b '''c" * n,
    "numeric entities": lambda n: "&#" * n,
    "a numeric entity": lambda n: "&#" + "1" * n + ";",
    "underscores": lambda n: "_" * n,
    "switches": lambda n: "__A" * n,
    "open variants": lambda n: "-{" * n,
    "variants that nearly close": lambda n: "-{}" * n,
    "nested variants": lambda n: "-{a|" * n + "}-" * n,
    "variants": lambda n: "-{zh-hans:a;zh-hant:b}-" * n,
    "closing brackets": lambda n: "}}]]|}" * n,
    "separators in parentheses": lambda n: "(,;" * n + ")" * n,
    "separators before a parenthesis": lambda n: "," * n + ")" * n,
    "parentheses in links": lambda n: "[[a|(]])" * n,
    "words on one line": lambda n: "word [[b]] ''c'' " * n,
}


def mixed_case(name: str, number: int) -> str:
    """The name with the capitals that the number's bits say."""
    return "".join(c.upper() if number >> i & 1 else c for i, c in enumerate(name))


CHINESE = make_site("zh")


def seconds(wikitext: str, site: Site) -> float:
    started = time.process_time()
    parse(wikitext, site)
    parse(wikitext, CHINESE, captions=True, tables=True)
    return time.process_time() - started


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_linear_on_hostile_input(site: Site, name: str) -> None:
    make = HOSTILE[name]
    small, large = 20_000, 160_000
    parse(make(small), site)
    ratios = []
    for _ in range(4):  # other work on the machine disturbs one attempt, not all
        ratios.append(seconds(make(large), site) / max(seconds(make(small), site), 0.005))
        if ratios[-1] < 4 * large / small:
            return
    pytest.fail(f"{min(ratios):.0f} times as long for {large // small} times the text")
