"""The page of a vectors folder: settings, loss, evaluation, neighbours, a map of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlp_engine.embeddings.evaluation import Evaluation, read_eval_json
from nlp_engine.embeddings.evaluation.analogies import AnalogyResult, AnalogyScore
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import require
from nlp_engine.manifest import read_manifest, record_file
from nlp_engine.reports.loss_curve import loss_curve_svg
from nlp_engine.reports.page import FILE_NAME, shown_settings, write_page
from nlp_engine.reports.word_map import content_words, word_map_svg

_SAMPLE_WORDS = 16
_FIRST_SAMPLE = 20  # more frequent words are mostly function words, of four letters too
_NEIGHBOURS = 6


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A word, its place by frequency from 1, and the nearest words with their cosines."""

    word: str
    rank: int
    nearest: Sequence[tuple[str, float]]


def write_vectors_report(folder: Path | str) -> None:
    """Write `report.html` into a finished vectors folder, and record it in the manifest.

    Raises:
        InputError: There is no such folder, or a file in it is damaged.
        MissingExtraError: The extra `reports` is not installed.
    """
    for module in ("jinja2", "matplotlib", "sklearn", "threadpoolctl"):
        require(module, "reports")
    folder = Path(folder)
    manifest = read_manifest(folder, "vectors")
    vectors = WordVectors.open(folder)
    results = folder / "eval.json"
    write_page(
        folder / FILE_NAME,
        "vectors.html",
        title=folder.resolve().name,
        summary=f"{len(vectors):,} words, {vectors.vector_dim} dimensions, "
        f"language {manifest.language}",
        manifest=manifest,
        settings=shown_settings(manifest),
        curve=loss_curve_svg(folder / "training.json"),
        evaluation=read_eval_json(results) if results.exists() else Evaluation(),
        analogy_rows=_analogy_rows,
        neighbours=sample_neighbours(vectors),
        word_map=word_map_svg(vectors),
    )
    record_file(folder, FILE_NAME)


def sample_neighbours(vectors: WordVectors, words: int = _SAMPLE_WORDS) -> list[Neighbours]:
    """The neighbours of some words, whose ranks by frequency are spread evenly on a log scale.

    Args:
        vectors: The vectors.
        words: How many words to show at most.
    """
    shown = content_words(vectors.words)
    if not shown:
        return []
    first = min(_FIRST_SAMPLE, len(shown))
    places = np.unique(np.geomspace(first, len(shown), words).astype(int) - 1)
    return [
        Neighbours(
            word=vectors.words[row],
            rank=row + 1,
            nearest=vectors.most_similar(vectors.words[row], _NEIGHBOURS),
        )
        for row in (shown[place] for place in places)
    ]


def _analogy_rows(result: AnalogyResult) -> list[tuple[str, AnalogyScore, bool]]:
    """Name, score, and whether it sums up others."""
    sums = {"all": result.all, "semantic": result.semantic, "syntactic": result.syntactic}
    rows = [(name, score, True) for name, score in sums.items() if score.total]
    return rows + [(name, score, False) for name, score in result.sections.items()]
