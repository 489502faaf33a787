"""The command `nlp-engine compress`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.classification.settings import CompressionSettings
from nlp_engine.cli.console import print_json, progress_bar
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.cli.results import print_compression


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(compress)


@command(CompressionSettings)
def compress(
    *,
    model: Annotated[
        Path,
        typer.Argument(metavar="MODEL", help="A classifier folder, or a fastText model file."),
    ],
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="Labelled corpus folder or file to measure accuracy on, before and after.",
        ),
    ] = None,
    out: Out,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Make a classifier smaller, and show what that costs in accuracy."""
    from nlp_engine.classification.compress import compress_classifier

    with progress_bar(quiet=quiet or json) as report:
        made = compress_classifier(
            model, out, data=data, overwrite=overwrite, report=report, **options
        )
    if json:
        print_json({"out": str(out), **asdict(made)})
    elif not quiet:
        typer.echo(f"{out}: model.ftz")
        print_compression(made)
        if data is None:
            typer.echo("accuracy was not measured: name a labelled corpus (MODEL DATA)")
