"""How good links are: links of articles that were held out are predicted and compared.

A knowledge base is built as if a fold of ten of the articles were not written yet. Their own links
then say what their mentions mean: once where the links stand (disambiguation), and once from the
bare text, end to end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.entities.anchors import Shards, is_held_out
from nlp_engine.entities.build import build_from_shards, open_shards
from nlp_engine.entities.calibration import features
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.links import EntityLink
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.entities.settings import KnowledgeBaseSettings
from nlp_engine.progress import Progress, Report, silent
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import ExtractedPage, pages_of
from nlp_engine.wiki.tables import wiki_facts
from nlp_engine.wiki.titles import resolve_redirects

_REDIRECT_COLUMNS = ("title", "kind", "redirect_to")
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class HeldOutPage:
    """An article that the knowledge base has not seen.

    Attributes:
        title: Its title.
        text: Its text.
        links: Start, end and target of its links; redirects are resolved.
    """

    title: str
    text: str
    links: Sequence[tuple[int, int, str]]


@dataclass(slots=True)
class Disambiguation:
    """What became of N held-out links.

    Attributes:
        known: Whether the form has any candidate.
        ambiguous: Whether it has several.
        right: Whether the entity is the link's target.
        probability: As given.
        features: (N, `calibration.FEATURES`) what a calibration needs.
        page: The number of the link's page.
    """

    known: list[bool] = field(default_factory=list)
    ambiguous: list[bool] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    features: list[list[float]] = field(default_factory=list)
    page: list[int] = field(default_factory=list)

    def accuracy(self) -> float:
        """Share of right answers among ambiguous links, 0 to 1."""
        return float(np.mean(np.array(self.right)[np.array(self.ambiguous, bool)]))

    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
        """Features, right and probability of links whose form is known."""
        known = np.array(self.known, bool)
        return (
            np.array(self.features)[known],
            np.array(self.right, bool)[known],
            np.array(self.probability)[known],
        )


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """End to end: what is found with links of at least a value.

    Attributes:
        threshold: The least value.
        precision: Share of the links found that are links of the page, with the same span.
        recall: Share of the page's links that are found.
        f1: Their harmonic mean.
    """

    threshold: float
    precision: float
    recall: float
    f1: float


def held_out_pages(folders: Sequence[Path], fold: int) -> Iterator[HeldOutPage]:
    """The articles of a fold with their links, but for those to disambiguation pages and lists."""
    shards = open_shards(folders)
    lists = re.compile(wiki_facts(shards.language.code).list_title or r"(?!)")
    redirects, disambiguations = _what_is_linked(shards, fold)
    for page in _pages(shards, fold):
        links = []
        for link in page.links:
            target = redirects.get(link.target, link.target)
            if target not in disambiguations and not lists.search(target.lower()):
                links.append((link.start, link.end, target))
        yield HeldOutPage(page.title, page.text, links)


def _pages(shards: Shards, fold: int) -> Iterator[ExtractedPage]:
    for batch in shards.batches():
        pages = pages_of(batch.table, PageKind.ARTICLE)
        yield from (page for page in pages if is_held_out(page.title, fold))


def _what_is_linked(shards: Shards, fold: int) -> tuple[dict[str, str], set[str]]:
    """Of what held-out pages link to: where redirects end, and the disambiguation pages.

    A wiki has many more redirects, which may not fit into memory.
    """
    redirects: dict[str, str] = {}
    disambiguations: set[str] = set()
    wanted = {link.target for page in _pages(shards, fold) for link in page.links}
    while wanted:
        known = len(redirects)
        targets = set[str]()
        for batch in shards.batches(_REDIRECT_COLUMNS):
            rows = zip(*(batch.column(c).to_pylist() for c in _REDIRECT_COLUMNS), strict=True)
            for title, kind, target in rows:
                if title not in wanted:
                    continue
                if kind == PageKind.REDIRECT:
                    redirects[title] = target
                    targets.add(target)
                elif kind == PageKind.DISAMBIGUATION:
                    disambiguations.add(title)
        wanted = targets if len(redirects) > known else set()  # not for ever in a circle
    return resolve_redirects(redirects), disambiguations


def build_without_fold(
    folders: Sequence[Path],
    fold: int,
    out: Path,
    options: Mapping[str, Any],
    *,
    overwrite: bool = False,
    report: Report = silent,
) -> KnowledgeBase:
    """A knowledge base that has not seen a fold of ten of the articles."""
    shards = open_shards(folders, fold=fold)
    chosen = KnowledgeBaseSettings(**options)
    build_from_shards(shards, out, chosen, overwrite=overwrite, report=report)
    return KnowledgeBase.open(out)


def disambiguate(
    ranker: EntityRanker, pages: Sequence[HeldOutPage], *, report: Report = silent
) -> Disambiguation:
    """Predict links where they stand.

    Links to the page itself are left out.
    """
    kb = ranker.kb
    found = Disambiguation()
    for number, page in enumerate(pages):
        wanted = [link for link in page.links if link[2] != page.title]
        links = ranker.link_spans(page.text, [(start, end) for start, end, _ in wanted])
        for (start, end, target), link in zip(wanted, links, strict=True):
            form = kb.form(page.text[start:end]) if link else None
            candidates = 0 if form is None else np.diff(kb.candidate_offsets[form : form + 2])[0]
            found.known.append(link is not None)
            found.ambiguous.append(bool(candidates > 1))
            found.right.append(link is not None and link.title == target)
            found.probability.append(link.probability if link else 0.0)
            found.features.append(_features(link))
            found.page.append(number)
        report(Progress("predicting links", number + 1, len(pages), "documents"))
    return found


def _features(link: EntityLink | None) -> list[float]:
    if link is None:
        return features(0, 0, 0, 0)
    return features(link.score, link.commonness, link.links, link.coherence)


def end_to_end(
    ranker: EntityRanker,
    pages: Sequence[HeldOutPage],
    *,
    value: str = "rho",
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[CurvePoint]:
    """Precision, recall and F1 of links from the bare text, micro-averaged, spans strict.

    A mention counts once a page, as a page links to what it names only where it first does.

    Args:
        ranker: Its own thresholds play no part.
        pages: Held-out pages.
        value: Of the links, by which they are kept.
        thresholds: Its least values.
    """
    values, rights, wanted = list[float](), list[bool](), 0
    for page in pages:
        gold = {(start, end): target for start, end, target in page.links if target != page.title}
        wanted += len(gold)
        seen = set[str]()
        for link in ranker.candidates(page.text):
            is_right = gold.get((link.start, link.end)) == link.title
            if link.title in seen and not is_right:
                continue
            seen.add(link.title)
            values.append(getattr(link, value))
            rights.append(is_right)
    of, right = np.array(values), np.array(rights, bool)
    points = []
    for threshold in thresholds:
        kept = of >= threshold
        hits = int(right[kept].sum())
        precision = hits / max(int(kept.sum()), 1)
        recall = hits / max(wanted, 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        points.append(CurvePoint(threshold, precision, recall, f1))
    return points
