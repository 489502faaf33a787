"""The commands `nlp-engine items …`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.cli import dataset_groups, evaluate_items
from nlp_engine.cli.console import print_json, print_table, progress_bar
from nlp_engine.cli.datasets import print_dataset
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.cli.put import Again, Compare, DomainOption, DryRun, JournalFile, put_records
from nlp_engine.personalize.sending.settings import PutSettings
from nlp_engine.personalize.settings import CheckSettings, ItemSettings

app = typer.Typer(name="items", help="Make Amazon Personalize datasets.", no_args_is_help=True)
evaluate_items.register(app)

_FAILED = 1


@app.command()
@command(ItemSettings)
def build(
    *,
    items: Annotated[
        Path,
        typer.Argument(
            metavar="ITEMS", help="CSV, TSV, JSON Lines or Parquet file, or an extracted folder."
        ),
    ],
    out: Out,
    vectors: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Word vectors: a vectors folder, a fastText model or a word2vec file; gives "
            "topics.",
        ),
    ] = None,
    text_vectors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npy",
            help="Text vectors of any model instead, a row for each item; gives topics.",
        ),
    ] = None,
    kb: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Knowledge base; gives entities.")
    ] = None,
    entity_types: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="For each column of entities of a type, such as PEOPLE, a regular expression of "
            "their categories in lower case.",
        ),
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="An items folder whose topics, categories and schema are used: for further "
            "imports and items put.",
        ),
    ] = None,
    refit: Annotated[
        bool,
        typer.Option(
            "--refit",
            help="With --overwrite: fit new topics, under which all items must be imported again.",
            show_default=False,
        ),
    ] = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Make an Items dataset: schema.json and items.csv with topics and entities."""
    from nlp_engine.embeddings.vectors import WordVectors
    from nlp_engine.entities.knowledge_base import KnowledgeBase
    from nlp_engine.personalize.items import build_items

    with progress_bar(quiet=quiet) as report:
        made = build_items(
            items,
            out,
            vectors=WordVectors.open(vectors) if vectors else None,
            text_vectors=text_vectors,
            kb=KnowledgeBase.open(kb) if kb else None,
            entity_types=entity_types,
            like=like,
            refit=refit,
            overwrite=overwrite,
            report=report,
            **options,
        )
    print_dataset(out, made.counts, quiet=quiet, as_json=json)


@app.command()
@command(CheckSettings)
def check(
    *,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A folder with schema.json, of any type, and CSV files."
        ),
    ],
    previous: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The schema of the last import, or its folder: changes since then are errors.",
        ),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Check a dataset by Personalize's rules; exit code 1 if an import would fail."""
    from nlp_engine.personalize.check import Level, check_dataset

    with progress_bar(quiet=quiet) as report:
        findings = check_dataset(folder, previous=previous, report=report, **options)
    if json:
        print_json([asdict(finding) for finding in findings])
    elif findings:
        print_table(
            ["level", "rule", "file", "row", "column", "message"],
            [
                (f.level, f.rule, f.file or "", f.row or "", f.column or "", f.message)
                for f in findings
            ],
        )
    else:
        typer.echo(f"{folder}: nothing to complain about")
    if any(finding.level is Level.ERROR for finding in findings):
        raise typer.Exit(_FAILED)


@app.command()
@command(PutSettings)
def put(
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder with schema.json and items.csv.")
    ],
    dataset_arn: Annotated[str, typer.Option(metavar="ARN", help="The Items dataset.")],
    journal: JournalFile = None,
    again: Again = False,
    dry_run: DryRun = False,
    compare: Compare = True,
    other_codebook: Annotated[
        bool,
        typer.Option(
            "--other-codebook",
            help="Send items whose topics another codebook has coded than the dataset's.",
            show_default=False,
        ),
    ] = False,
    domain: DomainOption = None,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Send items one by one with PutItems; a killed run goes on where it was."""
    from nlp_engine.personalize.sending.datasets import DatasetRecords

    put_records(
        DatasetRecords("items", folder, dataset_arn, domain=domain, other_codebook=other_codebook),
        journal=journal,
        again=again,
        dry_run=dry_run,
        compare=compare,
        quiet=quiet,
        as_json=json,
        **options,
    )


dataset_groups.register(app)
