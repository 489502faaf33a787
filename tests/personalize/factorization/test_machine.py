from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

sparse = pytest.importorskip("scipy.sparse", exc_type=ImportError)

from nlp_engine.errors import InputError, OutputError, SettingError  # noqa: E402
from nlp_engine.personalize.factorization.answers import answer  # noqa: E402
from nlp_engine.personalize.factorization.feature_space import FeatureSpace  # noqa: E402
from nlp_engine.personalize.factorization.hyperparameters import (  # noqa: E402
    FactorizationSettings,
)
from nlp_engine.personalize.factorization.machine import FactorizationMachine  # noqa: E402

GENERATOR = np.random.default_rng(0)


def machine(dim: int = 6, factors: int = 3, kind: str = "regressor") -> FactorizationMachine:
    generator = np.random.default_rng(1)
    return FactorizationMachine(
        predictor_type=kind,
        bias=np.array([0.5], np.float32),
        linear=generator.normal(size=dim).astype(np.float32),
        factors=generator.normal(size=(dim, factors)).astype(np.float32),
    )


def by_definition(made: FactorizationMachine, row: np.ndarray) -> float:
    pairs = itertools.combinations(range(len(row)), 2)
    return float(
        made.bias[0]
        + made.linear @ row
        + sum(made.factors[i] @ made.factors[j] * row[i] * row[j] for i, j in pairs)
    )


def test_scores_are_those_of_the_definition() -> None:
    rows = GENERATOR.normal(size=(5, 6)) * (GENERATOR.random((5, 6)) < 0.7)
    made = machine()
    expected = [by_definition(made, row) for row in rows]
    np.testing.assert_allclose(made.score(sparse.csr_matrix(rows)), expected, rtol=1e-4)


def test_a_classifier_scores_the_probability() -> None:
    row = sparse.csr_matrix([[1.0, 0, 0, 2, 0, 0]])
    raw = machine().score(row)[0]
    assert machine(kind="binary_classifier").score(row)[0] == pytest.approx(1 / (1 + np.exp(-raw)))


def pairs_of(kind: str) -> tuple[object, np.ndarray]:
    """40 users and 40 items in two camps: like likes like, which no linear term can tell."""
    users, items = (grid.ravel() for grid in np.meshgrid(np.arange(40), np.arange(40)))
    same = (users % 2 == items % 2).astype(np.float32)
    ends = np.arange(0, 2 * len(users) + 1, 2)
    keys = np.stack([users, 40 + items], axis=1).ravel()
    rows = sparse.csr_matrix((np.ones(len(keys), np.float32), keys, ends), (len(users), 80))
    return rows, same if kind == "binary_classifier" else 1 + 4 * same


@pytest.mark.parametrize("kind", ["regressor", "binary_classifier"])
def test_interactions_of_columns_are_learnt(kind: str) -> None:
    rows, labels = pairs_of(kind)
    shuffled = np.random.default_rng(2).permutation(len(labels))
    training, test = shuffled[:1200], shuffled[1200:]
    chosen = FactorizationSettings(
        feature_dim=80,
        num_factors=4,
        predictor_type=kind,
        epochs=60,
        mini_batch_size=100,
        factors_lr=0.02,
        linear_lr=0.02,
        factors_init_sigma=0.1,
    )
    made = FactorizationMachine.train(rows[training], labels[training], chosen)
    middle = labels.mean()
    right = (made.score(rows[test]) > middle) == (labels[test] > middle)
    assert right.mean() > 0.97
    again = FactorizationMachine.train(rows[training], labels[training], chosen)
    assert np.array_equal(made.factors, again.factors)


FEATURES = {
    "TOPICS": {"m1": ["c0001", "c0002"], "m2": ["c0001"], "new": ["c0002", "c0009"]},
    "ENTITIES": {"m1": ["Paris"]},
}


@pytest.mark.parametrize("item_ids", [True, False])
def test_products_of_exported_factors_order_items_as_scores_do(item_ids: bool) -> None:
    space = FeatureSpace.of(["ann", "bob"], ["m1", "m2", "m3"], FEATURES, item_ids=item_ids)
    made = machine(dim=space.feature_dim)
    users, items = made.user_and_item_factors(space)
    assert len(items) == len(space.item_ids) == (4 if item_ids else 3)
    for number, user in enumerate(space.users):
        scores = made.score(space.rows([user] * len(items), space.item_ids))
        differences = scores - items @ users[number]
        np.testing.assert_allclose(differences, differences[0], atol=1e-5)


def test_first_values_of_the_bias_are_as_asked_for() -> None:
    rows, labels = pairs_of("regressor")
    given = {"feature_dim": 80, "num_factors": 2, "predictor_type": "regressor", "bias_lr": 0}
    constant = {"bias_init_method": "constant", "bias_init_value": 3.5}
    for chosen, low, high in ((constant, 3.5, 3.5), ({}, -0.1, 0.1)):
        made = FactorizationMachine.train(rows, labels, FactorizationSettings(**given, **chosen))
        assert low <= made.bias[0] <= high
    uniform = FactorizationSettings(
        **given, linear_lr=0, linear_init_method="uniform", linear_init_scale=0.2
    )
    linear = FactorizationMachine.train(rows, labels, uniform).linear
    assert 0.15 < np.abs(linear).max() <= 0.2
    with pytest.raises(SettingError, match="needs bias_init_value"):
        FactorizationSettings(**given, bias_init_method="constant")


def test_a_saved_machine_answers_as_before(tmp_path: Path) -> None:
    space = FeatureSpace.of(["ann", "bob"], ["m1", "m2"], FEATURES)
    rows = space.rows(["ann", "bob", "ann"], ["m1", "m1", "m2"])
    chosen = FactorizationSettings(
        feature_dim=space.feature_dim, num_factors=3, predictor_type="binary_classifier"
    )
    made = FactorizationMachine.train(rows, np.array([1, 0, 1], np.float32), chosen)
    manifest = made.save(tmp_path / "fm", space)
    assert manifest.settings["num_factors"] == 3
    assert manifest.counts == {"columns": space.feature_dim, "factors": 3}
    again = FactorizationMachine.open(tmp_path / "fm")
    assert again.settings == made.settings
    read = FeatureSpace.open(tmp_path / "fm")
    assert read == space
    body = json.dumps({"instances": [space.instance("ann", "m1"), space.instance("bob", "new")]})
    assert answer(again, body) == answer(made, body)
    np.testing.assert_array_equal(
        again.score(read.rows(["ann"], ["new"])), made.score(space.rows(["ann"], ["new"]))
    )


def test_only_its_own_columns_are_saved_beside_a_machine(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2 columns, but the machine has 6"):
        machine().save(tmp_path / "fm", FeatureSpace.of(["ann"], ["m1"]))
    machine().save(tmp_path / "fm")
    with pytest.raises(OutputError, match="exists"):
        machine().save(tmp_path / "fm")
    with pytest.raises(InputError, match="no columns"):
        FeatureSpace.open(tmp_path / "fm")


def test_hyperparameters_have_the_defaults_of_sagemaker() -> None:
    chosen = FactorizationSettings(feature_dim=10, num_factors=64, predictor_type="regressor")
    assert (chosen.epochs, chosen.mini_batch_size) == (1, 1000)
    assert (chosen.bias_lr, chosen.linear_lr, chosen.factors_lr) == (0.1, 0.001, 0.0001)
    assert (chosen.bias_wd, chosen.linear_wd, chosen.factors_wd) == (0.01, 0.001, 0.00001)
    with pytest.raises(SettingError, match="num_factors is 1"):
        FactorizationSettings(feature_dim=10, num_factors=1, predictor_type="regressor")


def test_labels_of_a_classifier_are_zero_and_one() -> None:
    chosen = FactorizationSettings(feature_dim=2, num_factors=2, predictor_type="binary_classifier")
    with pytest.raises(InputError, match="labels 0 and 1"):
        FactorizationMachine.train(sparse.eye(2).tocsr(), np.array([1, 5], np.float32), chosen)


def test_answers_have_the_shapes_of_the_endpoint() -> None:
    dense = [0.0, 1, 0, 0, 2, 0]
    sparse_instance = {"data": {"features": {"keys": [1, 4], "shape": [6], "values": [1, 2]}}}
    body = json.dumps({"instances": [sparse_instance, {"features": dense}]})
    made = machine()
    expected = by_definition(made, np.array(dense))
    scores = [prediction["score"] for prediction in answer(made, body)["predictions"]]
    assert scores == pytest.approx([expected] * 2, rel=1e-4)
    (first, _) = answer(machine(kind="binary_classifier"), body)["predictions"]
    assert first["predicted_label"] == int(first["score"] >= 0.5)
    assert list(first) == ["score", "predicted_label"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[]", "instances"),
        ("{", "instances"),
        ('{"instances": [{"features": [1]}]}', r"instance 1: shape \[1\]; the model has 6"),
        ('{"instances": [{"data": {"features": {"keys": [9], "values": [1]}}}]}', "0 to 5"),
        ('{"instances": [{"data": {"features": {"keys": [1], "values": [1, 2]}}}]}', "1 keys"),
        ('{"instances": [{"data": {"features": {"keys": [1], "values": [NaN]}}}]}', "finite"),
        ('{"instances": [{}]}', "instance 1"),
        ('{"instances": [{"features": ["x", 1, 1, 1, 1, 1]}]}', "instance 1"),
    ],
)
def test_bad_requests_are_named(body: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        answer(machine(), body)
