"""`classes.json`: how many examples each class has in each fold, and what to be wary of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nlp_engine.corpus.examples import Example
from nlp_engine.corpus.labelled import FOLDS, LABEL_PREFIX, label_name

CLASSES_REPORT = "classes.json"

FEW_EXAMPLES = 10
"""A class with fewer is called small."""
IMBALANCE = 10.0
"""How many times as large as the smallest class the largest may be without a warning."""
LARGE_GROUP = 0.05
"""The share of the examples that nearly equal texts may be without a warning."""
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ClassCount:
    """One class: its label, its label word, and its examples in all and by fold."""

    label: str
    word: str
    examples: int
    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """A text that stands under different labels, with each of its sets of labels."""

    text: str
    labels: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class ClassReport:
    """What a labelled corpus holds.

    Attributes:
        classes: The classes, the largest first.
        conflicts: The first texts that stand under different labels.
        warnings: Sentences that say what may harm a classifier or its evaluation.
    """

    classes: Sequence[ClassCount]
    conflicts: Sequence[Conflict]
    warnings: Sequence[str]


def class_report(
    examples: Sequence[Example],
    folds: Sequence[str],
    groups: Sequence[int],
    words: Mapping[str, str],
    conflicts: Sequence[Conflict],
    counts: Mapping[str, int],
) -> ClassReport:
    """Count the classes, and say what to be wary of.

    Args:
        examples: (N) the examples.
        folds: (N) their folds.
        groups: (N) their groups of nearly equal texts.
        words: Label words by label.
        conflicts: Texts under different labels.
        counts: What the manifest counts.
    """
    by_fold: dict[str, Counter[str]] = {label: Counter() for label in words}
    for example, fold in zip(examples, folds, strict=True):
        for label in example.labels:
            by_fold[label][fold] += 1
    classes = [
        ClassCount(label, words[label], held.total(), *(held[fold] for fold in FOLDS))
        for label, held in by_fold.items()
    ]
    classes.sort(key=lambda held: (-held.examples, held.label))
    used = [fold for fold in FOLDS if fold in set(folds)]
    warnings = [
        *_size_warnings(classes, used),
        *_label_warnings(words),
        *_group_warnings(groups),
        *_text_warnings(conflicts, counts),
    ]
    return ClassReport(classes=classes, conflicts=conflicts[:_SHOWN], warnings=warnings)


def write_class_report(folder: Path, report: ClassReport) -> None:
    """Write `classes.json`."""
    text = json.dumps(asdict(report), indent=2, ensure_ascii=False)
    (folder / CLASSES_REPORT).write_text(text + "\n", encoding="utf-8")


def read_class_report(folder: Path) -> ClassReport:
    """Read the `classes.json` of a labelled corpus."""
    content = json.loads((folder / CLASSES_REPORT).read_text(encoding="utf-8"))
    return ClassReport(
        classes=[ClassCount(**held) for held in content["classes"]],
        conflicts=[Conflict(**held) for held in content["conflicts"]],
        warnings=content["warnings"],
    )


def find_conflicts(examples: Sequence[Example]) -> list[Conflict]:
    """The texts that stand under different sets of labels."""
    labels: dict[str, dict[tuple[str, ...], None]] = {}
    for example in examples:
        labels.setdefault(example.words, {})[tuple(sorted(example.labels))] = None
    return [Conflict(text, list(found)) for text, found in labels.items() if len(found) > 1]


def _size_warnings(classes: Sequence[ClassCount], used: Sequence[str]) -> list[str]:
    warnings = []
    for fold in used:
        missing = [held.label for held in classes if not getattr(held, fold)]
        if missing:
            harm = "cannot be learnt" if fold == FOLDS[0] else "cannot be measured there"
            warnings.append(f"{fold} has no example of {_some(missing)}: they {harm}")
    small = [held.label for held in classes if held.examples < FEW_EXAMPLES]
    if small:
        warnings.append(f"fewer than {FEW_EXAMPLES} examples: {_some(small)}")
    largest, smallest = classes[0], classes[-1]
    if largest.examples > IMBALANCE * smallest.examples:
        times = largest.examples / smallest.examples
        warnings.append(
            f"{largest.label!r} has {times:.0f} times as many examples as {smallest.label!r}: "
            "look at each class's own precision and recall, not at the accuracy"
        )
    return warnings


def _label_warnings(words: Mapping[str, str]) -> list[str]:
    alike: dict[str, list[str]] = {}
    for label in words:
        alike.setdefault(label_name(label), []).append(label)
    return [
        f"the labels {', '.join(map(repr, labels))} differ only in white space or Unicode form; "
        f"they are kept apart as {', '.join(words[x].removeprefix(LABEL_PREFIX) for x in labels)}"
        for labels in alike.values()
        if len(labels) > 1
    ]


def _group_warnings(groups: Sequence[int]) -> list[str]:
    largest = max(Counter(groups).values())
    if largest == 1 or largest < LARGE_GROUP * len(groups):
        return []
    share = largest / len(groups)
    return [f"{largest:,} examples ({share:.0%}) are nearly the same text, so they are in one fold"]


def _text_warnings(conflicts: Sequence[Conflict], counts: Mapping[str, int]) -> list[str]:
    found = {
        f"texts under different labels (the first are in {CLASSES_REPORT})": len(conflicts),
        "training examples like examples of the given validation or test fold, so that results "
        "look better than they are": counts.get("like_held_out"),
        "documents without label, left out": counts.get("without_label"),
        "lines that are not in the encoding, now with U+FFFD": counts.get("replaced_lines"),
        "lines that are not in the encoding, left out": counts.get("skipped_lines"),
    }
    return [f"{what}: {count:,}" for what, count in found.items() if count]


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(repr(label) for label in labels[:5])
    return shown if len(labels) <= 5 else f"{shown} and {len(labels) - 5:,} more"
