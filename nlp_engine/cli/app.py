"""All commands."""

from __future__ import annotations

from typing import Annotated

import typer

from nlp_engine.cli import (
    compress,
    corpus,
    demo,
    evaluate,
    events,
    items,
    job,
    kb,
    link,
    query,
    serve,
    train,
    tune,
    users,
    wiki,
)
from nlp_engine.manifest import engine_version

app = typer.Typer(
    name="nlp-engine",
    help="From a Wikipedia dump or your documents to corpora, word vectors, classifiers, "
    "ranked entities and Amazon Personalize items.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the plain layout never cuts an option's name
)
app.add_typer(wiki.app)
app.add_typer(corpus.app)
app.add_typer(kb.app)
app.add_typer(items.app)
app.add_typer(users.app)
app.add_typer(events.app)
app.add_typer(job.app)
for module in (demo, train, tune, evaluate, compress, query, link, serve):
    module.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nlp-engine {engine_version()}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass
