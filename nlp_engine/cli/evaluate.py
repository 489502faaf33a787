"""The command `nlp-engine evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from nlp_engine.classification.settings import ClassifierEvaluationSettings
from nlp_engine.cli.console import print_json, print_made, progress_bar
from nlp_engine.cli.options import Json, Overwrite, command
from nlp_engine.cli.results import (
    print_classifier_results,
    print_vectors_results,
    write_report,
)
from nlp_engine.embeddings.settings import EvaluationSettings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


@command(EvaluationSettings, ClassifierEvaluationSettings)
def evaluate(
    *,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A vectors or classifier folder.")],
    data: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DATA",
            help="Files of word pairs or analogies for vectors (by default WordSim353, SimLex-999 "
            "and Google's analogies), or labelled files for a classifier.",
        ),
    ] = None,
    cost_matrix: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="What errors cost: a header of labels, then a row for each true label with the "
            "cost of predicting each; gives thresholds (classifiers).",
        ),
    ] = None,
    learning_curve: Annotated[
        Path | None,
        typer.Option(
            metavar="TRAIN",
            help="Labelled file or corpus folder; trains on growing shares of it with the model's "
            "settings (classifiers).",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="The folder to make, with eval.json and report.html (classifiers).",
        ),
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Evaluate vectors on word similarity and analogies, or a classifier on labelled examples."""
    from nlp_engine.errors import SettingError
    from nlp_engine.manifest import read_manifest

    files = {"cost_matrix": cost_matrix, "learning_curve": learning_curve, "out": out}
    given = [*options, *(name for name, value in files.items() if value)]
    of_vectors = {field.name for field in fields(EvaluationSettings)}
    holds_vectors = read_manifest(model, "vectors", "classifier").format == "vectors"
    for name in given:
        if holds_vectors and name not in of_vectors:
            raise SettingError(f"{name} is for classifiers, but {model} holds vectors")
        if not holds_vectors and name in of_vectors:
            raise SettingError(f"{name} is for vectors, but {model} holds a classifier")
    if holds_vectors:
        _evaluate_vectors(model, data or [], json, options)
    else:
        _evaluate_classifier(
            model,
            data or [],
            out,
            json,
            cost_matrix=cost_matrix,
            learning_curve=learning_curve,
            overwrite=overwrite,
            **options,
        )


def _evaluate_vectors(
    model: Path, data: list[Path], json: bool, options: Mapping[str, Any]
) -> None:
    from nlp_engine import settings
    from nlp_engine.embeddings.evaluation import bundled_sets, by_name, eval_json, evaluate
    from nlp_engine.embeddings.vectors import WordVectors
    from nlp_engine.errors import InputError
    from nlp_engine.text.tokenizers import TokenizerSettings

    chosen = settings.from_mapping(EvaluationSettings, options)
    vectors = WordVectors.open(model)
    sets = by_name(data) or bundled_sets(TokenizerSettings.of(vectors.manifest).language)
    if not sets:
        raise InputError(f"no evaluation set for the language of {model}; name a file")
    results = evaluate(vectors, sets, chosen)
    if json:
        print_json(eval_json(results))
    else:
        print_vectors_results(results, sections=True)


def _evaluate_classifier(
    model: Path, data: list[Path], out: Path | None, json: bool, **options: Any
) -> None:
    from nlp_engine.classification.evaluate import evaluate_classifier
    from nlp_engine.classification.evaluation import eval_json
    from nlp_engine.errors import InputError
    from nlp_engine.manifest import read_manifest

    if not data:
        raise InputError(f"{model} is a classifier; name the labelled files to evaluate it on")
    with progress_bar(quiet=json) as report:
        results = evaluate_classifier(model, data, out, report=report, **options)
    if out:
        write_report(out, "evaluation", quiet=json)
    if json:
        print_json(eval_json(results))
        return
    if out:
        print_made(out, read_manifest(out, "evaluation").counts, quiet=False, as_json=False)
    print_classifier_results(results, labels=True)
