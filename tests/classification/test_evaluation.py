from __future__ import annotations

from pathlib import Path

import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.classification.evaluation import LabelScores, eval_json, read_examples, score
from nlp_engine.errors import InputError

LABELS = st.sampled_from("abcd")


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=60))
def test_agrees_with_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    truth, predicted = [t for t, _ in pairs], [p for _, p in pairs]
    result = score([[label] for label in truth], predicted)
    report = sklearn.metrics.classification_report(
        truth, predicted, output_dict=True, zero_division=0
    )
    assert result.accuracy == pytest.approx(sklearn.metrics.accuracy_score(truth, predicted))
    assert result.macro_f1 == pytest.approx(report["macro avg"]["f1-score"])
    for label, scores in result.labels.items():
        theirs = report[label]
        assert scores == LabelScores(
            pytest.approx(theirs["precision"]),
            pytest.approx(theirs["recall"]),
            pytest.approx(theirs["f1-score"]),
            int(theirs["support"]),
        )


def test_any_of_several_labels_counts_as_right() -> None:
    result = score([["a", "b"], ["a"]], ["b", "b"])
    assert result.accuracy == 0.5
    assert result.labels["b"] == LabelScores(0.5, 1.0, pytest.approx(2 / 3), 1)


def test_eval_json_begins_with_the_accuracies() -> None:
    content = eval_json({"train": score([["a"]], ["a"]), "test": score([["a"]], ["b"])})
    assert list(content) == ["train_accuracy", "test_accuracy", "train", "test"]
    assert content["test"]["labels"]["a"]["recall"] == 0


def test_examples_are_read_by_fasttexts_rules(tmp_path: Path) -> None:
    path = tmp_path / "examples.txt"
    path.write_text("__label__a one two\nthree __label__b __label__c\n", encoding="utf-8")
    assert read_examples(path) == ([["__label__a"], ["__label__b", "__label__c"]],
                                   ["one two", "three"])  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"__label__a x\nno label here\n", "line 2: no label"),
        (b"__label__a \xff\n", "line 1: not UTF-8"),
        (b"", "is empty"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "examples.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_examples(path)
