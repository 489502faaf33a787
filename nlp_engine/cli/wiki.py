"""The commands `nlp-engine wiki …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nlp_engine.cli.console import print_made, progress_bar
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command

app = typer.Typer(name="wiki", help="Read MediaWiki dumps.", no_args_is_help=True)


@app.command()
@command()
def extract(
    *,
    dumps: Annotated[
        list[Path],
        typer.Argument(metavar="DUMP…", help="XML exports of one wiki, plain or compressed."),
    ],
    out: Out,
    language: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Language code; by default what the dump says."),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Turn dumps into Parquet shards of clean text, link spans and categories."""
    from nlp_engine.wiki.extract import extract_dumps

    with progress_bar(quiet=quiet) as report:
        made = extract_dumps(dumps, out, language=language, overwrite=overwrite, report=report)
    print_made(out, made.counts, quiet=quiet, as_json=json)
