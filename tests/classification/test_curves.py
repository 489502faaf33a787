"""Curves and areas, beside scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.classification.evaluation.curves import curves_of
from nlp_engine.classification.evaluation.predictions import Predictions
from nlp_engine.classification.evaluation.ranking import thinned
from nlp_engine.classification.evaluation.truth import Truth
from tests.classification.arrays import LABELS, Examples, arrays, examples, indicator, probabilities


@given(examples(several=True, unknown=True))
@settings(max_examples=40)
def test_areas_are_scikit_learns(given: Examples) -> None:
    curves = curves_of(*arrays(given))
    true, scores = indicator(given), probabilities(given)
    aucs, precisions = [], []
    for column, name in enumerate(LABELS):
        positives = true[:, column].sum()
        areas = curves.labels[name]
        assert (areas.auc is None) == (positives in (0, len(true)))
        assert (areas.average_precision is None) == (positives == 0)
        if areas.auc is not None:
            auc = sklearn.metrics.roc_auc_score(true[:, column], scores[:, column])
            assert areas.auc == pytest.approx(auc)
            aucs.append(auc)
        if areas.average_precision is not None:
            precision = sklearn.metrics.average_precision_score(true[:, column], scores[:, column])
            assert areas.average_precision == pytest.approx(precision)
            precisions.append(precision)
    assert curves.macro.auc == (pytest.approx(np.mean(aucs)) if aucs else None)
    assert curves.macro.average_precision == (
        pytest.approx(np.mean(precisions)) if precisions else None
    )
    if true.any():
        pairs = true.ravel(), scores.ravel()
        assert curves.micro.auc == pytest.approx(sklearn.metrics.roc_auc_score(*pairs))
        assert curves.micro.average_precision == pytest.approx(
            sklearn.metrics.average_precision_score(*pairs)
        )


@given(examples(several=False))
@settings(max_examples=40)
def test_curves_are_scikit_learns(given: Examples) -> None:
    curves = curves_of(*arrays(given))
    true, scores = indicator(given), probabilities(given)
    for name, curve in curves.label_curves.items():
        column = LABELS.index(name)
        false, right, _ = sklearn.metrics.roc_curve(
            true[:, column], scores[:, column], drop_intermediate=False
        )
        points = {(round(x, 6), round(y, 6)) for x, y in zip(false, right, strict=True)}
        assert set(curve.roc) <= points
        area = sklearn.metrics.auc(*zip(*curve.roc, strict=True))
        assert area == pytest.approx(curves.labels[name].auc, abs=1e-5), "no corner is lost"
        precision, recall, _ = sklearn.metrics.precision_recall_curve(
            true[:, column], scores[:, column]
        )
        points = {(round(x, 6), round(y, 6)) for x, y in zip(recall, precision, strict=True)}
        assert set(curve.precision_recall[1:]) <= points


@given(st.integers(0, 2**32 - 1), st.sampled_from([300, 3000]))
@settings(max_examples=5)
def test_many_points_are_thinned_and_the_areas_stay_exact(seed: int, examples: int) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, examples)
    logits = generator.normal(size=(examples, 3)) + 1.2 * np.eye(3)[labels]
    table = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    truth = Truth.of([[str(label)] for label in labels], ["0", "1", "2"])
    curves = curves_of(truth, Predictions.of(truth, [table], top=1, keep_table=True))
    expected = sklearn.metrics.roc_auc_score(labels, table / table.sum(axis=1, keepdims=True),
                                             multi_class="ovr")  # fmt: skip
    assert curves.macro.auc == pytest.approx(expected, abs=1e-6)
    assert curves.micro_curve is not None
    for name, curve in {**curves.label_curves, "micro": curves.micro_curve}.items():
        areas = curves.micro if name == "micro" else curves.labels[name]
        assert (curve.roc[0], curve.roc[-1]) == ((0, 0), (1, 1))
        assert len(curve.roc) <= 200 and len(curve.precision_recall) <= 200
        area = sklearn.metrics.auc(*zip(*curve.roc, strict=True))
        assert area == pytest.approx(areas.auc, abs=0.005), "the picture still tells the truth"


def test_which_curves_are_shown() -> None:
    names = [f"label {i}" for i in range(12)]
    truth = Truth.of([[names[i % (j + 1)]] for j in range(12) for i in range(12)], names)
    assert truth.shown == [0, 1, 2, 3, 4, 5, 6, 7]
    two = Truth.of([["often"], ["rare"]], ["often", "rare"])
    curves = curves_of(two, Predictions.of(two, [np.float32([[0.9, 0.1], [0.2, 0.8]])],
                                           top=1, keep_table=True))  # fmt: skip
    assert list(curves.label_curves) == ["rare"]
    assert curves.micro_curve is None
    assert curves.labels["often"].auc == curves.labels["rare"].auc == 1


def test_thinning_keeps_ends_and_order() -> None:
    points = np.stack([np.linspace(0, 1, 5000), np.linspace(0, 1, 5000) ** 9], axis=1)
    kept = thinned(points)
    assert len(kept) <= 200
    assert kept == sorted(kept)
    assert (kept[0], kept[-1]) == ((0, 0), (1, 1))
    assert max(np.hypot(*step) for step in np.diff(kept, axis=0)) < 0.02
    assert thinned(points[:200]) == [(round(x, 6), round(y, 6)) for x, y in points[:200].tolist()]
    assert len(thinned(np.zeros((300, 2)))) <= 2
