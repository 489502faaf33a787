"""The command `nlp-engine train`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.cli.console import print_made, progress_bar
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.cli.results import (
    print_classifier_results,
    print_vectors_results,
    write_report,
)
from nlp_engine.embeddings.hyperparameters import Word2VecSettings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(train)


@command(Word2VecSettings, ClassifierSettings)
def train(
    *,
    corpora: Annotated[
        list[Path],
        typer.Argument(
            metavar="CORPUS", help="Corpus folders or files of words; one for a classifier."
        ),
    ],
    out: Out,
    mode: Annotated[
        Literal["batch_skipgram", "skipgram", "cbow", "supervised"],
        typer.Option(help="The training architecture; supervised trains a classifier."),
    ],
    validation: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Labelled file to evaluate a classifier on.")
    ] = None,
    pairs: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="File of word pairs or analogies to evaluate vectors on, instead of WordSim353, "
            "SimLex-999 and Google's analogies.",
        ),
    ] = None,
    page: Annotated[bool, typer.Option("--report/--no-report", help="Write report.html.")] = True,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Train word vectors or a text classifier, with BlazingText's settings."""
    from nlp_engine.classification.train import train_classifier
    from nlp_engine.embeddings.distributed import leads
    from nlp_engine.embeddings.train import train_vectors
    from nlp_engine.errors import InputError
    from nlp_engine.manifest import read_manifest

    files = {"validation": validation, "pairs": pairs}
    _refuse_other_modes(mode, [*options, *(name for name, value in files.items() if value)])
    with progress_bar(quiet=quiet) as report:
        if mode == "supervised":
            if len(corpora) > 1:
                raise InputError(f"mode supervised takes one corpus, not {len(corpora)}")
            train_classifier(
                corpora[0],
                out,
                validation=validation,
                overwrite=overwrite,
                report=report,
                **options,
            )
        else:
            train_vectors(
                corpora,
                out,
                mode=mode,
                pairs=pairs or (),
                overwrite=overwrite,
                report=report,
                **options,
            )
    if options.get("distributed") and not leads():
        return  # the folder is on the first rank's host
    manifest = read_manifest(out, "vectors", "classifier")
    if page:
        write_report(out, manifest.format, quiet=quiet)
    print_made(out, manifest.counts, quiet=quiet, as_json=json)
    if not quiet and not json and (out / "eval.json").exists():
        _show_results(out / "eval.json", manifest.format)


def _refuse_other_modes(mode: str, given: Iterable[str]) -> None:
    """Refuse settings and files that only other modes have."""
    from nlp_engine.errors import SettingError

    of_classifiers = {field.name for field in fields(ClassifierSettings)} | {"validation"}
    of_vectors = {field.name for field in fields(Word2VecSettings)} | {"pairs"}
    for name in given:
        if mode == "supervised" and name not in of_classifiers:
            raise SettingError(f"{name} is for word vectors, and mode {mode} trains a classifier")
        if mode != "supervised" and name not in of_vectors:
            raise SettingError(f"{name} is for mode supervised, and the mode is {mode}")


def _show_results(path: Path, format: str) -> None:
    from nlp_engine.classification.evaluation import read_eval_json as read_classifier_results
    from nlp_engine.embeddings.evaluation import read_eval_json as read_vectors_results

    if format == "vectors":
        print_vectors_results(read_vectors_results(path), sections=False)
    else:
        print_classifier_results(read_classifier_results(path), labels=False)
