"""Links agree with the published formulas, written out plainly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nlp_engine.demo import TEXT, DemoResult
from nlp_engine.entities.forms import form_key, tokens
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.links import EntityLink
from nlp_engine.entities.ranking import EntityRanker
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


def plain_relatedness(kb: KnowledgeBase, a: int, b: int, min_shared: int = 1) -> float:
    if a == b:
        return 1.0
    first, second = set(kb.in_links(a).tolist()), set(kb.in_links(b).tolist())
    shared = len(first & second)
    if shared < min_shared:
        return 0.0
    sizes = sorted((len(first), len(second)))
    far = math.log(sizes[1]) - math.log(shared)
    scale = math.log(kb.articles) - math.log(sizes[0])
    return max(0.0, 1 - far / scale) if scale else float(far == 0)


@dataclass
class Switches:
    """TAGME's switches; the defaults are the paper's."""

    epsilon: float = 0.3
    by_rank: bool = False
    tau: float = 0.02
    tau_for_votes: bool = False
    divide: bool = True
    min_shared: int = 1
    min_links: int = 0
    without_votes: bool = False
    window: int = 30
    direct: bool = False


JAVA = Switches(
    epsilon=0.15, tau=0.002, tau_for_votes=True, divide=False, min_shared=2, min_links=2,
    without_votes=True, window=10,
)  # fmt: skip


def plain_tagme(
    kb: KnowledgeBase, text: str, switches: Switches
) -> list[tuple[str, str, float, float, float]]:
    """(mention, title, votes, coherence, rho) by the published formulas; short texts only."""
    mentions = spot(text, kb, 0.02)
    forms = list(dict.fromkeys(mention.form for mention in mentions))
    candidates: dict[int, list[tuple[int, float]]] = {}
    for form in forms:
        begin, end = kb.candidate_offsets[form : form + 2]
        rows = zip(
            kb.candidate_entities[begin:end].tolist(),
            kb.candidates(form)[1].tolist(),
            kb.candidate_counts[begin:end].tolist(),
            strict=True,
        )
        kept = [(entity, common) for entity, common, count in rows if count >= switches.min_links]
        total = sum(common for _, common in kept[:30])
        candidates[form] = [(entity, common / total) for entity, common in kept[:30]]

    def related(a: int, b: int) -> float:
        if switches.direct:
            linked = b in kb.in_links(a).tolist() or a in kb.in_links(b).tolist()
            return float(a == b or linked)
        return plain_relatedness(kb, a, b, switches.min_shared)

    def vote(form: int, entity: int) -> float:
        sum_ = sum(
            related(entity, other) * common
            for other, common in candidates[form]
            if common >= switches.tau or not switches.tau_for_votes
        )
        return sum_ / len(candidates[form]) if switches.divide and candidates[form] else sum_

    def around(form: int) -> list[int]:
        at, n, w = forms.index(form), len(forms), switches.window
        begin, end = 0, n
        if n > 2 * w:
            begin = min(max(at - w // 2, 0), n - 1 - w)
            end = begin + w + 1
        return [f for f in forms[begin:end] if f != form]

    chosen: dict[int, tuple[int, float]] = {}
    for form in forms:
        votes = {e: sum(vote(f, e) for f in around(form)) for e, _ in candidates[form]}
        allowed = {e: c for e, c in candidates[form] if c >= switches.tau}
        allowed = allowed or dict(candidates[form][:1])
        if not allowed:
            continue
        best = max(votes[e] for e in allowed)
        if best == 0 and len(allowed) > 1 and not switches.without_votes:
            continue
        if switches.by_rank:
            ranked = sorted(allowed, key=lambda e: -votes[e])
            close = ranked[: max(1, math.ceil(switches.epsilon * len(ranked)))]
        else:
            close = [
                e for e in allowed
                if best == 0 or votes[e] == best or (best - votes[e]) / best < switches.epsilon
            ]  # fmt: skip
        entity = max((e for e in allowed if e in close), key=lambda e: allowed[e])
        chosen[form] = (entity, votes[entity])
    found = []
    for mention in mentions:
        if mention.form not in chosen:
            continue
        entity, votes_ = chosen[mention.form]
        others = [chosen[form][0] for form in around(mention.form) if form in chosen]
        coherence = (
            sum(plain_relatedness(kb, entity, o, switches.min_shared) for o in others) / len(others)
            if others
            else 0.0
        )
        rho = (mention.link_probability + coherence) / 2
        surface = text[mention.start : mention.end]
        found.append((surface, kb.title(entity), votes_, coherence, rho))
    return found


def as_rows(links: list[EntityLink]) -> list[tuple[str, str, float, float, float]]:
    return [(x.mention, x.title, x.votes, x.coherence, x.rho) for x in links]


OTHER_TEXTS = [
    "Apollo and Artemis, children of Zeus, helped Troy against Achilles.",
    "The state of Alabama borders Georgia, Florida and Tennessee in the United States.",
    "Anarchism opposes the state; Karl Marx, Proudhon and Bakunin argued about socialism.",
]


TAGME: dict[str, tuple[dict[str, Any], Switches]] = {
    "paper": ({}, Switches()),
    "java": ({"preset": "java"}, JAVA),
    "by rank": ({"epsilon_by": "rank"}, Switches(by_rank=True)),
    "direct links": ({"relatedness": "direct_links"}, Switches(direct=True)),
    "small window": ({"window": 4}, Switches(window=4)),
    "java, epsilon of the paper": ({"preset": "java", "epsilon": 0.3}, replace(JAVA, epsilon=0.3)),
    "no tau": ({"tau": 0.0, "link_without_votes": True}, Switches(tau=0.0, without_votes=True)),
}


@pytest.mark.parametrize("text", [TEXT, *OTHER_TEXTS, " ".join([TEXT, *OTHER_TEXTS])])
@pytest.mark.parametrize("name", TAGME)
def test_tagme_agrees_with_the_published_formulas(kb: KnowledgeBase, name: str, text: str) -> None:
    options, switches = TAGME[name]
    ranker = EntityRanker(kb, method="tagme", **{"rho": 0.0} | options)
    links = ranker.link(text)
    expected = plain_tagme(kb, text, switches)
    assert len(links) == len(expected)
    assert name in ("java", "direct links") or len(links) > 2
    for got, want in zip(as_rows(links), expected, strict=True):
        assert got[:2] == want[:2]
        assert got[2:] == pytest.approx(want[2:], abs=1e-6)


def test_presets_have_their_own_thresholds(kb: KnowledgeBase) -> None:
    for preset, rho in (("paper", 0.2), ("java", 0.1)):
        ranker = EntityRanker(kb, method="tagme", preset=preset)
        every = EntityRanker(kb, method="tagme", preset=preset, rho=0.0).link(TEXT)
        assert ranker.link(TEXT) == [link for link in every if link.rho >= rho]


def plain_collective(kb: KnowledgeBase, text: str) -> dict[str, dict[str, float]]:
    """Title and share of the candidates by form, by the rule as it is written down."""
    mentions = spot(text, kb, 0.02)
    forms = list(dict.fromkeys(mention.form for mention in mentions))
    positions = {f: [i for i, m in enumerate(mentions) if m.form == f] for f in forms}
    in_links = {}
    prior: dict[int, dict[int, float]] = {}
    for form in forms:
        begin, end = kb.candidate_offsets[form : form + 2]
        entities = kb.candidate_entities[begin:end].tolist()[:30]
        counts = kb.candidate_counts[begin:end].tolist()[:30]
        for entity in entities:
            in_links[entity] = set(kb.in_links(entity).tolist())
        if sum(kb.candidate_counts[begin:end].tolist()):
            weights = [
                count + 0.1 + 2 * (form_key(kb.title(entity), kb.language) == kb.form_key(form))
                for entity, count in zip(entities, counts, strict=True)
            ]
        else:
            weights = [(len(in_links[entity]) + 1) ** 0.1 for entity in entities]
        prior[form] = {e: w / sum(weights) for e, w in zip(entities, weights, strict=True)}

    def near(a: int, b: int) -> bool:
        gap = min(abs(i - positions[b][0]) for i in positions[a])
        return min(gap, min(abs(i - positions[a][0]) for i in positions[b])) <= 30

    def words(entity: int, form: int) -> set[str]:
        title = {token.key for token in tokens(kb.title(entity), kb.language)}
        return title - set(kb.form_key(form).split())

    def related(a: int, form_a: int, b: int, form_b: int) -> float:
        if a == b:
            return 0.5
        sizes = [max(len(in_links[a]), 1), max(len(in_links[b]), 1)]
        sum_ = len(in_links[a] & in_links[b]) / math.sqrt(sizes[0] * sizes[1])
        if b in in_links[a] or a in in_links[b]:
            most = max(len(in_links[a]), len(in_links[b]))
            sum_ += max(0.0, 1 - math.log(most + 2) / math.log(kb.articles))
        mine, others = words(a, form_a), words(b, form_b)
        if mine & others:
            sum_ += 0.1 * len(mine & others) / math.sqrt(len(mine) * len(others))
        return sum_

    q = prior
    for _ in range(2):
        votes = {
            form: {
                e: sum(
                    share * related(e, form, e2, other)
                    for other in forms
                    if other != form and near(form, other)
                    for e2, share in q[other].items()
                )
                for e in prior[form]
            }
            for form in forms
        }
        q = {}
        for form in forms:
            raw = {e: prior[form][e] * (0.15 + votes[form][e]) for e in prior[form]}
            q[form] = {e: value / sum(raw.values()) for e, value in raw.items()}
    return {
        kb.form_key(form): {kb.title(e): share for e, share in q[form].items()} for form in forms
    }


@pytest.mark.parametrize("text", [TEXT, *OTHER_TEXTS, " ".join([TEXT, *OTHER_TEXTS])])
def test_the_collective_rule_is_what_is_written_down(kb: KnowledgeBase, text: str) -> None:
    expected = plain_collective(kb, text)
    explained = EntityRanker(kb, rho=0.0).explain(text)
    assert len(explained) > 3
    for explanation in explained:
        link = explanation.link
        want = expected[form_key(link.mention, kb.language)]
        got = {link.title: link.score} | dict(explanation.others)
        assert got == pytest.approx(want, abs=1e-5)
        assert want[link.title] == max(want.values())


@pytest.mark.parametrize("method", ["collective", "tagme"])
def test_explanations_add_up(kb: KnowledgeBase, method: str) -> None:
    explained = EntityRanker(kb, method=method, rho=0.0).explain(TEXT, votes=10_000)
    assert any(explanation.votes for explanation in explained)
    for explanation in explained:
        values = [vote.value for vote in explanation.votes]
        assert values == sorted(values, reverse=True)
        assert sum(values) == pytest.approx(explanation.link.votes, abs=1e-5)


def test_spans_of_another_tool(kb: KnowledgeBase) -> None:
    text = "Plato met Zork in Athens."
    spans = [(0, 5), (10, 14), (18, 24)]
    plato, zork, athens = EntityRanker(kb).link_spans(text, spans)
    assert zork is None
    assert plato is not None
    assert athens is not None
    assert (plato.title, plato.start, plato.end) == ("Plato", 0, 5)
    assert (athens.title, athens.mention) == ("Athens", "Athens")


def test_workers_change_nothing(kb: KnowledgeBase) -> None:
    ranker = EntityRanker(kb)
    texts = [TEXT, *OTHER_TEXTS, ""] * 50
    one = list(ranker.link_all(iter(texts)))
    assert one == list(ranker.link_all(iter(texts), workers=3))
    assert len(one) == len(texts)


def test_a_similarity_function_can_turn_the_choice(kb: KnowledgeBase) -> None:
    def civil_war(ranker: EntityRanker) -> str:
        return {link.mention: link.title for link in ranker.link(TEXT)}["Civil War"]

    explained = {e.link.mention: e for e in EntityRanker(kb, rho=0.0).explain(TEXT)}
    other = explained["Civil War"].others[0][0]
    assert civil_war(EntityRanker(kb, rho=0.0)) == "American Civil War" != other

    def prefers_another(text: str, titles: Sequence[str]) -> NDArray[np.float64]:
        assert "Civil War" in text
        return np.array([float(title == other) for title in titles])

    for weight, expected in ((0.0, "American Civil War"), (50.0, other)):
        ranker = EntityRanker(kb, rho=0.0, similarity=prefers_another, similarity_weight=weight)
        assert civil_war(ranker) == expected


def test_links_below_a_probability_mean_nothing_known(kb: KnowledgeBase) -> None:
    every = EntityRanker(kb, rho=0.0).link(TEXT)
    sure = EntityRanker(kb, rho=0.0, min_probability=0.9).link(TEXT)
    assert sure == [link for link in every if link.probability >= 0.9]
    assert 0 < len(sure) < len(every)


def test_ten_megabytes(kb: KnowledgeBase) -> None:
    text = (" ".join([TEXT, *OTHER_TEXTS]) + "\n\0\x1b\u200b" + "x" * 700) * 9_000
    assert len(text) > 10_000_000
    last = EntityRanker(kb).link(text)[-1]
    assert text[last.start : last.end] == last.mention


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
    ranker = EntityRanker(toy, method="tagme", rho=0)
    links = {link.mention: link for link in ranker.link("Tim Cook runs Apple.")}
    assert links["Apple"].title == "Apple Inc."
    related = 1 - math.log(4 / 2) / math.log(7 / 3)
    assert links["Apple"].votes == pytest.approx(related)
    assert links["Apple"].coherence == pytest.approx(related)
    # Apple Inc. votes on Tim Cook with its commonness of 4/6, over two candidates.
    assert links["Tim Cook"].votes == pytest.approx(related * 4 / 6 / 2)


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


@pytest.mark.parametrize(
    "option",
    [
        {"preset": "java"}, {"epsilon": 0.3}, {"epsilon_by": "rank"}, {"tau": 0.0},
        {"tau_for_votes": False}, {"divide_votes": True}, {"relatedness": "direct_links"},
        {"link_without_votes": False},
    ],
)  # fmt: skip
def test_options_of_tagme_are_refused_with_other_methods(
    kb: KnowledgeBase, option: dict[str, Any]
) -> None:
    (name,) = option
    EntityRanker(kb, method="tagme", **option)
    for method in ("collective", "commonness"):
        message = f"{name} is a setting of the method tagme, and the method is {method}; choose"
        with pytest.raises(SettingError, match=message):
            EntityRanker(kb, method=method, **option)
