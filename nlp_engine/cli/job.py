"""The commands `nlp-engine job …`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nlp_engine.cli.console import print_json
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
        _print_plan("train", job, prices)
    elif on == "sagemaker":
        _send("train", job, prices, unique=unique, wait=wait, overwrite=overwrite, quiet=quiet)
    else:
        folder = _folder(job)
        _check_files(job)
        local.train(job, folder, overwrite=overwrite)
        _print_files(folder, quiet=quiet)


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
        _print_plan("tune", job, prices)
    elif on == "sagemaker":
        _send("tune", job, prices, unique=unique, wait=wait, overwrite=overwrite, quiet=quiet)
    else:
        folder = _folder(job)
        _check_files(job)
        check_objective(job, tuning_of(job))
        tune_here(job, folder, overwrite=overwrite, log=_tell(quiet))
        _print_files(folder, quiet=quiet)


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
    wait: Wait = False,
    port: Port = 8080,
    quiet: Quiet = False,
) -> None:
    """Put the model behind an endpoint; on SageMaker it costs until `job delete`."""
    read = _read(spec, out, job)
    if dry_run:
        _print_plan("deploy", read, prices)
    elif on == "sagemaker":
        _send("deploy", read, prices, wait=wait, quiet=quiet)
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
    wait: Wait = False,
    quiet: Quiet = False,
) -> None:
    """Answer every line of the JSON Lines that `[transform]` names."""
    from nlp_engine.sagemaker.local_transform import transform as transform_here
    from nlp_engine.sagemaker.requests.transform import transform_options

    read = _read(spec, out, job)
    if dry_run:
        _print_plan("transform", read, prices)
    elif on == "sagemaker":
        _send("transform", read, prices, wait=wait, quiet=quiet)
    else:
        _tell_path(transform_here(_model(read), transform_options(read)), quiet=quiet)


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
    _wait(read, prices, overwrite=overwrite, quiet=quiet)


@app.command()
@command()
def stop(
    *,
    spec: Spec,
    job: Name = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    quiet: Quiet = False,
) -> None:
    """Stop the training, tuning or batch transform that runs on SageMaker."""
    from nlp_engine.sagemaker import jobs
    from nlp_engine.sagemaker.aws import with_region
    from nlp_engine.sagemaker.checks import check_for_sagemaker
    from nlp_engine.sagemaker.costs import read_prices
    from nlp_engine.sagemaker.requests import plan
    from nlp_engine.sagemaker.status import wait as wait_for

    read = with_region(_read(spec, None, job))
    if dry_run:
        _print_plan("stop", read, None)
        return
    check_for_sagemaker(read, "stop")
    stopped = jobs.stop(read, plan("stop", read))
    if not quiet:
        typer.echo(
            "stopping: " + (", ".join(f"{kind} {read.name}" for kind in stopped) or "nothing")
        )
        for kind in stopped:
            typer.echo(jobs.kept(read, kind), err=True)
    if wait and stopped:
        wait_for(read, read_prices(None), log=_tell(quiet), kinds=stopped, stopped=True)


@app.command()
@command()
def delete(*, spec: Spec, job: Name = None, dry_run: DryRun = False, quiet: Quiet = False) -> None:
    """Delete the endpoint, its configuration and its model on SageMaker."""
    from nlp_engine.sagemaker import jobs
    from nlp_engine.sagemaker.aws import with_region
    from nlp_engine.sagemaker.checks import check_for_sagemaker
    from nlp_engine.sagemaker.requests import plan

    read = with_region(_read(spec, None, job))
    if dry_run:
        _print_plan("delete", read, None)
        return
    check_for_sagemaker(read, "delete")
    deleted = jobs.delete(read, plan("delete", read))
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


def _print_plan(action: str, spec: JobSpec, prices: Path | None) -> None:
    from nlp_engine.sagemaker.aws import with_region
    from nlp_engine.sagemaker.checks import check_for_sagemaker
    from nlp_engine.sagemaker.checks.api import check_requests
    from nlp_engine.sagemaker.costs import cost_of, read_prices
    from nlp_engine.sagemaker.requests import plan
    from nlp_engine.sagemaker.uploads import find_uploads, placed, requests_of

    spec = with_region(spec)
    uploads = find_uploads(action, spec)
    spec = placed(spec, uploads)
    check_for_sagemaker(spec, action)
    planned = plan(action, spec)
    check_requests(planned)
    requests = [dataclasses.asdict(request) for request in [*requests_of(uploads), *planned]]
    cost = dataclasses.asdict(cost_of(action, spec, read_prices(prices)))
    print_json({"requests": requests, "cost": cost})


def _send(
    action: str,
    spec: JobSpec,
    prices: Path | None,
    *,
    wait: bool,
    quiet: bool,
    unique: bool = False,
    overwrite: bool = False,
) -> None:
    from nlp_engine.sagemaker import jobs
    from nlp_engine.sagemaker.aws import with_region
    from nlp_engine.sagemaker.checks import check_for_sagemaker
    from nlp_engine.sagemaker.costs import cost_of, read_prices
    from nlp_engine.sagemaker.requests import plan
    from nlp_engine.sagemaker.status import check_trained
    from nlp_engine.sagemaker.uploads import find_uploads, placed, send_uploads

    spec = with_region(spec)
    if unique:
        spec = spec.named(jobs.unique_name(spec.name))
    uploads = find_uploads(action, spec)
    spec = placed(spec, uploads)
    check_for_sagemaker(spec, action)
    cost = cost_of(action, spec, read_prices(prices))
    if action in ("deploy", "transform"):
        check_trained(spec)
    send_uploads(spec, uploads, _tell(quiet))
    for arn in jobs.send(spec, plan(action, spec)):
        typer.echo(arn)
    if not quiet:
        typer.echo(f"cost: {cost.how}", err=True)
    if wait:
        _wait(spec, prices, action=action, overwrite=overwrite, quiet=quiet)


def _wait(
    spec: JobSpec,
    prices: Path | None,
    *,
    overwrite: bool,
    quiet: bool,
    action: str | None = None,
) -> None:
    from nlp_engine.sagemaker import status
    from nlp_engine.sagemaker.costs import read_prices
    from nlp_engine.sagemaker.results import download_answers, download_model

    kinds = (status.MADE_BY[action],) if action else status.KINDS
    found = status.wait(spec, read_prices(prices), log=_tell(quiet), kinds=kinds)
    if spec.transform and any(state.kind == "transform job" for state in found):
        for path in download_answers(spec):
            _tell_path(path, quiet=quiet)
    if spec.out is None or action in ("deploy", "transform"):
        return
    if best := status.best_training_job(spec, action):
        download_model(spec, best, Path(spec.out), overwrite=overwrite)
        _print_files(Path(spec.out), quiet=quiet)


def _tell(quiet: bool) -> Callable[[str], None]:
    def tell(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    return tell


def _tell_path(path: Path, *, quiet: bool) -> None:
    if not quiet:
        typer.echo(f"{path}")


def _print_files(folder: Path, *, quiet: bool) -> None:
    if not quiet:
        typer.echo(f"{folder}: " + ", ".join(sorted(path.name for path in folder.iterdir())))
