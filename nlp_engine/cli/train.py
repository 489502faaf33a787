"""The commands `nlp-engine train` and `evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.cli.console import print_json, print_made, print_table, progress_bar
from nlp_engine.cli.options import Json, Out, Overwrite, Quiet, command
from nlp_engine.embeddings.hyperparameters import Word2VecSettings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    app.command()(evaluate)


@command(Word2VecSettings, ClassifierSettings)
def train(
    *,
    corpus: Annotated[
        Path, typer.Argument(metavar="CORPUS", help="A corpus folder, or a file of words.")
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
            help="Word similarity file to evaluate vectors on, instead of WordSim353.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Train word vectors or a text classifier, with BlazingText's settings."""
    from nlp_engine.classification.train import train_classifier
    from nlp_engine.embeddings.train import train_vectors
    from nlp_engine.manifest import read_manifest

    with progress_bar(quiet=quiet) as report:
        if mode == "supervised":
            train_classifier(
                corpus, out, validation=validation, overwrite=overwrite, report=report, **options
            )
        else:
            train_vectors(
                corpus,
                out,
                mode=mode,
                pairs=pairs or (),
                overwrite=overwrite,
                report=report,
                **options,
            )
    manifest = read_manifest(out, "vectors", "classifier")
    print_made(out, manifest.counts, quiet=quiet, as_json=json)
    if not quiet and not json and (out / "eval.json").exists():
        typer.echo((out / "eval.json").read_text(encoding="utf-8").rstrip())


@command()
def evaluate(
    *,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A vectors or classifier folder.")],
    data: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DATA…]",
            help="Word similarity files for vectors (by default WordSim353), or labelled files "
            "for a classifier.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Evaluate vectors on word similarity, or a classifier on labelled examples."""
    from nlp_engine.manifest import read_manifest

    if read_manifest(model, "vectors", "classifier").format == "vectors":
        _evaluate_vectors(model, data or [], json)
    else:
        _evaluate_classifier(model, data or [], json)


def _evaluate_vectors(model: Path, pairs: list[Path], json: bool) -> None:
    from nlp_engine.embeddings.evaluation import (
        SimilarityResult,
        bundled_pairs,
        eval_json,
        evaluate_pairs,
    )
    from nlp_engine.embeddings.vectors import WordVectors
    from nlp_engine.errors import InputError

    vectors = WordVectors.open(model)
    pairs = pairs or bundled_pairs(vectors.tokenizer().language.code)
    if not pairs:
        raise InputError(f"no word similarity set for the language of {model}; name a file")
    results = evaluate_pairs(vectors, pairs)
    if json:
        print_json(eval_json(results))
        return
    print_table(
        ["pairs", "spearmans_rho", "not_found", "total_pairs"],
        [
            (name, result.spearmans_rho, result.not_found, result.total_pairs)
            for name, result in results.items()
            if isinstance(result, SimilarityResult)
        ],
    )


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
        [(name, r.accuracy, r.macro_f1, r.examples) for name, r in results.items()],
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
