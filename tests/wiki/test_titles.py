from __future__ import annotations

from nlp_engine.wiki.titles import make_site, resolve_redirects


def test_prefixes_come_from_siteinfo_and_the_tables() -> None:
    site = make_site("gd", [("Faidhle", 6), ("Roinn-seòrsa", 14), ("Uicipeid", 4), ("", 0)])
    assert site.prefixes["faidhle"] == site.prefixes["image"] == "file"
    assert site.prefixes["roinn-seòrsa"] == site.prefixes["category"] == "category"
    assert site.prefixes["uicipeid"] == site.prefixes["wikt"] == "other"
    assert site.prefixes["fr"] == site.prefixes["zh-min-nan"] == "language"
    assert "" not in site.prefixes


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
