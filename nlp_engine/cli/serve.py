"""The command `nlp-engine serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nlp_engine.cli.options import Quiet, command


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


@command()
def serve(
    *,
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help="A vectors or classifier folder, or a fastText model file."
        ),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8080,
    quiet: Quiet = False,
) -> None:
    """Answer BlazingText's requests over HTTP: /ping and /invocations."""
    from nlp_engine.sagemaker import endpoint

    opened = endpoint.Endpoint.open(model)
    if not quiet:
        typer.echo(f"{model} answers on http://{host}:{port}/invocations; Ctrl-C stops", err=True)
    endpoint.serve(opened, host=host, port=port)
