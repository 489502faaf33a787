"""Probabilities of links become what they say: on a wiki whose truth is known, and a real one."""

from __future__ import annotations

import json
import math
import random
import shutil
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from nlp_engine.demo import DemoResult
from nlp_engine.entities.calibrate import CalibrationResult
from nlp_engine.entities.calibrate import calibrate_knowledge_base as calibrate
from nlp_engine.entities.calibration import FEATURES, Calibration, calibration_error, features, fit
from nlp_engine.entities.evaluation import build_without_fold, held_out_pages
from nlp_engine.entities.knowledge_base import CALIBRATION_FILE, KnowledgeBase
from nlp_engine.entities.links import EntityLink
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.entities.settings import METHODS
from nlp_engine.errors import InputError
from nlp_engine.manifest import read_manifest
from nlp_engine.wiki.extract import extract_dumps
from tests.conftest import TOY_PAGES, make_dump

FIRST = 0.8  # how often a word means the first of its two pages, whatever stands around it
FOLD = 3  # not the one that calibrations learn from


def word(number: int) -> str:
    return "".join("bcdfghjklm"[int(d)] + "aeiou"[int(d) % 5] for d in f"{number:04}")


def random_wiki(pages: int = 1000, words: int = 1200, links: int = 8) -> dict[str, str]:
    """Every word is a link some seven times, so its counts say little about its two meanings."""
    rng = random.Random(0)
    found = {}
    for page in range(pages):
        anchors = []
        for number in rng.sample(range(words), links):
            meaning = "first" if rng.random() < FIRST else "second"
            anchors.append(f"[[{word(number).title()} ({meaning})|{word(number)}]]")
        found[f"Page {word(page)}"] = " and ".join(anchors) + "."
    return found


def extract(folder: Path, pages: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "dump.xml").write_bytes(make_dump(pages))
    extract_dumps([folder / "dump.xml"], folder / "extracted")
    return folder / "extracted"


@dataclass(frozen=True)
class Calibrated:
    """The random wiki without a fold, calibrated."""

    extracted: Path
    before: KnowledgeBase
    kb: KnowledgeBase
    results: dict[str, CalibrationResult]


@pytest.fixture(scope="module")
def wiki(tmp_path_factory: pytest.TempPathFactory) -> Calibrated:
    folder = tmp_path_factory.mktemp("random")
    extracted = extract(folder, random_wiki())
    before = build_without_fold([extracted], FOLD, folder / "before", {})
    shutil.copytree(folder / "before", folder / "kb")
    results = calibrate(folder / "kb", extracted)
    return Calibrated(extracted, before, KnowledgeBase.open(folder / "kb"), results)


def unseen_links(kb: KnowledgeBase, extracted: Path, method: str) -> list[tuple[EntityLink, str]]:
    """Links of pages that the knowledge base has not seen, with their targets."""
    ranker = EntityRanker(kb, method=method)
    return [
        (link, target)
        for page in held_out_pages([extracted], FOLD)
        for link, (_, _, target) in zip(
            ranker.link_spans(page.text, [(start, end) for start, end, _ in page.links]),
            page.links,
            strict=True,
        )
        if link is not None
    ]


def plain_error(values: Sequence[float], right: Sequence[bool], bins: int) -> float:
    """Mean distance of what is said and what is so, over bins of what is said."""
    by_bin: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for value, is_right in zip(values, right, strict=True):
        by_bin[min(int(value * bins), bins - 1)].append((value, is_right))
    distances = [
        abs(sum(value for value, _ in rows) - sum(is_right for _, is_right in rows))
        for rows in by_bin.values()
    ]
    return sum(distances) / len(values)


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_are_near_the_truth(wiki: Calibrated, method: str) -> None:
    links = [link for link, _ in unseen_links(wiki.kb, wiki.extracted, method)]
    truth = [FIRST if link.title.endswith("(first)") else 1 - FIRST for link in links]
    assert len(links) > 400
    off = [abs(link.score - true) for link, true in zip(links, truth, strict=True)]
    left = [abs(link.probability - true) for link, true in zip(links, truth, strict=True)]
    assert np.mean(left) < np.mean(off) / 2


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_agree_with_how_often_links_are_right(wiki: Calibrated, method: str) -> None:
    links = unseen_links(wiki.kb, wiki.extracted, method)
    right = [link.title == target for link, target in links]
    before = plain_error([link.score for link, _ in links], right, 10)
    after = plain_error([link.probability for link, _ in links], right, 10)
    assert after < before / 2


def test_the_real_sample(demo: DemoResult, tmp_path: Path) -> None:
    """It is small: ten of its pages give some 500 links; all the same it gains."""
    extracted = demo.folder / "extracted"
    kb = build_without_fold([extracted], FOLD, tmp_path / "kb", {})
    results = calibrate(kb.folder, extracted)
    for method in METHODS:
        links = unseen_links(KnowledgeBase.open(kb.folder), extracted, method)
        right = [link.title == target for link, target in links]
        before = plain_error([link.score for link, _ in links], right, 10)
        after = plain_error([link.probability for link, _ in links], right, 10)
        assert after < before
        assert results[method].error < results[method].error_before


def test_what_is_reported(wiki: Calibrated) -> None:
    assert list(wiki.results) == list(METHODS)
    for method, result in wiki.results.items():
        assert result.links > 300
        assert result.error < result.error_before
        held = unseen_links(wiki.kb, wiki.extracted, method)
        accuracy = np.mean([link.title == target for link, target in held])
        # Another tenth of the pages: as right as these, but for chance.
        assert result.accuracy == pytest.approx(accuracy, abs=0.06)


def test_the_knowledge_base_stays_what_it_is(wiki: Calibrated) -> None:
    before, after = wiki.before.folder, wiki.kb.folder
    assert wiki.kb.manifest.id == wiki.before.manifest.id
    assert CALIBRATION_FILE in [record.name for record in wiki.kb.manifest.files]
    names = {path.name for path in before.iterdir()}
    assert {path.name for path in after.iterdir()} == names | {CALIBRATION_FILE}
    for name in names - {"manifest.json"}:
        assert (before / name).read_bytes() == (after / name).read_bytes()
    assert [path.name for path in after.parent.iterdir() if path.name.startswith(".")] == []
    assert wiki.before.calibration() is None
    stored = json.loads((after / CALIBRATION_FILE).read_text())
    assert stored == wiki.kb.calibration()
    assert list(stored) == list(METHODS)
    assert [list(of["weights"]) for of in stored.values()] == [list(FEATURES)] * len(METHODS)
    assert [of["links"] for of in stored.values()] == [r.links for r in wiki.results.values()]


def test_calibrating_again_gives_the_same(wiki: Calibrated) -> None:
    stored = wiki.kb.calibration()
    assert calibrate(wiki.kb.folder, [wiki.extracted]) == wiki.results
    again = KnowledgeBase.open(wiki.kb.folder)
    assert again.calibration() == stored
    assert [record.name for record in again.manifest.files].count(CALIBRATION_FILE) == 1


@pytest.mark.parametrize("method", METHODS)
def test_the_ranker_uses_what_is_stored(wiki: Calibrated, method: str) -> None:
    text = " ".join(page.text for page in held_out_pages([wiki.extracted], FOLD))[:2000]
    stored = wiki.kb.calibration()
    assert stored is not None
    weights = stored[method]["weights"]
    before = EntityRanker(wiki.before, method=method, rho=0).link(text)
    after = EntityRanker(wiki.kb, method=method, rho=0).link(text)
    assert len(after) == len(before) > 3
    for old, new in zip(before, after, strict=True):
        assert old.probability == old.score == new.score, "not calibrated"

        def logit(share: float) -> float:
            share = min(max(share, 1e-6), 1 - 1e-6)
            return math.log(share) - math.log(1 - share)

        weighted = (
            weights["bias"]
            + weights["score"] * logit(new.score)
            + weights["commonness"] * logit(new.commonness)
            + weights["links"] * math.log(new.links + 1)
            + weights["coherence"] * new.coherence
        )
        assert new.probability == pytest.approx(1 / (1 + math.exp(-weighted)), abs=1e-9)
    least = sorted(link.probability for link in after)[len(after) // 2]
    kept = EntityRanker(wiki.kb, method=method, rho=0, min_probability=least).link(text)
    assert kept == [link for link in after if link.probability >= least] != after


def test_other_folders_are_refused(wiki: Calibrated, demo: DemoResult, tmp_path: Path) -> None:
    other = demo.folder / "extracted"
    with pytest.raises(InputError) as error:
        calibrate(wiki.kb.folder, other)
    assert f"was not built from {other}; give the folders that it was built from" in str(
        error.value
    )
    stored = (wiki.kb.folder / CALIBRATION_FILE).read_bytes()
    more = extract(tmp_path / "more", {"Cocoa": "[[bacoda]]"})
    both = KnowledgeBase.build([wiki.extracted, more], tmp_path / "both").folder
    for wrong in ([wiki.extracted], [more], [more, wiki.extracted]):
        with pytest.raises(InputError, match="all of them in the same order"):
            calibrate(both, wrong)
    assert not (both / CALIBRATION_FILE).exists()
    ids = [read_manifest(folder, "extracted").id for folder in (wiki.extracted, more)]
    assert read_manifest(both, "knowledge base").parents["extracted"].split() == ids
    assert calibrate(both, [wiki.extracted, more])["collective"].links > 400
    assert (wiki.kb.folder / CALIBRATION_FILE).read_bytes() == stored


def test_too_few_links_are_refused(tmp_path: Path) -> None:
    extracted = extract(tmp_path / "toy", TOY_PAGES)
    kb = KnowledgeBase.build(extracted, tmp_path / "kb").folder
    with pytest.raises(InputError) as error:
        calibrate(kb, extracted)
    held_out = [title for title in TOY_PAGES if zlib.crc32(title.encode()) % 10 == 9]
    assert held_out == ["Apple Watch", "Apple Inc.", "Tim Cook"]
    # They link ten times, each with a form that another page's link or a title makes known.
    assert str(error.value) == (
        f"{extracted} has 10 links to learn from in a tenth of its articles; "
        "at least 100 are needed"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kb", "toy"]
    assert read_manifest(kb, "knowledge base").files
    assert KnowledgeBase.open(kb).calibration() is None


def test_calibration_error_by_hand() -> None:
    probability = np.array([0.05, 0.05, 0.42, 0.96, 1.0])
    right = np.array([False, True, False, True, True])
    # Of ten bins, two say 0.05 where 0.5 are right, one 0.42 where none is, two 0.98 where all are.
    expected = (2 * 0.45 + 0.42 + 2 * 0.02) / 5
    assert calibration_error(probability, right, bins=10) == pytest.approx(expected)
    assert calibration_error(np.array([]), np.array([], bool)) == 0
    assert calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0
    assert calibration_error(np.array([1.0, 0.0]), np.array([False, True])) == 1


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1), st.integers(1, 20))
def test_calibration_error_agrees_with_a_plain_count(
    rows: list[tuple[float, bool]], bins: int
) -> None:
    values, right = zip(*rows, strict=True)
    error = calibration_error(np.array(values), np.array(right), bins)
    assert error == pytest.approx(plain_error(values, right, bins), abs=1e-12)


def simulated(
    weights: Sequence[float], count: int, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Links whose chance to be right is what the weights say."""
    rng = np.random.default_rng(seed)
    rows = np.array([
        features(*row)
        for row in zip(
            rng.uniform(0.05, 1, count), rng.uniform(0.05, 1, count),
            rng.integers(1, 200, count), rng.uniform(0, 1, count), strict=True,
        )
    ])  # fmt: skip
    return rows, rng.random(count) < 1 / (1 + np.exp(-rows @ np.array(weights)))


def test_fit_recovers_known_weights() -> None:
    weights = [-1.0, 0.8, 0.3, 0.2, 1.5]
    rows, right = simulated(weights, 200_000)
    assert fit(rows, right).weights == pytest.approx(weights, abs=0.08)


@pytest.mark.parametrize("count", [12, 200, 5000])
def test_fit_agrees_with_scikit_learn(count: int) -> None:
    rows, right = simulated([-1.0, 0.8, 0.3, 0.2, 1.5], count, seed=count)
    peer = LogisticRegression(C=1 / 1e-3, fit_intercept=False, tol=1e-10, max_iter=10_000)
    peer.fit(rows, right)
    learned = fit(rows, right)
    assert learned.weights == pytest.approx(peer.coef_[0], rel=1e-3, abs=1e-3)
    assert learned.of_rows(rows) == pytest.approx(peer.predict_proba(rows)[:, 1], abs=1e-4)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1), st.floats(0, 1), st.integers(0, 10**6), st.floats(0, 1), st.booleans()
        ),
        min_size=1,
        max_size=30,
    )
)
def test_fit_finds_the_best_weights_of_any_links(
    links: list[tuple[float, float, int, float, bool]],
) -> None:
    """Also where all are right, or a value tells them apart: nothing nearby is better."""
    rows = np.array([features(*link[:4]) for link in links])
    right = np.array([link[4] for link in links])
    weights = np.array(fit(rows, right).weights)

    def loss(at: NDArray[np.float64]) -> float:
        signed = np.where(right, -1.0, 1.0) * (rows @ at)
        return float(np.logaddexp(0, signed).sum() + 0.5e-3 * at @ at)

    assert np.isfinite(weights).all()
    best = loss(weights)
    assert best <= loss(np.zeros(len(FEATURES))) + 1e-9
    for step in (*np.eye(len(FEATURES)), *-np.eye(len(FEATURES))):
        for size in (1e-2, 0.3):
            assert best <= loss(weights + size * step) + 1e-6


def test_a_calibration_of_one_link_and_of_many_agree() -> None:
    calibration = Calibration([-1.0, 0.8, 0.3, 0.2, 1.5])
    links = [(0.5, 0.5, 1, 0.0), (1.0, 0.0, 10**9, 1.0), (0.0, 1.0, 0, 0.3)]
    one_by_one = [calibration(*link) for link in links]
    assert one_by_one[0] == pytest.approx(1 / (1 + math.exp(1 - 0.2 * math.log(2))))
    rows = np.array([features(*link) for link in links])
    assert one_by_one == pytest.approx(calibration.of_rows(rows).tolist())
    assert Calibration()(0.7, 0.1, 5, 0.2) == 0.7, "without a calibration it is the score"
