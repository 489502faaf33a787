"""How the results of an evaluation are shown: tables, and a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from nlp_engine.cli.console import print_table

if TYPE_CHECKING:
    from nlp_engine.classification.compression import Compression
    from nlp_engine.classification.evaluation import ClassificationResult
    from nlp_engine.embeddings.evaluation import Evaluation


def write_report(folder: Path, format: str, *, quiet: bool) -> None:
    """Write the page of a finished folder, or say which extra that needs."""
    from nlp_engine.errors import MissingExtraError
    from nlp_engine.reports.classifier import write_classifier_report
    from nlp_engine.reports.page import FILE_NAME
    from nlp_engine.reports.vectors import write_vectors_report

    write = write_vectors_report if format == "vectors" else write_classifier_report
    try:
        write(folder)
    except MissingExtraError as error:
        if not quiet:
            typer.echo(f"nlp-engine: no {FILE_NAME}: {error}", err=True)


def print_vectors_results(evaluation: Evaluation, *, sections: bool) -> None:
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


def print_classifier_results(results: Mapping[str, ClassificationResult], *, labels: bool) -> None:
    """A table of all files or folds; `labels` adds what is known of each."""
    ks = sorted({k for result in results.values() for k in result.shown_ks})
    print_table(
        ["file", "examples", "accuracy", "macro F1", "micro F1", "AUC", "ECE",
         *(f"{score}@{k}" for k in ks for score in "PR")],
        [_summary(name, result, ks) for name, result in results.items()],
    )  # fmt: skip
    for name, result in results.items() if labels else ():
        _print_labels(name, result)
        if result.costs and result.costs.most_probable is not None:
            print_table(
                ["label chosen", "cost", "examples"],
                [
                    ("most probable", result.costs.most_probable, result.costs.examples),
                    ("least expected cost", result.costs.least_expected, result.costs.examples),
                ],
                title=f"{name}: cost of errors",
            )
        if result.learning_curve:
            print_table(
                ["training examples", "accuracy", "macro F1"],
                [(point.examples, point.accuracy, point.macro_f1)
                 for point in result.learning_curve],
                title=f"{name}: learning curve",
            )  # fmt: skip


def print_compression(made: Compression) -> None:
    """What there was before, and what is left."""
    figures = {"bytes": made.bytes, "words": made.words, "n-grams": made.ngrams}
    figures |= {f"accuracy, {name}": change for name, change in made.accuracy.items()}
    print_table(
        ["", "before", "after"],
        [(name, change.before, change.after) for name, change in figures.items()],
    )


def _summary(name: str, result: ClassificationResult, ks: list[int]) -> list[Any]:
    at_k = [result.at_k.get(k) for k in ks]
    return [
        name,
        result.examples,
        result.accuracy,
        result.macro.f1,
        result.micro.f1,
        result.curves.macro.auc if result.curves else None,
        result.calibration.expected_calibration_error,
        *(score for its in at_k for score in ((its.precision, its.recall) if its else (None,) * 2)),
    ]


def _print_labels(name: str, result: ClassificationResult) -> None:
    columns = ["label", "precision", "recall", "F1", "AUC", "examples", "predicted"]
    rows = []
    for label, scores in result.labels.items():
        areas = result.curves.labels.get(label) if result.curves else None
        row = [label, scores.precision, scores.recall, scores.f1, areas.auc if areas else None,
               scores.examples, scores.predicted]  # fmt: skip
        if result.costs:
            costs = result.costs.labels.get(label)
            row += [costs.cost_at_half, costs.threshold, costs.cost] if costs else [None] * 3
        rows.append(row)
    if result.costs:
        columns += ["cost at 0.5", "threshold", "cost"]
    rule = "labels at least 0.5 probable" if result.multi_label else "the most probable label"
    print_table(columns, rows, title=f"{name}, by {rule}")
