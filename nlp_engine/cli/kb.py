"""The commands `nlp-engine kb …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.cli.console import print_json, print_made, print_table, progress_bar
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.entities.settings import KnowledgeBaseSettings

app = typer.Typer(
    name="kb", help="Build, calibrate, inspect and export knowledge bases.", no_args_is_help=True
)

_KB = Annotated[Path, typer.Argument(metavar="KB", help="A knowledge base folder.")]


@app.command()
@command(KnowledgeBaseSettings)
def build(
    *,
    extracted: Annotated[
        list[Path],
        typer.Argument(
            metavar="EXTRACTED",
            help="Folders that `wiki extract` made of one wiki; pages of later ones replace those "
            "of earlier ones, as when an increment is merged.",
        ),
    ],
    out: Out,
    wikidata: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV, TSV or Parquet with the columns wikidata (Q42) and title or page_id.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Count anchors and links into a knowledge base."""
    from nlp_engine.entities.build import build_knowledge_base

    with progress_bar(quiet=quiet) as report:
        made = build_knowledge_base(
            extracted, out, wikidata=wikidata, overwrite=overwrite, report=report, **options
        )
    print_made(out, made.counts, quiet=quiet, as_json=json)


@app.command()
@command()
def calibrate(
    *,
    kb: _KB,
    extracted: Annotated[
        list[Path],
        typer.Argument(
            metavar="EXTRACTED", help="What the knowledge base was built from, in the same order."
        ),
    ],
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Learn probabilities of links from links that are held out, and store them."""
    from dataclasses import asdict

    from nlp_engine.entities.calibrate import calibrate_knowledge_base

    with progress_bar(quiet=quiet) as report:
        found = calibrate_knowledge_base(kb, extracted, report=report)
    if json:
        print_json({method: asdict(result) for method, result in found.items()})
    elif not quiet:
        print_table(
            ["method", "held-out links", "accuracy", "error of scores", "error, calibrated"],
            [(m, r.links, r.accuracy, r.error_before, r.error) for m, r in found.items()],
        )


@app.command()
@command()
def show(
    *,
    kb: _KB,
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
    lower = opened.link_probability(form, lower=True)
    single = " " not in opened.form_key(form)
    if json:
        print_json(
            {
                "mention": mention,
                "link_probability": probability,
                "link_probability_in_lower_case": lower if single else None,
                "link_documents": int(opened.link_documents[form]),
                "documents": int(opened.documents[form]),
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
    in_lower = f", in lower case {lower:.3f}" if single else ""
    print_table(
        ["article", "links", "commonness"],
        [(c.title, c.links, c.commonness) for c in candidates],
        title=f"{mention}: link probability {probability:.3f}{in_lower}",
    )


@app.command()
@command()
def stats(*, kb: _KB, json: Json = False) -> None:
    """What a knowledge base holds."""
    from dataclasses import asdict

    from nlp_engine.entities.export import statistics
    from nlp_engine.entities.knowledge_base import KnowledgeBase

    opened = KnowledgeBase.open(kb)
    found = statistics(opened)
    calibrated = opened.calibration() is not None
    if json:
        facts = {"language": opened.language.code, "calibrated": calibrated}
        print_json(facts | dict(opened.manifest.counts) | asdict(found))
        return
    rows: list[tuple[str, Any]] = [
        ("language", opened.language.code),
        *((name.replace("_", " "), count) for name, count in opened.manifest.counts.items()),
        ("ambiguous forms", found.ambiguous_forms),
        ("candidates per form", found.candidates_per_form),
        ("most candidates of a form", found.most_candidates),
        ("in-links per entity", found.links_per_entity),
        ("calibrated", "yes" if calibrated else "no"),
        ("megabytes", found.megabytes),
    ]
    print_table(["", "value"], rows)
    print_table(["most linked", "pages"], found.most_linked)


@app.command()
@command()
def export(
    *,
    kb: _KB,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="The Parquet file to make.")
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing file.", show_default=False)
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write all candidates with counts and priors to a Parquet file."""
    from nlp_engine.entities.export import export as run
    from nlp_engine.entities.knowledge_base import KnowledgeBase

    with progress_bar(quiet=quiet) as report:
        rows = run(KnowledgeBase.open(kb), out, overwrite=overwrite, report=report)
    print_made(out, {"rows": rows}, quiet=quiet, as_json=json)
