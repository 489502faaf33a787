"""The command `nlp-engine link`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nlp_engine.cli.console import json_line, print_table
from nlp_engine.cli.options import command
from nlp_engine.entities.settings import RankingSettings

if TYPE_CHECKING:
    from nlp_engine.entities.ranking import EntityLink


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(link)


@command(RankingSettings)
def link(
    *,
    kb: Annotated[Path, typer.Argument(metavar="KB", help="A knowledge base folder.")],
    file: Annotated[
        Path, typer.Argument(metavar="[FILE|-]", help="A text file; - is standard input.")
    ] = Path("-"),
    text: Annotated[str | None, typer.Option(help="The text itself, instead of a file.")] = None,
    format: Annotated[
        Literal["text", "jsonl"],
        typer.Option(help="text: a table for the whole file; jsonl: one JSON object per line."),
    ] = "text",
    **options: Any,
) -> None:
    """Find the entities that a text mentions."""
    from nlp_engine.corpus.sources import read_lines
    from nlp_engine.entities.knowledge_base import KnowledgeBase
    from nlp_engine.entities.ranking import EntityRanker

    ranker = EntityRanker(KnowledgeBase.open(kb), **options)
    if text is not None:
        texts = [text]
    elif str(file) == "-":
        texts = sys.stdin.read().splitlines()
    else:
        texts = list(read_lines(file))
    if format == "jsonl":
        for line in texts:
            links = [asdict(found) for found in ranker.link(line)]
            typer.echo(json_line({"text": line, "links": links}))
    else:
        print_links(ranker.link("\n".join(texts)))


def print_links(links: Sequence[EntityLink]) -> None:
    """Print links as a table."""
    print_table(
        ["mention", "article", "commonness", "link probability", "votes", "coherence", "rho"],
        [
            (x.mention, x.title, x.commonness, x.link_probability, x.votes, x.coherence, x.rho)
            for x in links
        ],
    )
