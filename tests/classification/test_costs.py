"""Costs of errors: the file that says them, thresholds, and the label that costs least."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.classification.evaluation.cost_matrix import read_cost_matrix
from nlp_engine.classification.evaluation.costs import costs_of
from nlp_engine.classification.evaluation.predictions import Predictions
from nlp_engine.classification.evaluation.truth import Truth
from nlp_engine.errors import InputError
from tests.classification.arrays import (
    LABELS,
    UNKNOWN,
    Examples,
    arrays,
    examples,
    indicator,
    probabilities,
)

COSTS = st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=4, max_size=4)


def cost_at(given: Examples, column: int, threshold: float, matrix: np.ndarray) -> float:
    others = np.arange(4) != column
    gets, has = probabilities(given)[:, column] >= threshold, indicator(given)[:, column] == 1
    wrongly, missed = matrix[others, column].mean(), matrix[column, others].mean()
    return float(wrongly * (gets & ~has).sum() + missed * (~gets & has).sum())


@given(examples(several=True), COSTS)
@settings(max_examples=60)
def test_no_threshold_costs_less(given: Examples, costs: list[list[int]]) -> None:
    matrix = np.array(costs, float)
    found = costs_of(*arrays(given), matrix)
    assert found.examples == len(given)
    for column, name in enumerate(LABELS):
        got = found.labels[name]
        tried = [*np.arange(9) / 8, 0.5, 2]
        least = min(cost_at(given, column, threshold, matrix) for threshold in tried)
        chosen = 2 if got.threshold is None else got.threshold
        assert got.cost == pytest.approx(least)
        assert got.cost == pytest.approx(cost_at(given, column, chosen, matrix))
        assert got.cost_at_half == pytest.approx(cost_at(given, column, 0.5, matrix))
        if got.cost == got.cost_at_half:
            assert got.threshold == 0.5, "nothing speaks against it"
        for threshold, cost in got.curve:
            if 0 < threshold < 1:
                assert cost == pytest.approx(cost_at(given, column, threshold, matrix), abs=1e-5)


@given(examples(several=False), COSTS)
def test_the_label_that_costs_least(given: Examples, costs: list[list[int]]) -> None:
    matrix = np.array(costs, float)
    found = costs_of(*arrays(given), matrix)
    most_probable = least_expected = 0.0
    for (label,), row in given:
        true = LABELS.index(label)
        most_probable += matrix[true, int(np.argmax(row))]
        expected = [sum(row[i] * matrix[i, j] for i in range(4)) for j in range(4)]
        least_expected += matrix[true, int(np.argmin(expected))]
    assert found.most_probable == most_probable
    assert found.least_expected == pytest.approx(least_expected)


def test_two_labels_by_hand() -> None:
    # Losing a good mail costs 10, a spam mail that comes through costs 1.
    matrix = np.array([[0, 10], [1, 0]], float)
    labels = ["ham", "ham", "ham", "spam", "spam", "spam"]
    spam = np.array([0.1, 0.3, 0.7, 0.6, 0.8, 0.9], np.float32)
    truth = Truth.of([[label] for label in labels], ["ham", "spam"])
    table = np.stack([1 - spam, spam], axis=1)
    found = costs_of(truth, Predictions.of(truth, [table], top=1, keep_table=True), matrix)
    spam_costs = found.labels["spam"]
    assert (spam_costs.false_positive, spam_costs.false_negative) == (10, 1)
    assert (spam_costs.cost_at_half, spam_costs.cost) == (10, 1), "0.6 is let through, 0.7 is kept"
    assert spam_costs.threshold == pytest.approx(0.8)
    assert found.labels["ham"].cost == 1
    assert (found.most_probable, found.least_expected) == (10, 3), "spam from 10 / 11 on"
    assert found.labels["ham"].curve == (), "of two labels one is drawn"


@pytest.mark.parametrize(
    ("b", "threshold", "cost_at_half"),
    [
        ([0.6, 0.7], 0.7, 1),  # a threshold keeps the only negative out
        ([0.2, 0.7], 0.5, 0),  # nothing speaks against the usual one
        ([0.7, 0.6], None, 1),  # no threshold does, and missing it costs less
    ],
)
def test_which_threshold_is_chosen(
    b: list[float], threshold: float | None, cost_at_half: float
) -> None:
    truth = Truth.of([["a"], ["b"]], ["a", "b"])
    table = np.stack([1 - np.float32(b), np.float32(b)], axis=1)
    predictions = Predictions.of(truth, [table], top=1, keep_table=True)
    found = costs_of(truth, predictions, np.array([[0, 1], [0, 0]], float)).labels["b"]
    assert found.threshold == (threshold and pytest.approx(threshold))
    assert (found.cost_at_half, found.cost) == (cost_at_half, 0)


def test_examples_with_unknown_labels_do_not_count() -> None:
    given: Examples = [(["a"], [1, 0, 0, 0]), ([UNKNOWN], [1, 0, 0, 0]), (["b"], [1, 0, 0, 0])]
    found = costs_of(*arrays(given), np.full((4, 4), 2.0))
    assert found.examples == 2
    assert found.most_probable == 4


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "costs.csv"
    path.write_text(text, encoding="utf-8")
    return path


WORDS = {"__label__New_York": "New York", "__label__ham": "ham"}


def test_a_file_of_costs(tmp_path: Path) -> None:
    path = write(tmp_path, '\ufeff,ham,"New York"\n__label__New_York,1.5,0\n\n ham ,0,2e1\n')
    assert read_cost_matrix(path, ["New York", "ham"], WORDS).tolist() == [[0, 1.5], [20, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"costs.csv is empty; its first line should be ,New York,ham"),
        (",ham\n", r"has no column for 'New York'; it needs one for each label"),
        (",ham,New York\nham,0,1\n", r"has no row for 'New York'"),
        (",ham,New Yorck\n", r"column 'New Yorck': the model has no such label; did you mean 'New"),
        (",ham,zzz\n", r"column 'zzz': the model has no such label; it has 'New York', 'ham'"),
        (",ham,New York\nspam,0,1\n", r"row 'spam': the model has no such label"),
        (",ham,ham\n", r"has two columns 'ham'; keep one"),
        (",ham,New York\nham,0,1\nham,0,1\n", r"has two rows 'ham'"),
        (",ham,New York\nham,0\nNew York,0,1\n", r"row 'ham': 1 costs for 2 columns"),
        (",ham,New York\nham,0,x\nNew York,0,1\n", r"row 'ham', column 'New York': 'x' is no numb"),
        (",ham,New York\nham,0,\nNew York,0,1\n", r"row 'ham', column 'New York': '' is no number"),
        (",ham,New York\nham,nan,1\nNew York,0,1\n", r"row 'ham', column 'ham': 'nan' is no numb"),
        (",ham,New York\nham,0,1\nNew York,-2,1\n", r"row 'New York', column 'ham': '-2' is below"),
        (',ham,"New\nham,0,1\n', r"is no CSV file in UTF-8"),
    ],
)
def test_what_is_wrong_with_a_file_of_costs(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_cost_matrix(write(tmp_path, text), ["New York", "ham"], WORDS)


def test_a_file_of_costs_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "costs.csv").write_bytes(",ham,Zürich\n".encode("latin-1"))
    with pytest.raises(InputError, match="is no CSV file in UTF-8"):
        read_cost_matrix(tmp_path / "costs.csv", ["ham", "Zürich"], {})
    with pytest.raises(InputError, match="does not exist"):
        read_cost_matrix(tmp_path / "none.csv", ["ham"], {})
