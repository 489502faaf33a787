"""The command `nlp-engine tune`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.classification.tuning.settings import TuningSettings
from nlp_engine.cli.console import print_made, print_table, progress_bar
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.cli.results import print_classifier_results, write_report


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tune)


@command(TuningSettings, ClassifierSettings)
def tune(
    *,
    corpus: Annotated[
        Path, typer.Argument(metavar="CORPUS", help="A labelled corpus folder or file.")
    ],
    out: Out,
    validation: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Labelled file that decides; by default the folder's."),
    ] = None,
    page: Annotated[bool, typer.Option("--report/--no-report", help="Write report.html.")] = True,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Find a classifier's settings in a given time; those that are named here stay as they are."""
    from nlp_engine.classification.evaluation import read_eval_json
    from nlp_engine.classification.tuning.tune import tune_classifier
    from nlp_engine.manifest import read_manifest

    with progress_bar(quiet=quiet) as report:
        tune_classifier(
            corpus, out, validation=validation, overwrite=overwrite, report=report, **options
        )
    manifest = read_manifest(out, "classifier")
    if page:
        write_report(out, manifest.format, quiet=quiet)
    print_made(out, manifest.counts, quiet=quiet, as_json=json)
    if not quiet and not json:
        found = manifest.settings
        print_table(["setting", "found"], [(name, str(found[name])) for name in _shown(found)])
        print_classifier_results(read_eval_json(out / "eval.json"), labels=False)


def _shown(found: Mapping[str, Any]) -> list[str]:
    """The searched settings that count."""
    from nlp_engine.classification.tuning.space import SEARCHED

    unused = set() if found["subwords"] else {"min_char", "max_char"}
    if not found["subwords"] and found["word_ngrams"] == 1:
        unused.add("buckets")
    return [name for name in SEARCHED if name not in unused]
