"""Links agree with the published formulas, written out plainly."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.demo import TEXT, DemoResult
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.ranking import EntityLink, EntityRanker, relatedness
from nlp_engine.entities.spotting import spot
from nlp_engine.errors import SettingError
from nlp_engine.wiki.extract import extract_dumps


@pytest.fixture
def toy(tmp_path: Path, toy_dump: Path) -> KnowledgeBase:
    extract_dumps([toy_dump], tmp_path / "extracted")
    return KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")


@pytest.fixture(scope="session")
def kb(demo: DemoResult) -> KnowledgeBase:
    return KnowledgeBase.open(demo.folder / "kb")


def plain_relatedness(kb: KnowledgeBase, a: int, b: int) -> float:
    if a == b:
        return 1.0
    first, second = set(kb.in_links(a).tolist()), set(kb.in_links(b).tolist())
    shared = len(first & second)
    if not shared:
        return 0.0
    sizes = sorted((len(first), len(second)))
    far = math.log(sizes[1]) - math.log(shared)
    scale = math.log(kb.articles) - math.log(sizes[0])
    return max(0.0, 1 - far / scale) if scale else float(far == 0)


def plain_tagme(kb: KnowledgeBase, text: str) -> list[tuple[str, str, float, float, float]]:
    """(mention, title, votes, coherence, rho) with all mentions of the text as context."""
    mentions = spot(text, kb, 0.02)
    forms = list(dict.fromkeys(mention.form for mention in mentions))
    candidates = {}
    for form in forms:
        entities, commonness = kb.candidates(form)
        candidates[form] = list(zip(entities.tolist(), commonness.tolist(), strict=True))[:20]

    def vote(form: int, entity: int) -> float:
        return sum(
            plain_relatedness(kb, entity, other) * common for other, common in candidates[form]
        ) / len(candidates[form])

    chosen = {}
    for form in forms:
        votes = {e: sum(vote(f, e) for f in forms if f != form) for e, _ in candidates[form]}
        allowed = {e: c for e, c in candidates[form] if c >= 0.02} or dict(candidates[form][:1])
        best = max(votes[e] for e in allowed)
        close = [e for e in allowed if votes[e] >= 0.7 * best]
        entity = max(close, key=lambda e: allowed[e])
        chosen[form] = (entity, votes[entity])
    found = []
    for mention in mentions:
        entity, votes = chosen[mention.form]
        others = [chosen[form][0] for form in forms if form != mention.form]
        coherence = sum(plain_relatedness(kb, entity, o) for o in others) / len(others)
        rho = (mention.link_probability + coherence) / 2
        surface = text[mention.start : mention.end]
        found.append((surface, kb.title(entity), votes, coherence, rho))
    return found


def as_rows(links: list[EntityLink]) -> list[tuple[str, str, float, float, float]]:
    return [(x.mention, x.title, x.votes, x.coherence, x.rho) for x in links]


OTHER_TEXTS = [
    "Apollo and Artemis, children of Zeus, helped Troy against Achilles.",
    "The state of Alabama borders Georgia, Florida and Tennessee in the United States.",
    "Anarchism opposes the state; Karl Marx, Proudhon and Bakunin argued about socialism.",
]


@pytest.mark.parametrize("text", [TEXT, *OTHER_TEXTS])
def test_links_agree_with_the_plain_formulas(kb: KnowledgeBase, text: str) -> None:
    links = EntityRanker(kb, rho=0.0).link(text)
    expected = plain_tagme(kb, text)
    assert len(links) == len(expected) > 3
    for got, want in zip(as_rows(links), expected, strict=True):
        assert got[:2] == want[:2]
        assert got[2:] == pytest.approx(want[2:], abs=1e-9)


def test_relatedness_agrees_with_the_plain_formula(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(0)
    entities = np.unique(rng.choice(len(kb), 60)).astype(np.int32)
    got = relatedness(kb, entities)
    for i, a in enumerate(entities.tolist()):
        for j, b in enumerate(entities.tolist()):
            assert got[i, j] == pytest.approx(plain_relatedness(kb, a, b), abs=1e-9)


def test_the_demo_text_is_not_in_the_sample_and_the_votes_decide(demo: DemoResult) -> None:
    corpus = (demo.folder / "corpus" / "sentences.txt").read_text(encoding="utf-8")
    assert "aristotle studied under plato in athens" not in corpus
    found = {link.mention: link.title for link in demo.links}
    assert found["Plato"] == "Plato"
    assert found["Alexander the Great"] == "Alexander the Great"
    assert found["Republican"] == "Republican Party (United States)"
    # Not the most common meaning: the other mentions vote for it.
    assert found["Civil War"] == "American Civil War"
    civil_war = next(link for link in demo.links if link.mention == "Civil War")
    assert civil_war.commonness < 0.5


def test_offsets_and_order(demo: DemoResult) -> None:
    position = 0
    for link in demo.links:
        assert TEXT[link.start : link.end] == link.mention
        assert link.start >= position
        position = link.end
        assert 0 < link.link_probability <= 1
        assert 0 < link.commonness <= 1
        assert link.rho == pytest.approx((link.link_probability + link.coherence) / 2)
        assert link.rho >= 0.2


def test_commonness_takes_the_most_common(kb: KnowledgeBase) -> None:
    links = EntityRanker(kb, method="commonness", rho=0).link(TEXT)
    for link in links:
        form = kb.form(link.mention)
        assert form is not None
        assert link.title == kb.describe(form)[0].title


def test_a_vote_by_hand(toy: KnowledgeBase) -> None:
    # In-links of Apple Inc.: the pages on the watch, Tim Cook, the iPhone and Cupertino; of Tim
    # Cook: those on the watch, Apple Inc. and Cupertino. Two of seven pages are shared:
    # 1 - (log 4 - log 2) / (log 7 - log 3). Apple, the fruit, shares none.
    links = {link.mention: link for link in EntityRanker(toy, rho=0).link("Tim Cook runs Apple.")}
    assert links["Apple"].title == "Apple Inc."
    related = 1 - math.log(4 / 2) / math.log(7 / 3)
    assert links["Apple"].votes == links["Apple"].coherence == pytest.approx(related)
    # Apple Inc. votes on Tim Cook with its commonness of 4/7, over two candidates.
    assert links["Tim Cook"].votes == pytest.approx(related * 4 / 7 / 2)


def test_long_texts_are_linked_in_windows(kb: KnowledgeBase) -> None:
    text = " ".join([TEXT, *OTHER_TEXTS] * 20)
    links = EntityRanker(kb).link(text)
    assert len(links) > 300
    assert all(text[link.start : link.end] == link.mention for link in links)
    starts = [link.start for link in links]
    assert starts == sorted(set(starts))


@pytest.mark.parametrize("text", ["", " ", "\n", "qqq zzz", "\0\x01\ufffe", "a" * 100_000])
def test_texts_without_entities(kb: KnowledgeBase, text: str) -> None:
    assert EntityRanker(kb).link(text) == []


def test_a_single_mention_has_no_coherence(kb: KnowledgeBase) -> None:
    (link,) = EntityRanker(kb, rho=0).link("Alexander the Great.")
    assert (link.coherence, link.votes) == (0, 0)
    assert link.rho == link.link_probability / 2


def test_settings_are_checked(kb: KnowledgeBase) -> None:
    with pytest.raises(SettingError, match="method is 'magic'"):
        EntityRanker(kb, method="magic")
    with pytest.raises(SettingError, match="rho is 2.0; the largest allowed value is 1"):
        EntityRanker(kb, rho=2.0)
