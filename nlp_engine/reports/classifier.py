"""The page of a classifier or evaluation folder: scores, confusion, curves, costs, mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.classification.evaluation import ClassificationResult, read_eval_json
from nlp_engine.classification.evaluation.confusion import ConfusedPair, most_confused
from nlp_engine.errors import require
from nlp_engine.manifest import read_manifest, record_file
from nlp_engine.reports.confusion_matrix import MAX_LABELS, confusion_matrix_svg
from nlp_engine.reports.drawing import COLOURS, INK
from nlp_engine.reports.learning_curve import learning_curve_svg
from nlp_engine.reports.loss_curve import loss_curve_svg
from nlp_engine.reports.page import FILE_NAME, shown_settings, write_page
from nlp_engine.reports.ranking_curves import costs_svg, precision_recall_svg, roc_svg
from nlp_engine.reports.reliability import reliability_svg

_SHOWN_LABELS = 200
_SHOWN_PAIRS = 20


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What the page shows of one result beside its figures; None where there is nothing to draw.

    Attributes:
        labels: The largest labels, in the order of `eval.json`.
        confusion: A picture of the confusion matrix, of up to 30 labels.
        pairs: The pairs of labels that are confused most, of more labels.
        colours: Colours of the labels that have curves; `ink` is that of all together.
        ink: A colour.
        roc: A picture of ROC curves.
        precision_recall: A picture of precision-recall curves.
        reliability: A picture of accuracy by confidence.
        costs: A picture of costs by threshold.
        learning_curve: A picture of accuracy by training examples.
    """

    labels: Sequence[str]
    confusion: str | None
    pairs: Sequence[ConfusedPair]
    colours: Mapping[str, str]
    ink: str
    roc: str | None
    precision_recall: str | None
    reliability: str
    costs: str | None
    learning_curve: str | None


def write_classifier_report(folder: Path | str) -> None:
    """Write `report.html` into a finished classifier or evaluation folder, and record it.

    Raises:
        InputError: There is no such folder, or a file in it is damaged.
        MissingExtraError: The extra `reports` is not installed.
    """
    for module in ("jinja2", "matplotlib"):
        require(module, "reports")
    folder = Path(folder)
    manifest = read_manifest(folder, "classifier", "evaluation")
    results = read_eval_json(folder / "eval.json")
    write_page(
        folder / FILE_NAME,
        "classifier.html",
        title=folder.resolve().name,
        manifest=manifest,
        settings=shown_settings(manifest),
        curve=loss_curve_svg(folder / "training.json"),
        results=results,
        ks=sorted({k for result in results.values() for k in result.shown_ks}),
        drawn={name: draw(result) for name, result in results.items() if result.curves},
    )
    record_file(folder, FILE_NAME)


def draw(result: ClassificationResult) -> Drawn:
    """Draw what there is of a result.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    curves, costs = result.curves, result.costs
    names = list(curves.label_curves) if curves else list(costs.labels if costs else ())
    colours = dict(zip(names, COLOURS, strict=False))
    lines = [(colours[name], curves.label_curves[name]) for name in colours] if curves else []
    if curves and curves.micro_curve:
        lines.append((INK, curves.micro_curve))
    cost_lines = [(colours[name], costs.labels[name]) for name in colours] if costs else []
    confusion, labels = result.confusion, list(result.labels)
    few = len(labels) <= MAX_LABELS
    return Drawn(
        labels=_largest(result),
        confusion=confusion_matrix_svg(confusion, labels) if confusion and few else None,
        pairs=most_confused(confusion, _SHOWN_PAIRS) if confusion and not few else (),
        colours=colours,
        ink=INK,
        roc=roc_svg(lines) if lines else None,
        precision_recall=precision_recall_svg(lines) if lines else None,
        reliability=reliability_svg(result.calibration),
        costs=costs_svg(cost_lines) if cost_lines else None,
        learning_curve=learning_curve_svg(result.learning_curve) if result.learning_curve else None,
    )


def _largest(result: ClassificationResult) -> list[str]:
    by_size = sorted(result.labels, key=lambda label: -result.labels[label].examples)
    shown = set(by_size[:_SHOWN_LABELS])
    return [label for label in result.labels if label in shown]
