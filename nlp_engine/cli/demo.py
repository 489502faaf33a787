"""The command `nlp-engine demo`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from nlp_engine.cli.console import print_json, print_table, progress_bar
from nlp_engine.cli.link import print_links
from nlp_engine.cli.options import Json, Overwrite, Quiet, command


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


@command()
def demo(
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to make.")
    ] = Path("demo-output"),
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """The whole walk on a real Wikipedia sample, from dump to Personalize items."""
    from nlp_engine.demo import TEXT, run_demo

    with progress_bar(quiet=quiet) as report:
        result = run_demo(out, overwrite=overwrite, report=report)
    if json:
        print_json(asdict(result) | {"folder": str(result.folder)})
        return
    if quiet:
        return
    typer.echo(TEXT)
    print_links(result.links)
    print_table(
        ["step", "made", "where", "seconds"],
        [(s.name, s.made, str(result.folder / s.place), s.seconds) for s in result.steps],
    )
    typer.echo(f"Open {result.folder / 'report.html'} in a browser.")
