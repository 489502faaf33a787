"""The command `nlp-engine link`."""

from __future__ import annotations

import contextlib
import json as json_format
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nlp_engine.cli.console import json_line, print_table
from nlp_engine.cli.options import command
from nlp_engine.entities.settings import RankingSettings
from nlp_engine.files import STANDARD_INPUT

if TYPE_CHECKING:
    from nlp_engine.entities.links import EntityLink, Explanation
    from nlp_engine.entities.ranking import EntityRanker


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(link)


@command(RankingSettings)
def link(
    *,
    kb: Annotated[Path, typer.Argument(metavar="KB", help="A knowledge base folder.")],
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="A text file, or JSON Lines (*.jsonl); - is standard input, which is read if "
            "there is neither a file nor --text.",
        ),
    ] = None,
    text: Annotated[str | None, typer.Option(help="The text itself, instead of a file.")] = None,
    format: Annotated[
        Literal["text", "jsonl", "html"],
        typer.Option(
            help="text: a table for the whole file; jsonl: one JSON object per line of the file; "
            "html: a page with marked mentions."
        ),
    ] = "text",
    field: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Where the text is in JSON Lines; if given, any file and standard input are read "
            "as such.  [default: text]",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that link lines of a file.")] = 1,
    overlay: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV of custom entities: alias, entity, and perhaps links and link_probability.",
        ),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML of rules that allow, block or boost entities."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the votes that decided.", show_default=False)
    ] = False,
    **options: Any,
) -> None:
    """Find the entities that a text mentions."""
    from nlp_engine.entities.domain_rules import DomainRules
    from nlp_engine.entities.knowledge_base import KnowledgeBase
    from nlp_engine.entities.overlay import Overlay
    from nlp_engine.entities.ranking import EntityRanker
    from nlp_engine.errors import InputError

    if text is not None and file is not None:
        raise InputError(f"there are {file} and --text; give one of them")
    opened = KnowledgeBase.open(kb)
    with print_warnings():
        ranker = EntityRanker(
            opened,
            overlay=Overlay.read(overlay, opened) if overlay else None,
            rules=DomainRules.read(rules) if rules else None,
            **options,
        )
    key = field or "text"
    records: Iterable[dict[str, Any]] = (
        [{key: text}] if text is not None else _records(file or STANDARD_INPUT, field)
    )
    if format == "jsonl":
        for line in _linked(ranker, records, key, workers=workers, explain=explain):
            typer.echo(line)
        return
    whole = "\n".join(record[key] for record in records)
    whole = whole.encode("utf-8", "replace").decode()  # half a character cannot be printed
    if format == "html":
        from nlp_engine.reports.links import links_page

        typer.echo(links_page(whole, ranker.explain(whole)))
    elif explain:
        print_explanations(ranker.explain(whole))
    else:
        print_links(ranker.link(whole))


@contextlib.contextmanager
def print_warnings() -> Iterator[None]:
    """Print warnings, at the end, as lines on standard error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        typer.echo(f"nlp-engine: {warning.message}", err=True)


def _records(file: Path, field: str | None) -> Iterator[dict[str, Any]]:
    """The lines of a file as objects that have a text."""
    from nlp_engine.corpus.sources import read_lines
    from nlp_engine.errors import InputError

    key = field or "text"
    is_json = field is not None or ".jsonl" in file.suffixes
    for number, line in enumerate(read_lines(file), 1):
        if not is_json:
            yield {key: line}
            continue
        try:
            record = json_format.loads(line)
        except ValueError as error:
            raise InputError(f"{file}, line {number}: no JSON: {error}") from None
        if not isinstance(record, dict):
            raise InputError(f"{file}, line {number}: no JSON object")
        if not isinstance(record.get(key), str):
            names = textwrap.shorten(", ".join(record) or "(none)", 200, placeholder=" …")
            raise InputError(
                f"{file}, line {number}: no text in field {key!r}; --field names another of its "
                f"fields: {names}"
            )
        yield record


def _linked(
    ranker: EntityRanker,
    records: Iterable[dict[str, Any]],
    field: str,
    *,
    workers: int,
    explain: bool,
) -> Iterator[str]:
    """The records with their links, as lines of JSON."""
    from nlp_engine.entities.workers import map_in_workers

    def line(ranker: EntityRanker, record: dict[str, Any]) -> str:
        text = record[field]
        if explain:
            return json_line(record | {"links": [asdict(found) for found in ranker.explain(text)]})
        return json_line(record | {"links": [found.to_dict() for found in ranker.link(text)]})

    return map_in_workers(ranker, line, records, workers)


def print_links(links: Sequence[EntityLink]) -> None:
    """Print links as a table."""
    print_table(
        ["mention", "article", "commonness", "link probability", "coherence", "rho", "probability"],
        [
            (
                x.mention, x.title, x.commonness, x.link_probability, x.coherence, x.rho,
                x.probability,
            )
            for x in links
        ],
    )  # fmt: skip


def print_explanations(explanations: Sequence[Explanation]) -> None:
    """Print each link with its votes as a table."""
    for explanation in explanations:
        found = explanation.link
        others = ", ".join(f"{title} {share:.2f}" for title, share in explanation.others[:3])
        title = f"{found.mention}: {found.title} {found.score:.2f}"
        title += f" (else {others})" if others else ""
        if not explanation.votes:
            typer.echo(f"{title}: no votes\n")
            continue
        print_table(
            ["voter", "meaning", "share", "link", "co-citation", "words", "same", "relatedness"],
            [
                (
                    v.mention, v.title, v.share, v.link, v.cocitation, v.title_words, v.same,
                    v.relatedness,
                )
                for v in explanation.votes
            ],
            title=title,
        )  # fmt: skip
