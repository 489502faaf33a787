"""The commands `nlp-engine job …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from nlp_engine.cli.console import print_json
from nlp_engine.cli.options import Overwrite, Quiet, command
from nlp_engine.errors import SettingError

app = typer.Typer(name="job", help="Run training jobs here or on SageMaker.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    # With a callback, Typer keeps `train` a sub-command although it is the only one.
    pass


@app.command()
@command()
def train(
    *,
    spec: Annotated[Path, typer.Argument(metavar="SPEC.toml", help="The job's specification.")],
    on: Annotated[Literal["local", "sagemaker"], typer.Option(help="Where to run it.")] = "local",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="The folder to make (local runs)."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the API request and send nothing.")
    ] = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Train as a SageMaker training job does: the same container code, or the real service."""
    from nlp_engine.sagemaker.jobs import run_local, run_sagemaker
    from nlp_engine.sagemaker.requests import read_spec, training_job

    read = read_spec(spec)
    if dry_run:
        print_json(training_job(read))
    elif on == "sagemaker":
        typer.echo(run_sagemaker(read))
    elif out is None:
        raise SettingError("a local job needs a folder for its model: -o DIR")
    else:
        run_local(read, out, overwrite=overwrite)
        if not quiet:
            typer.echo(f"{out}: " + ", ".join(sorted(path.name for path in out.iterdir())))
