from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.wiki.titles import LinkKind, Site, Target, make_site, resolve_redirects


@pytest.mark.parametrize(
    ("raw", "kind", "title"),
    [
        ("cat", LinkKind.ARTICLE, "Cat"),
        (" Tim_Cook ", LinkKind.ARTICLE, "Tim Cook"),
        ("Paris#History", LinkKind.ARTICLE, "Paris"),
        ("OS&nbsp;X", LinkKind.ARTICLE, "OS X"),
        ("AT&T", LinkKind.ARTICLE, "AT&T"),
        ("2001: A Space Odyssey", LinkKind.ARTICLE, "2001: A Space Odyssey"),
        ("Star Trek: Voyager", LinkKind.ARTICLE, "Star Trek: Voyager"),
        ("#Section", LinkKind.OTHER, ""),
        ("", LinkKind.OTHER, ""),
        ("Category:apples", LinkKind.CATEGORY, "Apples"),
        ("Catégorie:Pommes", LinkKind.CATEGORY, "Pommes"),
        ("File:A.jpg", LinkKind.FILE, "A.jpg"),
        ("IMAGE:A.jpg", LinkKind.FILE, "A.jpg"),
        ("Картинка:А.jpg", LinkKind.FILE, "А.jpg"),
        (":File:A.jpg", LinkKind.OTHER, "A.jpg"),
        (":Category:Apples", LinkKind.OTHER, "Apples"),
        ("Wikipedia:About", LinkKind.OTHER, "Wikipedia:About"),
        ("wikt:apple", LinkKind.OTHER, "wikt:apple"),
        ("fr:Pomme", LinkKind.INTERLANGUAGE, "fr:Pomme"),
        ("zh-min-nan:X", LinkKind.INTERLANGUAGE, "zh-min-nan:X"),
        (":fr:Pomme", LinkKind.OTHER, "fr:Pomme"),
    ],
)
def test_targets(site: Site, raw: str, kind: LinkKind, title: str) -> None:
    assert site.target(raw) == Target(kind, title)


def test_localised_namespaces_come_from_siteinfo() -> None:
    site = make_site("gd", [("Faidhle", 6), ("Roinn-seòrsa", 14)])
    assert site.target("Faidhle:A.jpg").kind is LinkKind.FILE
    assert site.target("Roinn-seòrsa:Alba").kind is LinkKind.CATEGORY


def test_case_sensitive_wikis_keep_the_first_letter() -> None:
    assert make_site("en", first_letter=False).target("cat").title == "cat"


@given(st.text(max_size=60))
def test_any_target_is_classified(raw: str) -> None:
    target = make_site("en").target(raw)
    assert target.kind in LinkKind
    if target.kind is LinkKind.ARTICLE:
        assert target.title
        assert target.title == target.title.strip()
        assert "_" not in target.title


def test_redirect_chains_end_at_the_article() -> None:
    chain = {"A": "B", "B": "C", "X": "C"}
    assert resolve_redirects(chain) == {"A": "C", "B": "C", "X": "C"}


def test_redirect_loops_and_long_chains_are_left_out() -> None:
    loop = {"A": "B", "B": "A", "C": "A", "D": "Fine", "Self": "Self"}
    assert resolve_redirects(loop) == {"D": "Fine"}
    long = {str(i): str(i + 1) for i in range(20)}
    resolved = resolve_redirects(long)
    assert resolved["15"] == "20"
    assert "0" not in resolved
