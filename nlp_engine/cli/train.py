"""The commands `nlp-engine train` and `evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.cli.console import print_json, print_made, print_table, progress_bar
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.embeddings.settings import EvaluationSettings

if TYPE_CHECKING:
    from nlp_engine.embeddings.evaluation import Evaluation


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    app.command()(evaluate)


@command(Word2VecSettings, ClassifierSettings)
def train(
    *,
    corpora: Annotated[
        list[Path],
        typer.Argument(
            metavar="CORPUS…", help="Corpus folders or files of words; one for a classifier."
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
    page: Annotated[
        bool, typer.Option("--report/--no-report", help="Write report.html for word vectors.")
    ] = True,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Train word vectors or a text classifier, with BlazingText's settings."""
    from nlp_engine.classification.train import train_classifier
    from nlp_engine.embeddings.train import train_vectors
    from nlp_engine.errors import InputError
    from nlp_engine.manifest import read_manifest

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
    manifest = read_manifest(out, "vectors", "classifier")
    if page and manifest.format == "vectors":
        _write_report(out, quiet=quiet)
    print_made(out, manifest.counts, quiet=quiet, as_json=json)
    if not quiet and not json and (out / "eval.json").exists():
        _show_results(out / "eval.json", manifest.format)


@command(EvaluationSettings)
def evaluate(
    *,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A vectors or classifier folder.")],
    data: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DATA…]",
            help="Files of word pairs or analogies for vectors (by default WordSim353, SimLex-999 "
            "and Google's analogies), or labelled files for a classifier.",
        ),
    ] = None,
    json: Json = False,
    **options: Any,
) -> None:
    """Evaluate vectors on word similarity and analogies, or a classifier on labelled examples."""
    from nlp_engine import settings
    from nlp_engine.manifest import read_manifest

    chosen = settings.from_mapping(EvaluationSettings, options)
    if read_manifest(model, "vectors", "classifier").format == "vectors":
        _evaluate_vectors(model, data or [], chosen, json)
    else:
        _evaluate_classifier(model, data or [], json)


def _write_report(folder: Path, *, quiet: bool) -> None:
    from nlp_engine.errors import MissingExtraError
    from nlp_engine.reports.vectors import FILE_NAME, write_vectors_report

    try:
        write_vectors_report(folder)
    except MissingExtraError as error:
        if not quiet:
            typer.echo(f"nlp-engine: no {FILE_NAME}: {error}", err=True)


def _show_results(path: Path, format: str) -> None:
    from nlp_engine.embeddings.evaluation import read_eval_json

    if format == "vectors":
        _print_evaluation(read_eval_json(path), sections=False)
    else:
        typer.echo(path.read_text(encoding="utf-8").rstrip())


def _evaluate_vectors(
    model: Path, data: list[Path], chosen: EvaluationSettings, json: bool
) -> None:
    from nlp_engine.embeddings.evaluation import bundled_sets, eval_json, evaluate
    from nlp_engine.embeddings.vectors import WordVectors
    from nlp_engine.errors import InputError
    from nlp_engine.text.tokenizers import TokenizerSettings

    vectors = WordVectors.open(model)
    data = data or bundled_sets(TokenizerSettings.of(vectors.manifest).language)
    if not data:
        raise InputError(f"no evaluation set for the language of {model}; name a file")
    results = evaluate(vectors, data, chosen)
    if json:
        print_json(eval_json(results))
    else:
        _print_evaluation(results, sections=True)


def _print_evaluation(evaluation: Evaluation, *, sections: bool) -> None:
    """A table per kind of set; `sections` are those of the analogies."""
    if evaluation.similarity:
        print_table(
            ["pairs", "spearmans_rho", "not_found", "total_pairs"],
            [
                (name, result.spearmans_rho, result.not_found, result.total_pairs)
                for name, result in evaluation.similarity.items()
            ],
        )
    if evaluation.analogies:
        rows = []
        for name, result in evaluation.analogies.items():
            parts = {"all": result.all, "semantic": result.semantic, "syntactic": result.syntactic}
            parts = {part: score for part, score in parts.items() if score.total}
            for part, score in (parts | (dict(result.sections) if sections else {})).items():
                rows.append(
                    (name, part, score.accuracy, score.correct, score.not_found, score.total)
                )
        columns = ["analogies", "section", "accuracy", "correct", "not_found", "total"]
        print_table(columns, rows)


def _evaluate_classifier(model: Path, data: list[Path], json: bool) -> None:
    from nlp_engine.classification.classifier import Classifier
    from nlp_engine.classification.evaluation import eval_json, evaluate_file
    from nlp_engine.errors import InputError

    if not data:
        raise InputError(f"{model} is a classifier; name the labelled files to evaluate it on")
    classifier = Classifier.open(model)
    results = {path.stem: evaluate_file(classifier, path) for path in data}
    if json:
        print_json(eval_json(results))
        return
    print_table(
        ["file", "accuracy", "macro F1", "examples"],
        [(name, r.accuracy, r.macro.f1, r.examples) for name, r in results.items()],
    )
    for name, result in results.items():
        print_table(
            ["label", "precision", "recall", "F1", "examples"],
            [
                (label, s.precision, s.recall, s.f1, s.examples)
                for label, s in result.labels.items()
            ],
            title=name,
        )
