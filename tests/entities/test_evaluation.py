"""Links that are held out: what is held out of what, and figures counted by hand."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.entities.calibration import features
from nlp_engine.entities.evaluation import (
    HeldOutPage,
    build_without_fold,
    disambiguate,
    end_to_end,
    held_out_pages,
)
from nlp_engine.entities.forms import form_key
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.overlay import Alias, Overlay
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.wiki.extract import extract_dumps
from tests.conftest import make_dump

# "Apple" links three times to the company and once to the fruit; the watch is the company's.
PAGES = {
    "One": "[[Apple Inc.|Apple]] and [[Tim Cook]].",
    "Two": "[[Apple Inc.|Apple]] and the [[Apple Watch]] of [[Tim Cook]].",
    "Three": "[[Apple Inc.|Apple]] beside [[Cider]].",
    "Four": "An [[apple]] makes [[cider]].",
    "Apple Inc.": "A company.",
    "Apple": "A fruit.",
}


def extract(folder: Path, pages: dict[str, str]) -> Path:
    folder.mkdir()
    (folder / "dump.xml").write_bytes(make_dump(pages))
    extract_dumps([folder / "dump.xml"], folder / "extracted")
    return folder / "extracted"


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder = tmp_path_factory.mktemp("apples")
    return KnowledgeBase.build(extract(folder / "wiki", PAGES), folder / "kb")


def page(title: str, text: str, *links: tuple[str, str]) -> HeldOutPage:
    """A page that links to a target where each mention first stands behind the one before."""
    found, at = [], 0
    for mention, target in links:
        at = text.index(mention, at)
        found.append((at, at + len(mention), target))
        at += len(mention)
    return HeldOutPage(title, text, found)


COOK = page(
    "Jobs",
    "Apple was run by Tim Cook. An apple a day. Tim Cook likes Zzyzx and Jobs.",
    ("Apple", "Apple Inc."),
    ("Tim Cook", "Tim Cook"),
    ("apple", "Apple"),
    ("Zzyzx", "Zzyzx"),
    ("Jobs", "Jobs"),
)
WATCH = page(
    "Watches",
    "The Apple Watch and the apple cider.",
    ("Apple", "Apple Inc."),
    ("apple cider", "Cider"),
)


def test_disambiguation_by_hand(kb: KnowledgeBase) -> None:
    ranker = EntityRanker(kb, method="commonness")
    found = disambiguate(ranker, [COOK, WATCH])
    # Apple → Apple Inc., Tim Cook, apple → Apple Inc. for Apple, Zzyzx, which nobody knows; then
    # Apple in Apple Watch, and apple cider. The link of the page to itself does not count.
    assert found.known == [True, True, True, False, True, False]
    assert found.ambiguous == [True, False, True, False, True, False]
    assert found.right == [True, True, False, False, True, False]
    assert found.probability == [0.75, 1, 0.75, 0, 0.75, 0]
    assert found.page == [0, 0, 0, 0, 1, 1]
    assert found.accuracy() == pytest.approx(2 / 3), "of the ambiguous ones"
    rows, right, probability = found.arrays()
    assert right.tolist() == [True, True, False, True]
    assert probability.tolist() == [0.75, 1, 0.75, 0.75]
    assert rows.shape == (4, 5)
    assert rows[1] == pytest.approx(features(1, 1, 2, rows[1, -1]))  # Tim Cook is linked twice
    assert rows[0] == pytest.approx(features(0.75, 0.75, 3, rows[0, -1]))


def test_meanings_that_a_ranker_knows_better_are_right(kb: KnowledgeBase) -> None:
    overlay = Overlay.of([Alias("apple", "Apple", 9), Alias("apple cider", "Cider")], kb)
    found = disambiguate(EntityRanker(kb, overlay=overlay, method="commonness"), [WATCH])
    assert found.right == [False, True]


def points(
    kb: KnowledgeBase, pages: Sequence[HeldOutPage], thresholds: Sequence[float]
) -> list[tuple[float, float, float, float]]:
    ranker = EntityRanker(kb, method="commonness", rho=1, min_probability=1)  # which play no part
    found = end_to_end(ranker, pages, value="commonness", thresholds=thresholds)
    return [(p.threshold, p.precision, p.recall, p.f1) for p in found]


def test_end_to_end_by_hand(kb: KnowledgeBase) -> None:
    # Found: Apple 0.75 (right); Tim Cook 1 (right); apple 0.75, as the company again, which the
    # page has named before, so that it does not count; Tim Cook once more, likewise. The page's
    # other links are apple, as the fruit, and Zzyzx; the one to itself does not count.
    assert points(kb, [COOK], [0, 0.75, 0.8, 1]) == [
        (0, 1, 2 / 4, pytest.approx(2 / 3)),
        (0.75, 1, 2 / 4, pytest.approx(2 / 3)),
        (0.8, 1, 1 / 4, pytest.approx(2 / 5)),
        (1, 1, 1 / 4, pytest.approx(2 / 5)),
    ]
    # Found: Apple Watch 1 (the page links Apple), apple 0.75 (it links apple cider), cider 1.
    assert points(kb, [WATCH], [0, 0.8]) == [(0, 0, 0, 0), (0.8, 0, 0, 0)]
    # Together: 2 of 5 found, and of 6 wanted; above 0.8: 1 of 3.
    assert points(kb, [COOK, WATCH], [0, 0.8, 1.1]) == [
        (0, pytest.approx(2 / 5), pytest.approx(2 / 6), pytest.approx(4 / 11)),
        (0.8, pytest.approx(1 / 3), pytest.approx(1 / 6), pytest.approx(2 / 9)),
        (1.1, 0, 0, 0),
    ]


def test_a_second_mention_counts_where_the_page_links_it(kb: KnowledgeBase) -> None:
    text = "Tim Cook; Tim Cook; Tim Cook"
    second = HeldOutPage("Page", text, [(10, 18, "Tim Cook")])
    # The first is found and no link of the page; the second is; the third adds nothing.
    assert points(kb, [second], [0]) == [(0, 1 / 2, 1, pytest.approx(2 / 3))]


def test_nothing_to_find(kb: KnowledgeBase) -> None:
    assert points(kb, [HeldOutPage("Page", "Nothing.", [])], [0]) == [(0, 0, 0, 0)]
    assert points(kb, [], [0.5]) == [(0.5, 0, 0, 0)]


def fold_of(title: str) -> int:
    return zlib.crc32(title.encode()) % 10


def test_links_of_held_out_pages(tmp_path: Path) -> None:
    text = (
        "[[Big Apple|New York]], [[Old name]], [[Mercury]], [[List of fruits]], [[Nowhere]], "
        "[[Twice]] and [[Page]]."
    )
    pages = {
        "Page": text,
        "Other": "not of this fold: [[Apple]]",
        "New York City": "A city.",
        "Big Apple": "#REDIRECT [[New York City]]",
        "Old name": "#REDIRECT [[Mercury]]",
        "Twice": "#REDIRECT [[Big Apple]]",
        "Mercury": "[[Planet]] or [[Metal]] {{disambig}}",
        "List of fruits": "[[Apple]]",
    }
    assert fold_of("Other") != fold_of("Page") != fold_of("List of fruits")
    extracted = extract(tmp_path / "wiki", pages)
    found = {p.title: p for p in held_out_pages([extracted], fold_of("Page"))}
    assert [p for p in found if p in ("Other", "Mercury", "Big Apple")] == []
    held = found["Page"]
    # Not the disambiguation page, straight or through a redirect, and not the list.
    assert [(held.text[start:end], target) for start, end, target in held.links] == [
        ("New York", "New York City"),
        ("Nowhere", "Nowhere"),
        ("Twice", "New York City"),
        ("Page", "Page"),
    ]


def test_folds_are_a_partition(demo: DemoResult) -> None:
    extracted = [demo.folder / "extracted"]
    folds = [{page.title for page in held_out_pages(extracted, fold)} for fold in range(10)]
    assert sum(map(len, folds)) == len(set.union(*folds)) == 98
    assert min(map(len, folds)) >= 3
    for fold, titles in enumerate(folds):
        assert {fold_of(title) for title in titles} == {fold}


def test_an_increment_replaces_held_out_pages(tmp_path: Path) -> None:
    """Pages of later folders stand for those of earlier ones, redirects, too."""
    old = extract(
        tmp_path / "old",
        {"Page": "[[Old]] and [[Name]].", "Name": "#REDIRECT [[Old]]", "Gone": "#REDIRECT [[Old]]"},
    )
    new = extract(
        tmp_path / "new",
        {"Page": "[[New]], [[Name]], [[Gone]].", "Name": "#REDIRECT [[New]]", "Gone": "A page."},
    )
    found = [p for p in held_out_pages([old, new], fold_of("Page")) if p.title == "Page"]
    assert len(found) == 1
    assert found[0].text == "New, Name, Gone."
    assert [target for _, _, target in found[0].links] == ["New", "New", "Gone"]


def test_the_knowledge_base_has_not_seen_held_out_pages(tmp_path: Path) -> None:
    fold = fold_of("Held")
    seen = next(f"Seen {n}" for n in range(99) if fold_of(f"Seen {n}") != fold)
    pages = {
        "Held": "The [[Jaguar Cars|jaguar]] and the [[Lynx|wild cat]]. Panthers walk.",
        seen: "The [[Jaguar|jaguar]] and the [[Panther|panthers]]. See [[Held]].",
    }
    extracted = extract(tmp_path / "wiki", pages)
    whole = KnowledgeBase.build(extracted, tmp_path / "whole")
    held = build_without_fold([extracted], fold, tmp_path / "held", {"min_link_count": 1})
    assert whole.form("wild cat") is not None
    assert held.form("wild cat") is None
    assert held.entity("Lynx") is None

    def meanings(kb: KnowledgeBase) -> dict[str, int]:
        form = kb.form("jaguar")
        assert form is not None
        return {candidate.title: candidate.links for candidate in kb.describe(form)}

    assert meanings(whole) == {"Jaguar Cars": 1, "Jaguar": 1}
    assert meanings(held) == {"Jaguar": 1}
    form = held.form("panthers")
    assert form is not None
    assert held.link_probability(form) == 1, "where it stands without a link is not seen"
    # That there is such a page is known, as others link to it.
    assert held.entity("Held") is not None
    assert len(held.out_links(held.entity("Held") or 0)) == 0


def test_the_real_sample(demo: DemoResult, tmp_path: Path) -> None:
    """What a page links to is known with it, and most of it is not known without."""
    extracted = demo.folder / "extracted"
    whole = KnowledgeBase.open(demo.folder / "kb")
    held = build_without_fold([extracted], 3, tmp_path / "kb", {})
    pages = list(held_out_pages([extracted], 3))
    links = [
        (page.title, page.text[start:end], target)
        for page in pages
        for start, end, target in page.links
    ]
    assert len(links) > 1000
    for title, mention, target in links:
        entity, source = whole.entity(target), whole.entity(title)
        assert entity is not None and source is not None
        assert source == entity or source in whole.in_links(entity)
        key = form_key(mention, whole.language)
        assert whole.form(mention) is not None or not key or key.count(" ") >= 8
    for page in pages:
        source = held.entity(page.title)
        assert source is None or len(held.out_links(source)) == 0
    forms = {mention for _, mention, _ in links}
    assert sum(held.form(mention) is None for mention in forms) > len(forms) / 4
    found = disambiguate(EntityRanker(held), pages)
    leaking = disambiguate(EntityRanker(whole), pages)
    assert np.mean(leaking.known) > 0.99
    assert np.mean(leaking.right) > 2 * np.mean(found.right)
    points = end_to_end(EntityRanker(held), pages)
    recalls = [point.recall for point in points]
    assert recalls == sorted(recalls, reverse=True)
    assert recalls[0] <= np.mean(found.known)
