from __future__ import annotations

import json
from pathlib import Path

from nlp_engine.corpus.class_report import (
    ClassCount,
    class_report,
    find_conflicts,
    read_class_report,
    write_class_report,
)
from nlp_engine.corpus.examples import Example
from nlp_engine.corpus.labelled import escape_labels


def examples(*sizes: tuple[str, int]) -> list[Example]:
    return [Example((label,), f"{label} {i}") for label, size in sizes for i in range(size)]


def warnings(
    held: list[Example],
    folds: list[str],
    *,
    groups: list[int] | None = None,
    counts: dict[str, int] | None = None,
) -> str:
    words = escape_labels(dict.fromkeys(label for example in held for label in example.labels))
    groups = groups or list(range(len(held)))
    report = class_report(held, folds, groups, words, find_conflicts(held), counts or {})
    return "\n".join(report.warnings)


def test_classes_are_counted_by_fold_the_largest_first(tmp_path: Path) -> None:
    held = [Example(("a",), "x"), Example(("b b", "a"), "y"), Example(("c",), "z")]
    words = escape_labels(["a", "b b", "c"])
    report = class_report(held, ["train", "test", "train"], [0, 1, 2], words, [], {})
    assert report.classes == [
        ClassCount(label="a", word="__label__a", examples=2, train=1, validation=0, test=1),
        ClassCount(label="b b", word="__label__b_b", examples=1, train=0, validation=0, test=1),
        ClassCount(label="c", word="__label__c", examples=1, train=1, validation=0, test=0),
    ]
    write_class_report(tmp_path, report)
    assert read_class_report(tmp_path) == report
    assert json.loads((tmp_path / "classes.json").read_text())["classes"][0]["label"] == "a"


def test_a_balanced_corpus_gives_no_warning() -> None:
    held = examples(("a", 20), ("b", 20))
    assert warnings(held, ["train", "validation", "test", "train"] * 10) == ""


def test_small_missing_and_unequal_classes() -> None:
    held = examples(("large", 50), ("small", 4), ("smaller", 2))
    folds = ["train", "test"] * 25 + ["train"] * 4 + ["test"] * 2
    found = warnings(held, folds)
    assert "train has no example of 'smaller': they cannot be learnt" in found
    assert "test has no example of 'small': they cannot be measured there" in found
    assert "fewer than 10 examples: 'small', 'smaller'" in found
    assert "'large' has 25 times as many examples as 'smaller'" in found
    assert "validation" not in found, "a fold that nothing goes to misses nothing"


def test_many_labels_are_named_by_the_first() -> None:
    held = examples(*((f"l{i:02}", 2) for i in range(12)))
    assert "'l00', 'l01', 'l02', 'l03', 'l04' and 7 more" in warnings(held, ["train"] * 24)


def test_labels_that_look_the_same() -> None:
    held = examples(("é", 10), ("e\u0301", 10), ("a b", 10), ("a_b", 10))
    found = warnings(held, ["train"] * 40)
    assert "the labels 'é', 'e\u0301' differ only in white space or Unicode form" in found
    assert "'a b', 'a_b'" in found
    assert "kept apart as a_b, a_b_2" in found


def test_one_text_under_different_labels() -> None:
    held = [
        Example(("a",), "same"),
        Example(("b",), "same"),
        Example(("a", "b"), "other"),
        Example(("b", "a"), "other"),
    ]
    (conflict,) = find_conflicts(held)
    assert (conflict.text, conflict.labels) == ("same", [("a",), ("b",)])
    found = warnings(held, ["train"] * 4)
    assert "texts under different labels (the first are in classes.json): 1" in found


def test_near_duplicates_and_what_was_left_out() -> None:
    held = examples(("a", 20), ("b", 20))
    found = warnings(
        held,
        ["train"] * 40,
        groups=[0] * 8 + list(range(1, 33)),
        counts={"without_label": 1234, "skipped_lines": 2, "like_held_out": 3},
    )
    assert "8 examples (20%) are nearly the same text" in found
    assert "documents without label, left out: 1,234" in found
    assert "lines that are not in the encoding, left out: 2" in found
    assert "look better than they are: 3" in found
