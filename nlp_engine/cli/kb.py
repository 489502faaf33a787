"""The commands `nlp-engine kb …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.cli.console import print_json, print_made, print_table, progress_bar
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.entities.settings import KnowledgeBaseSettings

app = typer.Typer(name="kb", help="Build and inspect knowledge bases.", no_args_is_help=True)


@app.command()
@command(KnowledgeBaseSettings)
def build(
    *,
    extracted: Annotated[
        Path, typer.Argument(metavar="EXTRACTED", help="A folder that `wiki extract` made.")
    ],
    out: Out,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Count anchors and links into a knowledge base."""
    from nlp_engine.entities.build import build_knowledge_base

    with progress_bar(quiet=quiet) as report:
        made = build_knowledge_base(extracted, out, overwrite=overwrite, report=report, **options)
    print_made(out, made.counts, quiet=quiet, as_json=json)


@app.command()
@command()
def show(
    *,
    kb: Annotated[Path, typer.Argument(metavar="KB", help="A knowledge base folder.")],
    mention: Annotated[str, typer.Argument(metavar="MENTION", help="A surface form.")],
    json: Json = False,
) -> None:
    """The entities that a mention may mean, most common first."""
    from nlp_engine.entities.knowledge_base import KnowledgeBase
    from nlp_engine.errors import InputError

    opened = KnowledgeBase.open(kb)
    form = opened.form(mention)
    if form is None:
        raise InputError(f"{kb} has no form {mention!r}; no page links with it")
    candidates = opened.describe(form)
    probability = opened.link_probability(form)
    if json:
        print_json(
            {
                "mention": mention,
                "link_probability": probability,
                "candidates": [
                    {
                        "title": c.title,
                        "page_id": c.page_id,
                        "links": c.links,
                        "commonness": c.commonness,
                    }
                    for c in candidates
                ],
            }
        )
        return
    print_table(
        ["article", "links", "commonness"],
        [(c.title, c.links, c.commonness) for c in candidates],
        title=f"{mention}: link probability {probability:.3f}",
    )
