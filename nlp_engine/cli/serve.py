"""The command `nlp-engine serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.cli.options import Quiet, command
from nlp_engine.sagemaker.endpoint.settings import ServeSettings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


@command(ServeSettings)
def serve(
    *,
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="A folder of vectors, a classifier, a knowledge base or a Factorization Machine, "
            "a fastText or word2vec file, or a model.tar.gz with one of them.",
        ),
    ],
    kb: Annotated[
        Path | None,
        typer.Option(metavar="KB", help='A knowledge base, for requests with "links": true.'),
    ] = None,
    quiet: Quiet = False,
    **options: Any,
) -> None:
    """Answer BlazingText's requests over HTTP: /ping, /invocations, and what boto3 calls."""
    from nlp_engine.sagemaker.endpoint import Endpoint, serve

    def started(chosen: ServeSettings) -> None:
        if not quiet:
            place = f"http://{chosen.host}:{chosen.port}"
            count = f"{chosen.processes} worker{'s' if chosen.processes > 1 else ''}"
            typer.echo(f"{model} answers on {place}/invocations, {count}; Ctrl-C stops", err=True)

    threads = ServeSettings(**options).threads
    serve(Endpoint.open(model, kb=kb, threads=threads), started=started, **options)
