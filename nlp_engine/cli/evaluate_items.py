"""The command `nlp-engine items evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.cli.console import print_json, print_table, progress_bar
from nlp_engine.cli.options import Json, Overwrite, Quiet, command
from nlp_engine.personalize.evaluation.result import ItemsEvaluation, RankingResult
from nlp_engine.personalize.evaluation.settings import ItemsEvaluationSettings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


@command(ItemsEvaluationSettings)
def evaluate(
    *,
    items: Annotated[
        Path, typer.Argument(metavar="ITEMS", help="A folder with schema.json and items.csv.")
    ],
    interactions: Annotated[
        Path,
        typer.Argument(metavar="INTERACTIONS", help="CSV, TSV, JSON Lines or Parquet file."),
    ],
    vectors: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The vectors folder of the items' topics; compares encodings."
        ),
    ] = None,
    text_vectors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Vectors of the items, a row each, as .npy; compares encodings."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="The folder to make: eval.json and report.html."
        ),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Evaluate how well item metadata recommends, by Personalize's metrics, before paying."""
    from nlp_engine.embeddings.vectors import WordVectors
    from nlp_engine.errors import MissingExtraError
    from nlp_engine.personalize.evaluation.evaluate import evaluate_items
    from nlp_engine.personalize.evaluation.result import eval_json
    from nlp_engine.reports.items import write_items_report

    with progress_bar(quiet=quiet or json) as report:
        found = evaluate_items(
            items,
            interactions,
            out,
            vectors=WordVectors.open(vectors) if vectors else None,
            text_vectors=text_vectors,
            overwrite=overwrite,
            report=report,
            **options,
        )
    if out:
        try:
            write_items_report(out)
        except MissingExtraError as error:
            typer.echo(f"nlp-engine: no report.html: {error}", err=True)
    if json:
        print_json(eval_json(found))
    elif not quiet:
        _print(found)


def _print(found: ItemsEvaluation) -> None:
    warm, cold = (next(iter(part.values())).users for part in (found.warm, found.cold))
    for title, results in (
        (f"Items without any interaction, {cold:,} lists", found.cold),
        (f"The newest interactions of known users, {warm:,} users", found.warm),
    ):
        print_table(
            ["recommender", "coverage", "MRR@25", "nDCG@5", "nDCG@10", "nDCG@25", "P@5", "P@10",
             "P@25", "±"],
            [[name, *_figures(result)] for name, result in results.items()],
            title=title,
        )  # fmt: skip


def _figures(result: RankingResult) -> list[float]:
    return [
        result.coverage,
        result.mean_reciprocal_rank_at_25,
        *result.ndcg.values(),
        *result.precision.values(),
        result.standard_error,
    ]
