"""Links that are held out, on four small wikis: a tenth of the articles, three times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nlp_engine.entities.calibrate import calibrate_knowledge_base
from nlp_engine.entities.calibration import Calibration, calibration_error
from nlp_engine.entities.evaluation import (
    CurvePoint,
    Disambiguation,
    HeldOutPage,
    build_without_fold,
    disambiguate,
    end_to_end,
    held_out_pages,
)
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.wiki.extract import extract_dumps

WIKIS = ("gd", "vls", "ekopedia", "es_vital")
FOLDS = (0, 1, 2)
# TAGME leaves mentions without votes alone, which would count as errors here.
METHODS = {
    "commonness": {"method": "commonness"},
    "tagme": {"method": "tagme", "link_without_votes": True},
    "collective": {"method": "collective"},
}
_RESAMPLES = 1000


@dataclass(slots=True)
class WikiResult:
    """What was found on one wiki, over all folds.

    Attributes:
        links: Held-out links whose form is known, and how many of them are ambiguous.
        accuracy: Of the ambiguous ones, by method, times 100.
        gain: Of `collective` over `commonness`: mean and 95 % interval over documents.
        error_before: Calibration error of collective's scores.
        error: After `kb calibrate`.
        curve: End to end, by least rho.
    """

    links: tuple[int, int] = (0, 0)
    accuracy: dict[str, float] = field(default_factory=dict)
    gain: tuple[float, float, float] = (0.0, 0.0, 0.0)
    error_before: float = 0.0
    error: float = 0.0
    curve: list[CurvePoint] = field(default_factory=list)


def extracted(wiki: str, data: Path, cache: Path) -> Path:
    """The wiki's extracted folder, made at the first call."""
    folder = cache / "entities" / wiki / "extracted"
    if not (folder / "manifest.json").exists():
        dump = data / "dumps" / "packed" / f"{wiki}-pages-articles.xml.bz2"
        extract_dumps([dump], folder, overwrite=True)
    return folder


def knowledge_base(wiki: str, data: Path, cache: Path, fold: int | None = None) -> KnowledgeBase:
    """The wiki's knowledge base, of all pages or without a fold, made anew at each call."""
    source = extracted(wiki, data, cache)
    folder = cache / "entities" / wiki / ("kb" if fold is None else f"kb-{fold}")
    if fold is None:
        return KnowledgeBase.build(source, folder, overwrite=True)
    return build_without_fold([source], fold, folder, {}, overwrite=True)


def measure(wiki: str, data: Path, cache: Path) -> WikiResult:
    """Predict the links of three folds."""
    result = WikiResult()
    source = extracted(wiki, data, cache)
    whole = knowledge_base(wiki, data, cache)
    calibrate_knowledge_base(whole.folder, source)
    calibration = Calibration.of(whole.calibration(), "collective")
    found: dict[str, list[Disambiguation]] = {name: [] for name in METHODS}
    curves = []
    for fold in FOLDS:
        kb = knowledge_base(wiki, data, cache, fold)
        pages = list(held_out_pages([source], fold))
        for name, options in METHODS.items():
            found[name].append(disambiguate(EntityRanker(kb, **options), pages))
        curves.append(end_to_end(EntityRanker(kb), _sample(pages)))
    ambiguous = np.concatenate([np.array(d.ambiguous, bool) for d in found["collective"]])
    known = np.concatenate([np.array(d.known, bool) for d in found["collective"]])
    right = {
        name: np.concatenate([np.array(d.right, bool) for d in parts])
        for name, parts in found.items()
    }
    result.links = int(known.sum()), int(ambiguous.sum())
    result.accuracy = {name: 100 * float(own[ambiguous].mean()) for name, own in right.items()}
    pages_of = np.concatenate(
        [np.array(d.page) + 1_000_000 * i for i, d in enumerate(found["collective"])]
    )
    difference = right["collective"].astype(float) - right["commonness"]
    result.gain = _interval(difference[ambiguous], pages_of[ambiguous])
    rows, hits, scores = zip(*(d.arrays() for d in found["collective"]), strict=True)
    hit = np.concatenate(hits)
    result.error_before = calibration_error(np.concatenate(scores), hit)
    result.error = calibration_error(calibration.of_rows(np.concatenate(rows)), hit)
    result.curve = [
        CurvePoint(points[0].threshold, *(float(np.mean([getattr(p, name) for p in points]))
                                          for name in ("precision", "recall", "f1")))
        for points in zip(*curves, strict=True)
    ]  # fmt: skip
    return result


def _sample(pages: Sequence[HeldOutPage], most: int = 300) -> Sequence[HeldOutPage]:
    return pages[:: max(1, len(pages) // most)]


def _interval(difference: np.ndarray, page: np.ndarray) -> tuple[float, float, float]:
    """Mean gain and its 95 % interval, documents drawn with replacement, times 100."""
    _, number = np.unique(page, return_inverse=True)
    sums, counts = np.bincount(number, difference), np.bincount(number)
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(sums), (_RESAMPLES, len(sums)))
    means = 100 * sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return 100 * float(difference.mean()), float(low), float(high)


def table(data: Path, cache: Path) -> None:
    """Print all wikis."""
    results = {wiki: measure(wiki, data, cache) for wiki in WIKIS}
    print(f"| held-out links | {' | '.join(WIKIS)} | mean |")
    print("|---" * (len(WIKIS) + 2) + "|")
    known = " | ".join(f"{r.links[0]:,} ({r.links[1]:,})" for r in results.values())
    print(f"| links with a known form (ambiguous) | {known} | |")
    for name in METHODS:
        values = [r.accuracy[name] for r in results.values()]
        cells = " | ".join(f"{value:.2f}" for value in values)
        print(f"| {name}, accuracy on ambiguous links | {cells} | {np.mean(values):.2f} |")
    gains = " | ".join("{:+.1f} ({:+.1f} to {:+.1f})".format(*r.gain) for r in results.values())
    print(f"| collective less commonness (95 % interval) | {gains} | |")
    for name in ("error_before", "error"):
        label = "calibration error, " + ("scores" if name == "error_before" else "calibrated")
        print(f"| {label} | {' | '.join(f'{getattr(r, name):.3f}' for r in results.values())} | |")
    print("\n| end to end, at least rho | " + " | ".join(WIKIS) + " |")
    print("|---" * (len(WIKIS) + 1) + "|")
    for points in zip(*(r.curve for r in results.values()), strict=True):
        cells = " | ".join(
            f"{100 * p.precision:.0f} / {100 * p.recall:.0f} / {100 * p.f1:.0f}" for p in points
        )
        print(f"| {points[0].threshold:.1f} (precision / recall / F1) | {cells} |")
