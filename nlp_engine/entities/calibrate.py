"""Calibrating the probabilities of a knowledge base's links on links that are held out."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.entities.calibration import calibration_error, fit, stored
from nlp_engine.entities.evaluation import build_without_fold, disambiguate, held_out_pages
from nlp_engine.entities.knowledge_base import CALIBRATION_FILE, KnowledgeBase
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.entities.settings import METHODS
from nlp_engine.errors import InputError
from nlp_engine.files import new_file
from nlp_engine.manifest import read_manifest, record_file
from nlp_engine.progress import Progress, Report, silent

_FOLD = 9  # of ten; benchmarks look at others
_MOST_PAGES = 20_000
_LEAST_LINKS = 100


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """What a calibration found for a method.

    Attributes:
        links: Held-out links that it was learned from.
        accuracy: Share of them that are right, 0 to 1.
        error_before: Expected calibration error of the scores.
        error: Of the probabilities, on pages that they were not learned from.
    """

    links: int
    accuracy: float
    error_before: float
    error: float


def calibrate_knowledge_base(
    kb: Path | str,
    extracted: Path | str | Sequence[Path | str],
    *,
    report: Report = silent,
) -> dict[str, CalibrationResult]:
    """Learn the probabilities of links, and store them with the knowledge base.

    A knowledge base with the same settings is built without a tenth of the articles, and predicts
    their links. Every method gets its own calibration. The knowledge base's other files stay as
    they are.

    Args:
        kb: The knowledge base's folder.
        extracted: The extracted folder that it was built from, or all of them in the same order.
        report: Told of what is read.

    Returns:
        What was found, by method.

    Raises:
        InputError: The extracted folders are others than those the knowledge base was built from,
            or there are too few links.
    """
    kb = Path(kb)
    folders = [extracted] if isinstance(extracted, str | Path) else list(extracted)
    paths = [Path(folder) for folder in folders]
    opened = KnowledgeBase.open(kb)
    ids = " ".join(read_manifest(path, "extracted").id for path in paths)
    if opened.manifest.parents.get("extracted") != ids:
        raise InputError(
            f"{kb} was not built from {', '.join(map(str, paths))}; give the folders that it was "
            "built from, all of them in the same order"
        )
    options = {name: value for name, value in opened.manifest.settings.items() if name != "engine"}
    with tempfile.TemporaryDirectory(prefix=".calibration-", dir=kb.parent) as scratch:
        held_out = build_without_fold(paths, _FOLD, Path(scratch, "kb"), options, report=report)
        report(Progress("reading pages", 0, None, "documents"))
        pages = list(islice(held_out_pages(paths, _FOLD), _MOST_PAGES))
        results, weights = {}, {}
        for method in METHODS:
            ranker = EntityRanker(held_out, method=method)
            links = disambiguate(ranker, pages, report=report)
            rows, right, score = links.arrays()
            if len(rows) < _LEAST_LINKS:
                raise InputError(
                    f"{paths[0]} has {len(rows)} links to learn from in a tenth of its articles; "
                    f"at least {_LEAST_LINKS} are needed"
                )
            page = np.array(links.page)[np.array(links.known, bool)]
            halves = page % 2 == 0
            results[method] = CalibrationResult(
                links=len(rows),
                accuracy=float(right.mean()),
                error_before=calibration_error(score, right),
                error=float(np.mean([
                    _error(rows, right, half) for half in (halves, ~halves)
                ])),
            )  # fmt: skip
            weights[method] = stored(fit(rows, right), links=len(rows))
    with new_file(kb / CALIBRATION_FILE, overwrite=True) as path:
        path.write_text(json.dumps(weights, indent=2) + "\n", encoding="utf-8")
    record_file(kb, CALIBRATION_FILE)
    return results


def _error(rows: NDArray[np.float64], right: NDArray[np.bool_], half: NDArray[np.bool_]) -> float:
    """The error on one half of what was learned from the other."""
    learned = fit(rows[~half], right[~half])
    return calibration_error(learned.of_rows(rows[half]), right[half])
