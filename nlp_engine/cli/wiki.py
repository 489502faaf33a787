"""The commands `nlp-engine wiki …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.cli.console import print_made, progress_bar
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.wiki.settings import ExtractSettings

app = typer.Typer(name="wiki", help="Read MediaWiki dumps.", no_args_is_help=True)


@app.command()
@command(ExtractSettings)
def extract(
    *,
    dumps: Annotated[
        list[Path],
        typer.Argument(
            metavar="DUMP…",
            help="XML exports of one wiki, plain or compressed; - is standard input.",
        ),
    ],
    out: Out,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Turn dumps into Parquet shards of clean text, link spans and categories."""
    from nlp_engine.wiki.extract import extract_dumps

    with progress_bar(quiet=quiet) as report:
        made = extract_dumps(dumps, out, overwrite=overwrite, report=report, **options)
    print_made(out, made.counts, quiet=quiet, as_json=json)
