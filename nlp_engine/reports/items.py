"""The page of an evaluation of items: tables and pictures of how well each recommender ranks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp_engine.errors import require
from nlp_engine.manifest import read_manifest, record_file
from nlp_engine.personalize.evaluation.encoded import VECTORS
from nlp_engine.personalize.evaluation.result import KS, RankingResult, read_eval_json
from nlp_engine.reports.drawing import COLOURS, INK, SOFT, plain_axes, svg_of
from nlp_engine.reports.page import FILE_NAME, shown_settings, write_page

_WIDTH, _ROW = 7.6, 0.24  # inches


def write_items_report(folder: Path | str) -> None:
    """Write `report.html` into a finished evaluation folder, and record it.

    Raises:
        InputError: There is no such folder, or a file in it is damaged.
        MissingExtraError: The extra `reports` is not installed.
    """
    for module in ("jinja2", "matplotlib"):
        require(module, "reports")
    folder = Path(folder)
    manifest = read_manifest(folder, "items evaluation")
    evaluation = read_eval_json(folder / "eval.json")
    write_page(
        folder / FILE_NAME,
        "items.html",
        title=folder.resolve().name,
        manifest=manifest,
        settings=shown_settings(manifest),
        ks=KS,
        vectors=VECTORS,
        parts=[
            (kind, results, ndcg_svg(results))
            for kind, results in (("cold", evaluation.cold), ("warm", evaluation.warm))
        ],
    )
    record_file(folder, FILE_NAME)


def ndcg_svg(results: Mapping[str, RankingResult]) -> str:
    """An SVG picture of nDCG@10 with two standard errors; a line where the text vectors are.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    height = 0.75 + _ROW * len(results)
    figure: Any = require("matplotlib.figure", "reports").Figure(figsize=(_WIDTH, height))
    place = (0.34, 0.5 / height, 0.63, 1 - 0.65 / height)
    axes = plain_axes(figure, place)
    rows = range(len(results))
    values = [result.ndcg[10] for result in results.values()]
    errors = [2 * result.standard_error for result in results.values()]
    axes.barh(rows, values, height=0.62, color=COLOURS[0])
    axes.errorbar(values, rows, xerr=errors, fmt="none", ecolor=INK, elinewidth=1.2)
    if VECTORS in results:
        axes.axvline(results[VECTORS].ndcg[10], color=SOFT, linewidth=1, linestyle=":")
    axes.set_yticks(rows, list(results), fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(results) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("nDCG@10")
    return svg_of(figure)
