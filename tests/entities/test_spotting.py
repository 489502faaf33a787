from __future__ import annotations

from pathlib import Path

import pytest

from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.entities.spotting import spot
from nlp_engine.wiki.extract import extract_dumps
from tests.conftest import TOY_PAGES, make_dump


def build(tmp_path: Path, pages: dict[str, str], language: str = "en") -> KnowledgeBase:
    (tmp_path / "dump.xml").write_bytes(make_dump(pages, language=language))
    extract_dumps([tmp_path / "dump.xml"], tmp_path / "extracted")
    return KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")


def spotted(kb: KnowledgeBase, text: str, least: float = 0.0) -> list[str]:
    return [text[m.start : m.end] for m in spot(text, kb, least)]


def test_the_longest_form_wins(tmp_path: Path) -> None:
    kb = build(tmp_path, TOY_PAGES)
    text = "The Apple Watch and an apple from Cupertino, California!"
    assert spotted(kb, text) == ["Apple Watch", "apple", "Cupertino, California"]


def test_a_much_likelier_form_inside_beats_a_longer_one(tmp_path: Path) -> None:
    # "in indianapolis" is a link once in six pages; "indianapolis" always is.
    pages = {f"P{i}": "He lives in [[Indianapolis]]." for i in range(5)}
    pages |= {"Q": "She was [[Indianapolis|in Indianapolis]].", "Indianapolis": "A city."}
    kb = build(tmp_path, pages)
    assert spotted(kb, "Now in Indianapolis again") == ["Indianapolis"]


def test_rare_links_are_passed_over(tmp_path: Path) -> None:
    pages = {f"P{i}": "Some water flows." for i in range(9)} | {"Q": "[[Water]] and [[ice]]."}
    kb = build(tmp_path, pages)
    assert spotted(kb, "water and ice", 0.0) == ["water", "ice"]
    assert spotted(kb, "water and ice", 0.5) == ["ice"]


@pytest.mark.parametrize("text", ["", "no forms here whatsoever"])
def test_nothing_to_spot(tmp_path: Path, text: str) -> None:
    assert spotted(build(tmp_path, TOY_PAGES), text) == []


def test_mentions_are_whole_words_of_a_tokenizer(tmp_path: Path) -> None:
    pytest.importorskip("jieba")
    pages = {"P": "[[北京]]和[[京清华大学]]和[[清华大学]]。"}
    kb = build(tmp_path, pages, "zh")
    text = "我来到北京清华大学！"
    assert spotted(kb, text) == ["京清华大学"]
    ranker = EntityRanker(kb, tokenizer="fast", rho=0)
    assert [link.mention for link in ranker.link(text)] == ["北京", "清华大学"]
    assert [link.mention for link in EntityRanker(kb, rho=0).link(text)] == ["京清华大学"]


def test_letters_that_a_tokenizer_changes_are_spotted_all_the_same(tmp_path: Path) -> None:
    kb = build(tmp_path, {"P": "[[Café]] and [[tea]]."})
    ranker = EntityRanker(kb, tokenizer="text8", rho=0)  # it has no é
    assert [link.mention for link in ranker.link("Café, tea")] == ["Café", "tea"]
