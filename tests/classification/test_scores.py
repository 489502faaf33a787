"""Scores, averages, confusion and calibration, beside scikit-learn, fastText and by hand."""

from __future__ import annotations

from pathlib import Path

import fasttext
import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings

from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluation import evaluate_file
from nlp_engine.classification.evaluation.calibration import calibration_of
from nlp_engine.classification.evaluation.confusion import (
    ConfusedPair,
    confusion_of,
    most_confused,
)
from nlp_engine.classification.evaluation.scores import (
    label_scores,
    macro_average,
    micro_average,
    scores_at,
)
from nlp_engine.classification.settings import ClassifierEvaluationSettings
from nlp_engine.engines import fasttext as engine
from nlp_engine.errors import SettingError
from nlp_engine.progress import silent
from tests.classification.arrays import (
    LABELS,
    UNKNOWN,
    Examples,
    arrays,
    examples,
    indicator,
    probabilities,
)


def theirs(truth: object, predicted: object, **options: object) -> list[object]:
    found = sklearn.metrics.precision_recall_fscore_support(
        truth, predicted, zero_division=0, **options
    )
    return list(zip(*found, strict=True)) if options["average"] is None else list(found[:3])


@given(examples(several=False, unknown=True))
@settings(max_examples=40)
def test_one_label_each_is_scored_as_by_scikit_learn(given: Examples) -> None:
    truth, predictions = arrays(given)
    true = [labels[0] for labels, _ in given]
    predicted = [LABELS[place] for place in probabilities(given).argmax(axis=1)]
    labels = label_scores(truth, predictions)
    accuracy = sklearn.metrics.accuracy_score(true, predicted)
    assert predictions.right(truth).mean() == pytest.approx(accuracy)
    names = sorted({*true, *predicted})
    assert sorted(labels) == names
    for name, expected in zip(names, theirs(true, predicted, average=None), strict=True):
        got = labels[name]
        assert (got.precision, got.recall, got.f1, got.examples) == pytest.approx(expected)
    macro, micro = macro_average(labels), micro_average(labels)
    for average, got in (("macro", macro), ("micro", micro)):
        expected = theirs(true, predicted, average=average)
        assert [got.precision, got.recall, got.f1] == pytest.approx(expected)
    assert micro.precision == micro.recall == pytest.approx(accuracy)
    confusion = confusion_of(truth, predictions)
    assert confusion is not None
    names = [*LABELS, UNKNOWN]
    got = [[confusion.get(row, {}).get(column, 0) for column in names] for row in names]
    assert got == sklearn.metrics.confusion_matrix(true, predicted, labels=names).tolist()


@given(examples(several=True).filter(lambda given: max(len(labels) for labels, _ in given) > 1))
@settings(max_examples=40)
def test_several_labels_are_scored_as_by_scikit_learn(given: Examples) -> None:
    truth, predictions = arrays(given)
    assert truth.multi_label
    true, predicted = indicator(given), (probabilities(given) >= 0.5).astype(int)
    labels = label_scores(truth, predictions)
    used = np.flatnonzero(true.any(axis=0) | predicted.any(axis=0))
    assert list(labels) == [LABELS[column] for column in used]
    each = theirs(true, predicted, average=None)
    tables = sklearn.metrics.multilabel_confusion_matrix(true, predicted)
    for column in used:
        got = labels[LABELS[column]]
        assert (got.precision, got.recall, got.f1, got.examples) == pytest.approx(each[column])
        ((_, wrong), (missed, right)) = tables[column].tolist()
        assert (got.correct, got.predicted, got.examples) == (right, right + wrong, right + missed)
    for average, got in (("macro", macro_average(labels)), ("micro", micro_average(labels))):
        expected = theirs(true, predicted, average=average, labels=used)
        assert [got.precision, got.recall, got.f1] == pytest.approx(expected)
    assert confusion_of(truth, predictions) is None


@given(examples(several=True, unknown=True))
def test_at_k_counts_hits_among_the_k_most_probable(given: Examples) -> None:
    truth, predictions = arrays(given)
    order = np.argsort(-probabilities(given), axis=1, kind="stable")
    assert predictions.top.tolist() == order.tolist(), "of equals the first"
    for k, got in scores_at(truth, predictions.top, (1, 2, 3, 4, 5)).items():
        chosen = [{LABELS[column] for column in row[:k]} for row in order]
        hits = sum(len(top & set(labels)) for top, (labels, _) in zip(chosen, given, strict=True))
        assert got.precision == pytest.approx(hits / (k * len(given)))
        assert got.recall == pytest.approx(hits / sum(len(labels) for labels, _ in given))
    assert list(scores_at(truth, predictions.top, (4, 5, 99))) == [4], "there are four labels"


def test_at_k_is_what_fasttexts_own_test_gives(tmp_path: Path) -> None:
    path = tmp_path / "several.txt"
    topics = {"fruit": "apple pear", "metal": "iron tin", "tree": "oak pear", "rust": "iron red"}
    lines = [
        f"__label__{first} __label__{second} {topics[first]} and {topics[second]} {i % 7}\n"
        if first != second
        else f"__label__{first} only {topics[first]} {i % 5}\n"
        for i in range(12)
        for first in topics
        for second in topics
    ]
    path.write_text("".join(lines) + "no label\n\n__label__fruit\n")
    engine.train_classifier(
        corpus=path, model=tmp_path / "model.bin", words_to_read=1, report=silent,
        arguments={"dim": 8, "epoch": 2, "lr": 0.3, "minCount": 1, "thread": 1},
    )  # fmt: skip
    model = fasttext.load_model(str(tmp_path / "model.bin"))
    classifier = Classifier.open(tmp_path / "model.bin")
    four = ClassifierEvaluationSettings(k="1,2,3,4")
    result = evaluate_file(classifier, path, settings=four)
    assert result.multi_label
    for k, got in result.at_k.items():
        count, precision, recall = model.test(str(path), k=k)
        assert (result.examples, result.without_label) == (count, 1)
        assert (got.precision, got.recall) == (pytest.approx(precision), pytest.approx(recall))
    assert len(result.at_k) == 4
    assert 0.5 < result.at_k[1].precision == result.accuracy < 1


@pytest.mark.parametrize("k", ["0", "1,,2", "", "two", "1,-1"])
def test_numbers_of_labels_that_are_none(k: str) -> None:
    with pytest.raises(SettingError, match="must be numbers from 1 with commas between"):
        ClassifierEvaluationSettings(k=k)
    assert ClassifierEvaluationSettings(k="5, 1,5").ks == (1, 5)


def test_pairs_that_are_confused_most() -> None:
    confusion = {"a": {"a": 5, "b": 3}, "b": {"a": 4, "b": 36}, "c": {"a": 1}}
    assert most_confused(confusion, 2) == [
        ConfusedPair("b", "a", 4, 0.1),
        ConfusedPair("a", "b", 3, 0.375),
    ]


def test_calibration_by_hand() -> None:
    confidence = np.array([0.95, 0.97, 0.62, 0.65], np.float32)
    calibration = calibration_of(confidence, np.array([True, False, True, True]))
    # Two bins of two: |0.96 - 0.5| and |0.635 - 1|, each with half of the examples.
    assert calibration.expected_calibration_error == pytest.approx((0.46 + 0.365) / 2)
    assert len(calibration.bins) == 15
    last, tenth = calibration.bins[-1], calibration.bins[9]
    assert (last.low, last.high) == (pytest.approx(14 / 15), 1)
    assert (last.examples, last.confidence, last.accuracy) == (2, pytest.approx(0.96), 0.5)
    assert (tenth.low, tenth.examples, tenth.accuracy) == (0.6, 2, 1)
    assert calibration.bins[0].confidence is None and calibration.bins[0].examples == 0


@given(examples(several=True, unknown=True))
def test_calibration_is_the_papers_formula(given: Examples) -> None:
    truth, predictions = arrays(given)
    right = predictions.right(truth)
    confidences, expected = predictions.confidence.astype(float), 0.0
    for number in range(15):
        low = -1 if number == 0 else number / 15
        inside = (confidences > low) & (confidences <= (number + 1) / 15)
        if inside.any():
            gap = abs(confidences[inside].mean() - right[inside].mean())
            expected += inside.mean() * gap
    calibration = calibration_of(predictions.confidence, right)
    assert calibration.expected_calibration_error == pytest.approx(expected)
    assert sum(its.examples for its in calibration.bins) == len(given)
