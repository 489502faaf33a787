"""Training of a Factorization Machine by Adam in mini-batches, in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import InputError
from nlp_engine.personalize.factorization.adam import Adam
from nlp_engine.personalize.factorization.hyperparameters import (
    BINARY_CLASSIFIER,
    CONSTANT,
    UNIFORM,
    FactorizationSettings,
)
from nlp_engine.personalize.factorization.scores import logistic, raw_scores
from nlp_engine.progress import Progress, Report


class Trainer:
    """A machine of D columns and F factors in training; steps touch a batch's columns only.

    Attributes:
        bias: float32 (1).
        linear: float32 (D).
        factors: float32 (D, F).
    """

    def __init__(self, chosen: FactorizationSettings) -> None:
        self._chosen = chosen
        self._generator = np.random.default_rng(chosen.seed)
        self.bias = self._first("bias", 1)
        self.linear = self._first("linear", chosen.feature_dim)
        self.factors = self._first("factors", chosen.feature_dim, chosen.num_factors)
        self._bias = Adam(self.bias, chosen.bias_lr, chosen.bias_wd, chosen.eps)
        self._linear = Adam(self.linear, chosen.linear_lr, chosen.linear_wd, chosen.eps)
        self._factors = Adam(self.factors, chosen.factors_lr, chosen.factors_wd, chosen.eps)

    def train(self, rows: Any, labels: NDArray[np.float32], report: Report) -> None:
        """All epochs over sparse (N, D) rows.

        Raises:
            InputError: Rows, labels and settings do not fit together.
        """
        chosen = self._chosen
        _check(rows, labels, chosen)
        for epoch in range(1, chosen.epochs + 1):
            order = self._generator.permutation(rows.shape[0])
            for begin in range(0, len(order), chosen.mini_batch_size):
                batch = order[begin : begin + chosen.mini_batch_size]
                self._step(rows[batch], labels[batch])
            report(Progress("training", epoch, chosen.epochs, "epochs"))

    def _first(self, name: str, *shape: int) -> NDArray[np.float32]:
        method, size = self._chosen.first_values(name)
        if method == CONSTANT:
            return np.full(shape, size, np.float32)
        if method == UNIFORM:
            return self._generator.uniform(-size, size, shape).astype(np.float32)
        return self._generator.normal(0, size, shape).astype(np.float32)

    def _step(self, rows: Any, labels: NDArray[np.float32]) -> None:
        columns, places = np.unique(rows.indices, return_inverse=True)
        dense = type(rows)((rows.data, places, rows.indptr), (rows.shape[0], len(columns)))
        linear, factors = self.linear[columns], self.factors[columns]
        scores, sums = raw_scores(dense, self.bias, linear, factors)
        is_classifier = self._chosen.predictor_type == BINARY_CLASSIFIER
        errors = ((logistic(scores) if is_classifier else scores) - labels) / len(labels)
        squared = dense.multiply(dense).tocsr()
        slopes = dense.T @ (errors[:, None] * sums) - (squared.T @ errors)[:, None] * factors
        self._bias.step(slice(None), self._shaped(errors.sum(keepdims=True)))
        self._linear.step(columns, self._shaped(dense.T @ errors))
        self._factors.step(columns, self._shaped(slopes))

    def _shaped(self, gradient: NDArray[np.float32]) -> NDArray[np.float32]:
        gradient = gradient * (self._chosen.rescale_grad or 1)
        most = self._chosen.clip_gradient
        return gradient if most is None else np.clip(gradient, -most, most)


def _check(rows: Any, labels: NDArray[np.float32], chosen: FactorizationSettings) -> None:
    if rows.shape[1] != chosen.feature_dim:
        raise InputError(f"feature_dim is {chosen.feature_dim}, but rows have {rows.shape[1]}")
    if len(labels) != rows.shape[0] or not len(labels):
        raise InputError(f"{len(labels)} labels for {rows.shape[0]} rows")
    if not np.isfinite(labels).all():
        raise InputError("a label is not finite")
    if chosen.predictor_type == BINARY_CLASSIFIER and not np.isin(labels, (0, 1)).all():
        raise InputError("a binary classifier needs labels 0 and 1; others are there")
