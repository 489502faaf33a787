"""The outcome of an evaluation, and `eval.json`, which holds it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlp_engine.classification.evaluation.calibration import Calibration, ReliabilityBin
from nlp_engine.classification.evaluation.confusion import Confusion
from nlp_engine.classification.evaluation.costs import Costs, LabelCosts
from nlp_engine.classification.evaluation.curves import Areas, Curve, Curves
from nlp_engine.classification.evaluation.mistakes import Mistake
from nlp_engine.classification.evaluation.scores import AverageScores, LabelScores, ScoresAtK
from nlp_engine.errors import FormatError

EVAL_FILE = "eval.json"


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """What a classifier that is trained on so many examples reaches."""

    examples: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, kw_only=True)
class ClassificationResult:
    """The outcome on one file of examples.

    Attributes:
        accuracy: Share of examples whose most probable label is among their labels (fastText's
            precision at 1).
        examples: Examples in the file.
        multi_label: Whether some example has several labels. Then precision, recall and F1 are of
            all labels at least 0.5 probable, else of the most probable label.
        without_label: Examples that are left out because they have no label.
        unknown_labels: Examples by label that the model does not know; they count as errors.
        micro: Scores of all labels' counts together.
        macro: Plain means of the labels' scores.
        at_k: Precision and recall of the k most probable labels, by k.
        labels: Scores by label that some example has or gets.
        confusion: Examples by true and by most probable label; None with several labels.
        calibration: Whether the most probable label is as often right as its probability says.
        curves: ROC and precision-recall curves, if wanted.
        mistakes: The wrong labels that the model is most sure of, if wanted.
        costs: What errors cost, if there is a cost matrix.
        learning_curve: Accuracy by training examples, if wanted.
    """

    accuracy: float
    examples: int
    multi_label: bool
    without_label: int
    unknown_labels: Mapping[str, int]
    micro: AverageScores
    macro: AverageScores
    at_k: Mapping[int, ScoresAtK]
    labels: Mapping[str, LabelScores]
    confusion: Confusion | None
    calibration: Calibration
    curves: Curves | None = None
    mistakes: Sequence[Mistake] | None = None
    costs: Costs | None = None
    learning_curve: Sequence[LearningPoint] | None = None

    @property
    def shown_ks(self) -> list[int]:
        """The k whose precision and recall say more than the accuracy does."""
        return [k for k in self.at_k if k > 1 or self.multi_label]


def eval_json(results: Mapping[str, ClassificationResult]) -> dict[str, Any]:
    """The results by fold or file as `eval.json` has them, with `NAME_accuracy` first.

    What was not wanted, or does not exist, is left out.
    """
    accuracies = {f"{name}_accuracy": result.accuracy for name, result in results.items()}
    return accuracies | {
        name: {key: value for key, value in asdict(result).items() if value is not None}
        for name, result in results.items()
    }


def write_eval_json(folder: Path, results: Mapping[str, ClassificationResult]) -> None:
    """Write `eval.json`."""
    text = json.dumps(eval_json(results), indent=2, ensure_ascii=False)
    (folder / EVAL_FILE).write_text(text + "\n", encoding="utf-8")


def read_eval_json(path: Path) -> dict[str, ClassificationResult]:
    """The results in an `eval.json`.

    Raises:
        FormatError: It is not what `eval_json` gives.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        results = {
            name: _result(entry) for name, entry in content.items() if isinstance(entry, dict)
        }
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise FormatError(
            f"{path} holds no results of a classifier ({error}); run nlp-engine evaluate"
        ) from error
    if not results:
        raise FormatError(f"{path} holds no results of a classifier; run nlp-engine evaluate")
    return results


def _result(entry: Mapping[str, Any]) -> ClassificationResult:
    calibration, curve = entry["calibration"], entry.get("learning_curve")
    bins = [ReliabilityBin(**its) for its in calibration["bins"]]
    read: dict[str, Any] = {
        "micro": AverageScores(**entry["micro"]),
        "macro": AverageScores(**entry["macro"]),
        "at_k": {int(k): ScoresAtK(**scores) for k, scores in entry["at_k"].items()},
        "labels": {label: LabelScores(**scores) for label, scores in entry["labels"].items()},
        "confusion": entry.get("confusion"),
        "calibration": Calibration(calibration["expected_calibration_error"], bins),
        "curves": _curves(entry["curves"]) if "curves" in entry else None,
        "costs": _costs(entry["costs"]) if "costs" in entry else None,
        "learning_curve": [LearningPoint(**point) for point in curve] if curve else None,
    }
    if "mistakes" in entry:
        read["mistakes"] = [Mistake(**mistake) for mistake in entry["mistakes"]]
    return ClassificationResult(**{**entry, **read})


def _curves(entry: Mapping[str, Any]) -> Curves:
    return Curves(
        macro=Areas(**entry["macro"]),
        micro=Areas(**entry["micro"]),
        labels={label: Areas(**areas) for label, areas in entry["labels"].items()},
        micro_curve=Curve(**entry["micro_curve"]) if entry["micro_curve"] else None,
        label_curves={label: Curve(**curve) for label, curve in entry["label_curves"].items()},
    )


def _costs(entry: Mapping[str, Any]) -> Costs:
    labels = {label: LabelCosts(**costs) for label, costs in entry["labels"].items()}
    return Costs(**{**entry, "labels": labels})
