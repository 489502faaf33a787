"""What the commands that send single records share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlp_engine.cli.console import json_line, print_json, progress_bar
from nlp_engine.personalize.profiles import Domain

if TYPE_CHECKING:
    from nlp_engine.personalize.sending.put import PutResult, Records

JournalFile = Annotated[
    Path | None,
    typer.Option(
        "--journal", metavar="FILE", help="Where to keep what is sent; by default beside the data."
    ),
]
Again = Annotated[
    bool, typer.Option("--again", help="Send what was acknowledged, too.", show_default=False)
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Check everything and print the calls as JSON lines; send nothing.",
        show_default=False,
    ),
]
Compare = Annotated[
    bool,
    typer.Option(
        "--compare/--no-compare", help="Compare the columns with the dataset's at AWS first."
    ),
]
DomainOption = Annotated[
    Domain | None,
    typer.Option("--domain", help="The dataset group's domain, if not what the folder says."),
]
_REFUSED = 1


def put_records(
    records: Records,
    *,
    journal: Path | None,
    again: bool,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Send records, or print the calls; exit code 1 if AWS refuses some."""
    from nlp_engine.personalize.sending.put import put, requests

    for warning in records.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if dry_run:
        for call in requests(records):
            typer.echo(json_line({"operation": call.operation, "parameters": call.parameters}))
        return
    with progress_bar(quiet=quiet) as report:
        result = put(records, journal=journal, again=again, report=report, **options)
    _print_result(records, result, quiet=quiet, as_json=as_json)
    if result.refused:
        raise typer.Exit(_REFUSED)


def _print_result(records: Records, result: PutResult, *, quiet: bool, as_json: bool) -> None:
    for row, words in result.refused:
        typer.echo(f"{records.path}, row {row}: {words}", err=True)
    if as_json:
        print_json(
            {
                "records": result.records,
                "acknowledged": result.acknowledged,
                "sent": result.sent,
                "calls": result.calls,
                "seconds": round(result.seconds, 3),
                "refused": [{"row": row, "message": words} for row, words in result.refused],
                "journal": str(result.journal),
            }
        )
    elif not quiet:
        rate = f", {result.sent / result.seconds:,.0f} per second" if result.sent else ""
        typer.echo(
            f"{records.target}: {result.acknowledged:,} of {result.records:,} {records.unit} "
            f"acknowledged, {result.sent:,} now{rate}"
        )
