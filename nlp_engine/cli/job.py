"""The commands `nlp-engine job …`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nlp_engine.cli.console import tell
from nlp_engine.cli.on_sagemaker import (
    print_files,
    print_plan,
    send,
    tell_path,
    wait_for,
)
from nlp_engine.cli.options import Overwrite, Quiet, command
from nlp_engine.errors import SettingError
from nlp_engine.files import STANDARD_INPUT

if TYPE_CHECKING:
    from nlp_engine.sagemaker.spec import JobSpec

app = typer.Typer(
    name="job", help="Train, tune, deploy and ask, here or on SageMaker.", no_args_is_help=True
)

Spec = Annotated[Path, typer.Argument(metavar="SPEC.toml", help="The job's specification.")]
On = Annotated[Literal["local", "sagemaker"], typer.Option(help="Where to run it.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="DIR", help="The folder for the model; by default the file's `out`."
    ),
]
Name = Annotated[
    str | None, typer.Option("--job", metavar="NAME", help="The job, if it has another name.")
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Print the API requests and what they cost at most; send nothing."
    ),
]
PriceTable = Annotated[
    Path | None,
    typer.Option("--prices", metavar="FILE", help="A table of prices instead of the examples."),
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end; get the model with -o.")]
WaitForAnswers = Annotated[bool, typer.Option("--wait", help="Wait for the end; get the answers.")]
WaitForEndpoint = Annotated[bool, typer.Option("--wait", help="Wait until it is in service.")]
WaitForStop = Annotated[bool, typer.Option("--wait", help="Wait until it has stopped.")]
Unique = Annotated[
    bool, typer.Option("--unique", help="Add date and time to the job's name (SageMaker).")
]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of the local server.")]

_LOCAL_HOST = "127.0.0.1"


@app.command()
@command()
def train(
    *,
    spec: Spec,
    on: On = "local",
    out: Out = None,
    dry_run: DryRun = False,
    prices: PriceTable = None,
    unique: Unique = False,
    wait: Wait = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Train as a SageMaker training job does: the same container code, or the real service."""
    from nlp_engine.sagemaker import local

    job = _read(spec, out)
    if dry_run:
        print_plan("train", job, prices)
    elif on == "sagemaker":
        send("train", job, prices, unique=unique, wait=wait, overwrite=overwrite, quiet=quiet)
    else:
        folder = _folder(job)
        _check_files(job)
        local.train(job, folder, overwrite=overwrite)
        print_files(folder, quiet=quiet)


@app.command()
@command()
def tune(
    *,
    spec: Spec,
    on: On = "local",
    out: Out = None,
    dry_run: DryRun = False,
    prices: PriceTable = None,
    unique: Unique = False,
    wait: Wait = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Search for the best settings within the ranges of `[tuning]`."""
    from nlp_engine.sagemaker.checks.tuning import check_objective
    from nlp_engine.sagemaker.local_tuning import tune as tune_here
    from nlp_engine.sagemaker.requests.tuning import tuning_of

    job = _read(spec, out)
    if dry_run:
        print_plan("tune", job, prices)
    elif on == "sagemaker":
        send("tune", job, prices, unique=unique, wait=wait, overwrite=overwrite, quiet=quiet)
    else:
        folder = _folder(job)
        _check_files(job)
        check_objective(job, tuning_of(job))
        tune_here(job, folder, overwrite=overwrite, log=tell(quiet))
        print_files(folder, quiet=quiet)


@app.command()
@command()
def deploy(
    *,
    spec: Spec,
    on: On = "local",
    job: Name = None,
    out: Out = None,
    dry_run: DryRun = False,
    prices: PriceTable = None,
    wait: WaitForEndpoint = False,
    port: Port = 8080,
    quiet: Quiet = False,
) -> None:
    """Put the model behind an endpoint; on SageMaker it costs until `job delete`."""
    read = _read(spec, out, job)
    if dry_run:
        print_plan("deploy", read, prices)
    elif on == "sagemaker":
        send("deploy", read, prices, wait=wait, quiet=quiet)
    else:
        from nlp_engine.sagemaker.endpoint import Endpoint, ServeSettings, serve

        model = _model(read)

        def started(chosen: ServeSettings) -> None:
            if not quiet:
                where = f"http://{chosen.host}:{chosen.port}"
                typer.echo(f"{model} answers on {where}/invocations; Ctrl-C stops", err=True)

        serve(Endpoint.open(model), started=started, host=_LOCAL_HOST, port=port)


@app.command()
@command()
def transform(
    *,
    spec: Spec,
    on: On = "local",
    job: Name = None,
    out: Out = None,
    dry_run: DryRun = False,
    prices: PriceTable = None,
    wait: WaitForAnswers = False,
    quiet: Quiet = False,
) -> None:
    """Answer every line of the JSON Lines that `[transform]` names."""
    from nlp_engine.sagemaker.local_transform import transform as transform_here
    from nlp_engine.sagemaker.requests.transform import transform_options

    read = _read(spec, out, job)
    if dry_run:
        print_plan("transform", read, prices)
    elif on == "sagemaker":
        send("transform", read, prices, wait=wait, quiet=quiet)
    else:
        tell_path(transform_here(_model(read), transform_options(read)), quiet=quiet)


@app.command()
@command()
def invoke(
    *,
    spec: Spec,
    body: Annotated[
        Path, typer.Argument(metavar="FILE|-", help="The request's body; - reads standard input.")
    ] = STANDARD_INPUT,
    on: On = "local",
    job: Name = None,
    content_type: Annotated[str, typer.Option(help="What the body is.")] = "application/json",
    port: Port = 8080,
) -> None:
    """Send a request to the endpoint and print the answer."""
    from nlp_engine.files import open_input
    from nlp_engine.sagemaker.aws import with_region
    from nlp_engine.sagemaker.runtime import invoke as ask

    read = with_region(_read(spec, None, job))
    with open_input(body) as file:
        content = file.read()
    region = read.account.region if read.account else None
    url = f"http://{_LOCAL_HOST}:{port}" if on == "local" else None
    typer.echo(ask(read.endpoint_name, content, content_type, region=region, url=url))


@app.command()
@command()
def status(*, spec: Spec, job: Name = None, prices: PriceTable = None) -> None:
    """Show what of a job is on SageMaker, and what it costs as long as it runs."""
    from nlp_engine.sagemaker.aws import with_region
    from nlp_engine.sagemaker.costs import read_prices
    from nlp_engine.sagemaker.status import states

    found = states(with_region(_read(spec, None, job)), read_prices(prices))
    for state in found:
        typer.echo(str(state))
    if not found:
        typer.echo("nothing of this name is on SageMaker")


@app.command()
@command()
def wait(
    *,
    spec: Spec,
    job: Name = None,
    out: Out = None,
    prices: PriceTable = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Wait for a job on SageMaker, show its log, and get its model with -o."""
    from nlp_engine.sagemaker.aws import with_region

    read = with_region(_read(spec, out, job))
    wait_for(read, prices, overwrite=overwrite, quiet=quiet)


@app.command()
@command()
def stop(
    *,
    spec: Spec,
    job: Name = None,
    dry_run: DryRun = False,
    wait: WaitForStop = False,
    quiet: Quiet = False,
) -> None:
    """Stop the training, tuning or batch transform that runs on SageMaker."""
    from nlp_engine.sagemaker import jobs
    from nlp_engine.sagemaker.costs import read_prices
    from nlp_engine.sagemaker.status import wait as wait_until

    read = _read(spec, None, job)
    if dry_run:
        print_plan("stop", read, None)
        return
    prepared = jobs.prepare("stop", read)
    read = prepared.spec
    stopped = jobs.stop(read, prepared.requests)
    if not quiet:
        typer.echo(
            "stopping: " + (", ".join(f"{kind} {read.name}" for kind in stopped) or "nothing")
        )
        for kind in stopped:
            typer.echo(jobs.kept(read, kind), err=True)
    if wait and stopped:
        wait_until(read, read_prices(None), log=tell(quiet), kinds=stopped, stopped=True)


@app.command()
@command()
def delete(*, spec: Spec, job: Name = None, dry_run: DryRun = False, quiet: Quiet = False) -> None:
    """Delete the endpoint, its configuration and its model on SageMaker."""
    from nlp_engine.sagemaker import jobs

    read = _read(spec, None, job)
    if dry_run:
        print_plan("delete", read, None)
        return
    prepared = jobs.prepare("delete", read)
    deleted = jobs.delete(prepared.spec, prepared.requests)
    if not quiet:
        typer.echo("deleted: " + (", ".join(deleted) or "nothing was there"))


def _read(path: Path, out: Path | None, name: str | None = None) -> JobSpec:
    from nlp_engine.sagemaker.spec_file import read_spec

    spec = read_spec(path)
    if name:
        spec = spec.named(name)
    return dataclasses.replace(spec, out=str(out)) if out else spec


def _folder(spec: JobSpec) -> Path:
    if spec.out is None:
        raise SettingError("a local job needs a folder for its model: -o DIR, or `out` in the file")
    return Path(spec.out)


def _model(spec: JobSpec) -> Path:
    """The model of a local endpoint or transform."""
    from nlp_engine.sagemaker.checks.data import check_here

    if spec.hosting.model is None:
        return _folder(spec)
    check_here("[endpoint] model", spec.hosting.model)
    return Path(spec.hosting.model)


def _check_files(spec: JobSpec) -> None:
    from nlp_engine.sagemaker.checks.data import check_files

    check_files(spec)
