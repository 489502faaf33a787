"""`nlp-engine items import`, `status` and `delete`: a dataset group from one specification."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nlp_engine import settings
from nlp_engine.cli.console import print_json, progress_bar, tell
from nlp_engine.cli.options import Quiet, command
from nlp_engine.errors import InputError

if TYPE_CHECKING:
    from nlp_engine.personalize.importing.spec import ImportSpec

Spec = Annotated[Path, typer.Argument(metavar="SPEC.toml", help="A dataset group's specification.")]
Seconds = Annotated[
    float | None, typer.Option(min=0.01, help="Between two looks at AWS; by default 20.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_group)
    app.command("status")(status)
    app.command("delete")(delete)


@command()
def import_group(
    *,
    spec: Spec,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, print the calls; send nothing.")
    ] = False,
    update_schemas: Annotated[
        bool,
        typer.Option(
            "--update-schemas",
            help="Point existing datasets to changed schemas, or to those of another codebook.",
        ),
    ] = False,
    seconds: Seconds = None,
    quiet: Quiet = False,
) -> None:
    """Import datasets in bulk, and make solutions, campaigns and filters; safe to repeat."""
    from nlp_engine.personalize.importing.check import check_import
    from nlp_engine.personalize.importing.create import create
    from nlp_engine.personalize.importing.plan import dry_run as planned
    from nlp_engine.personalize.importing.plan import make_plan

    read = _read(spec)
    with settings.in_place(str(spec)):
        check_import(read)
    if dry_run:
        print_json([asdict(request) for request in planned(read)])
        return
    with progress_bar(quiet=quiet) as report:
        made = create(
            read,
            make_plan(read),
            update_schemas=update_schemas,
            report=report,
            log=tell(quiet),
            **({"seconds": seconds} if seconds else {}),
        )
    print_json([asdict(part) for part in made])


@command()
def status(*, spec: Spec) -> None:
    """Show what of a dataset group is at Personalize, and what costs as long as it stands."""
    from nlp_engine.personalize.importing.account import Account
    from nlp_engine.personalize.importing.standing import standing

    read = _read(spec)
    found = standing(read, Account(read.region))
    for thing in found:
        typer.echo(str(thing))
    if not found:
        typer.echo(f"there is no dataset group {read.group.name} in {read.region}")


@command()
def delete(
    *,
    spec: Spec,
    serving: Annotated[
        bool,
        typer.Option(
            "--serving",
            help="Only campaigns and recommenders, which cost as long as they stand.",
            show_default=False,
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the calls; delete nothing.", show_default=False),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask first.", show_default=False)
    ] = False,
    seconds: Seconds = None,
    quiet: Quiet = False,
) -> None:
    """Delete a dataset group and all that is in it, collected events too; safe to repeat."""
    from nlp_engine.personalize.importing import delete as deletion
    from nlp_engine.personalize.importing.account import Account
    from nlp_engine.personalize.importing.standing import standing

    read = _read(spec)
    account = Account(read.region)
    stages = deletion.delete_stages(standing(read, account), serving_only=serving)
    if dry_run:
        print_json([asdict(request) for request in deletion.delete_requests(stages)])
        return
    if stages and not yes:
        for thing in (thing for stage in stages for thing in stage):
            typer.echo(str(thing), err=True)
        _ask()
    deleted = deletion.delete(
        account, stages, log=tell(quiet), **({"seconds": seconds} if seconds else {})
    )
    if quiet:
        return
    typer.echo("deleted: " + (", ".join(deleted) or "nothing was there"))
    if deleted and not serving:
        typer.echo(f"what was uploaded stays: {read.group.s3}", err=True)


def _ask() -> None:
    try:
        agreed = typer.confirm("Delete all of this?", err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise InputError("nothing is deleted; --yes deletes without asking")


def _read(path: Path) -> ImportSpec:
    from nlp_engine.personalize.client import known_region
    from nlp_engine.personalize.importing.spec_file import read_import_spec

    return read_import_spec(path).in_region(known_region())
