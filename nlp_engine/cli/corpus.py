"""The commands `nlp-engine corpus …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlp_engine.cli.console import print_json, print_made, print_table, progress_bar
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.corpus.settings import CorpusSettings, LabelSettings

if TYPE_CHECKING:
    from nlp_engine.corpus.class_report import ClassReport

app = typer.Typer(name="corpus", help="Make corpora from documents.", no_args_is_help=True)

_SOURCE = "an extracted folder, a dump, a CSV, TSV, JSON Lines, Parquet or text file, or a folder"
_SHOWN = 30


@app.command()
@command(CorpusSettings)
def build(
    *,
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE|RECIPE", help=f"A recipe (its name or TOML file), or {_SOURCE}."
        ),
    ],
    out: Out,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Make a corpus for word vectors: one sentence per line, or text8."""
    from nlp_engine.corpus.build import build_corpus
    from nlp_engine.corpus.recipe import build_recipe, find_recipe

    recipe = find_recipe(source)
    with progress_bar(quiet=quiet) as report:
        made = (
            build_recipe(recipe, out, overwrite=overwrite, report=report, **options)
            if recipe
            else build_corpus(source, out, overwrite=overwrite, report=report, **options)
        )
    print_made(out, made.counts, quiet=quiet, as_json=json)


@app.command()
@command()
def recipes(*, json: Json = False) -> None:
    """List the recipes that come with the package."""
    from nlp_engine.corpus.recipe import bundled_recipe, recipe_names

    found = [bundled_recipe(name) for name in recipe_names()]
    rows = [(r.name, r.options["language"], r.size, r.licence) for r in found]
    columns = ["name", "language", "size", "licence"]
    if json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@app.command()
@command(LabelSettings)
def label(
    *,
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help=f"{_SOURCE[0].upper()}{_SOURCE[1:]}.")
    ],
    out: Out,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Make a labelled corpus for text classification, split into train, validation and test."""
    from nlp_engine.corpus.class_report import read_class_report
    from nlp_engine.corpus.label import label_corpus

    with progress_bar(quiet=quiet) as report:
        made = label_corpus(source, out, overwrite=overwrite, report=report, **options)
    print_made(out, made.counts, quiet=quiet, as_json=json)
    if not quiet and not json:
        _print_classes(read_class_report(out))


def _print_classes(report: ClassReport) -> None:
    from nlp_engine.corpus.labelled import FOLDS

    rows = [[c.label, c.examples, c.train, c.validation, c.test] for c in report.classes]
    shown = f"the {_SHOWN} largest of {len(rows):,} classes" if len(rows) > _SHOWN else None
    print_table(["class", "examples", *FOLDS], rows[:_SHOWN], title=shown)
    for warning in report.warnings:
        typer.echo(f"warning: {warning}")
