"""What the commands of jobs do with `--on sagemaker`: print a plan, send it, wait for its end."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nlp_engine.cli.console import print_json, tell

if TYPE_CHECKING:
    from nlp_engine.sagemaker.spec import JobSpec


def print_plan(action: str, spec: JobSpec, prices: Path | None) -> None:
    """Print what would be sent, and what it costs at most."""
    from nlp_engine.sagemaker import jobs
    from nlp_engine.sagemaker.costs import cost_of, read_prices
    from nlp_engine.sagemaker.uploads import requests_of

    prepared = jobs.prepare(action, spec)
    requests = [*requests_of(prepared.uploads), *prepared.requests]
    cost = cost_of(action, prepared.spec, read_prices(prices))
    print_json(
        {
            "requests": [dataclasses.asdict(request) for request in requests],
            "cost": dataclasses.asdict(cost),
        }
    )


def send(
    action: str,
    spec: JobSpec,
    prices: Path | None,
    *,
    wait: bool,
    quiet: bool,
    unique: bool = False,
    overwrite: bool = False,
) -> None:
    """Send what an action needs, and print the ARNs of what it makes; wait for it if asked to."""
    from nlp_engine.sagemaker import jobs
    from nlp_engine.sagemaker.costs import cost_of, read_prices
    from nlp_engine.sagemaker.status import check_trained
    from nlp_engine.sagemaker.uploads import send_uploads

    if unique:
        spec = spec.named(jobs.unique_name(spec.name))
    prepared = jobs.prepare(action, spec)
    spec = prepared.spec
    cost = cost_of(action, spec, read_prices(prices))
    if action in ("deploy", "transform"):
        check_trained(spec)
    send_uploads(spec, prepared.uploads, tell(quiet))
    for arn in jobs.send(spec, prepared.requests):
        typer.echo(arn)
    if not quiet:
        typer.echo(f"cost: {cost.how}", err=True)
    if wait:
        wait_for(spec, prices, action=action, overwrite=overwrite, quiet=quiet)


def wait_for(
    spec: JobSpec,
    prices: Path | None,
    *,
    overwrite: bool,
    quiet: bool,
    action: str | None = None,
) -> None:
    """Wait for the end of what is under way, and bring back models and answers."""
    from nlp_engine.sagemaker import status
    from nlp_engine.sagemaker.costs import read_prices
    from nlp_engine.sagemaker.results import download_answers, download_model

    kinds = (status.MADE_BY[action],) if action else status.KINDS
    found = status.wait(spec, read_prices(prices), log=tell(quiet), kinds=kinds)
    if spec.transform and any(state.kind == "transform job" for state in found):
        for path in download_answers(spec):
            tell_path(path, quiet=quiet)
    if spec.out is None or action in ("deploy", "transform"):
        return
    if best := status.best_training_job(spec, action):
        download_model(spec, best, Path(spec.out), overwrite=overwrite)
        print_files(Path(spec.out), quiet=quiet)


def tell_path(path: Path, *, quiet: bool) -> None:
    """Print a file that was made."""
    if not quiet:
        typer.echo(f"{path}")


def print_files(folder: Path, *, quiet: bool) -> None:
    """Print a folder that was made, and what is in it."""
    if not quiet:
        typer.echo(f"{folder}: " + ", ".join(sorted(path.name for path in folder.iterdir())))
