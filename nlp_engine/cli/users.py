"""The commands `nlp-engine users …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.cli.console import progress_bar
from nlp_engine.cli.datasets import print_dataset
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.cli.put import Again, Compare, DomainOption, DryRun, JournalFile, put_records
from nlp_engine.personalize.sending.settings import PutSettings
from nlp_engine.personalize.settings import UserSettings

app = typer.Typer(name="users", help="Send Amazon Personalize users.", no_args_is_help=True)


@app.command()
@command(UserSettings)
def build(
    *,
    source: Annotated[
        Path,
        typer.Argument(metavar="USERS", help="CSV, TSV, JSON Lines or Parquet file."),
    ],
    out: Out,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Make a Users dataset: schema.json and users.csv, checked."""
    from nlp_engine.personalize.datasets import build_users

    with progress_bar(quiet=quiet) as report:
        made = build_users(source, out, overwrite=overwrite, report=report, **options)
    print_dataset(out, made.counts, quiet=quiet, as_json=json)


@app.command()
@command(PutSettings)
def put(
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder with schema.json and users.csv.")
    ],
    dataset_arn: Annotated[str, typer.Option(metavar="ARN", help="The Users dataset.")],
    journal: JournalFile = None,
    again: Again = False,
    dry_run: DryRun = False,
    compare: Compare = True,
    domain: DomainOption = None,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Send users one by one with PutUsers; a killed run goes on where it was."""
    from nlp_engine.personalize.sending.datasets import DatasetRecords

    records = DatasetRecords("users", folder, dataset_arn, domain=domain)
    put_records(
        records,
        journal=journal,
        again=again,
        dry_run=dry_run,
        compare=compare,
        quiet=quiet,
        as_json=json,
        **options,
    )
