"""The commands `nlp-engine events …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.cli.console import progress_bar
from nlp_engine.cli.datasets import print_dataset
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.cli.put import Again, DryRun, JournalFile, put_records
from nlp_engine.personalize.collector.settings import CollectorSettings
from nlp_engine.personalize.sending.settings import PutSettings
from nlp_engine.personalize.settings import InteractionSettings

app = typer.Typer(
    name="events", help="Send events to Amazon Personalize, or collect them.", no_args_is_help=True
)

TrackingId = Annotated[str, typer.Option(metavar="ID", help="Of the event tracker.")]
Region = Annotated[
    str | None, typer.Option(metavar="REGION", help="AWS region; by default the environment's.")
]


@app.command()
@command(InteractionSettings)
def build(
    *,
    source: Annotated[
        Path,
        typer.Argument(metavar="EVENTS", help="CSV, TSV, JSON Lines or Parquet file."),
    ],
    out: Out,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Make an Interactions dataset: schema.json and interactions.csv, checked."""
    from nlp_engine.personalize.datasets import build_interactions

    with progress_bar(quiet=quiet) as report:
        made = build_interactions(source, out, overwrite=overwrite, report=report, **options)
    print_dataset(out, made.counts, quiet=quiet, as_json=json)


@app.command()
@command(PutSettings)
def put(
    *,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="JSON Lines: one event per line, compressed or not."),
    ],
    tracking_id: TrackingId,
    region: Region = None,
    journal: JournalFile = None,
    again: Again = False,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Send events with PutEvents; a killed run goes on where it was."""
    from nlp_engine.personalize.sending.event_file import EventFile

    put_records(
        EventFile(file, tracking_id, region),
        journal=journal,
        again=again,
        dry_run=dry_run,
        quiet=quiet,
        as_json=json,
        **options,
    )


@app.command()
@command(CollectorSettings)
def serve(
    *,
    tracking_id: TrackingId,
    spool: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for events that wait for AWS.")
    ] = Path("spool"),
    region: Region = None,
    quiet: Quiet = False,
    **options: Any,
) -> None:
    """Take events over HTTP (POST /events) and forward them; a kill loses none."""
    from nlp_engine.personalize.collector.server import serve

    def started(chosen: CollectorSettings) -> None:
        if not quiet:
            place = f"http://{chosen.host}:{chosen.port}/events"
            typer.echo(f"events are taken at {place}; Ctrl-C stops", err=True)

    serve(spool, tracking_id, region=region, started=started, **options)
