"""A Factorization Machine of order two, trained by Adam in mini-batches: a reference in numpy.

The score of a row x is b + w·x + Σ over pairs i < j of (v_i·v_j) x_i x_j (Rendle 2010), which is
computed as b + w·x + ½ Σ over factors of ((xV)² − x²V²).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import InputError
from nlp_engine.personalize.factorization.adam import Adam
from nlp_engine.personalize.factorization.hyperparameters import (
    BINARY_CLASSIFIER,
    FactorizationSettings,
)
from nlp_engine.progress import Progress, Report, silent


@dataclass(frozen=True, kw_only=True)
class FactorizationMachine:
    """A trained machine of D columns.

    Attributes:
        predictor_type: `regressor` or `binary_classifier`.
        bias: float32 (1).
        linear: float32 (D).
        factors: float32 (D, F).
    """

    predictor_type: str
    bias: NDArray[np.float32]
    linear: NDArray[np.float32]
    factors: NDArray[np.float32]

    @classmethod
    def train(
        cls,
        rows: Any,
        labels: NDArray[np.float32],
        chosen: FactorizationSettings,
        *,
        report: Report = silent,
    ) -> FactorizationMachine:
        """Train a machine; the same rows and settings give the same one.

        Args:
            rows: Sparse SciPy matrix (N, D).
            labels: (N) numbers, or 0 and 1 for a classifier.
            chosen: The hyperparameters.
            report: Told of the epochs.

        Raises:
            InputError: Rows, labels and settings do not fit together.
        """
        rows = rows.tocsr().astype(np.float32)
        _check(rows, labels, chosen)
        generator = np.random.default_rng(chosen.seed)

        def first(sigma: float, *shape: int) -> NDArray[np.float32]:
            return generator.normal(0, sigma, shape).astype(np.float32)

        machine = cls(
            predictor_type=chosen.predictor_type,
            bias=first(chosen.bias_init_sigma, 1),
            linear=first(chosen.linear_init_sigma, chosen.feature_dim),
            factors=first(chosen.factors_init_sigma, chosen.feature_dim, chosen.num_factors),
        )
        trainer = _Trainer(machine, chosen)
        for epoch in range(1, chosen.epochs + 1):
            order = generator.permutation(rows.shape[0])
            for begin in range(0, len(order), chosen.mini_batch_size):
                batch = order[begin : begin + chosen.mini_batch_size]
                trainer.step(rows[batch], labels[batch])
            report(Progress("training", epoch, chosen.epochs, "epochs"))
        return machine

    def score(self, rows: Any) -> NDArray[np.float32]:
        """(N) numbers for sparse (N, D) rows; of a classifier the probability of 1."""
        raw = np.concatenate([np.empty(0, np.float32), *(s for s in self._raw(rows.tocsr()))])
        return _logistic(raw) if self.predictor_type == BINARY_CLASSIFIER else raw

    def _raw(self, rows: Any) -> Iterator[NDArray[np.float32]]:
        for begin in range(0, rows.shape[0], _ROWS_PER_BLOCK):
            block = rows[begin : begin + _ROWS_PER_BLOCK]
            yield raw_scores(block, self.bias, self.linear, self.factors)[0]

    def user_and_item_factors(
        self, users: int, items: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Vectors whose products rank items for a user, for a nearest-neighbour search.

        Columns are users, then items, as `write_fm_records` has them. A user's vector is (v, 1), an
        item's (v, w): their product is the score less what is the same for all items of the user.

        Returns:
            float32 (users, F + 1) and (items, F + 1).
        """
        user = np.pad(self.factors[:users], ((0, 0), (0, 1)), constant_values=1)
        these = slice(users, users + items)
        return user, np.column_stack([self.factors[these], self.linear[these]])


_ROWS_PER_BLOCK = 10_000


def raw_scores(
    rows: Any,
    bias: NDArray[np.float32],
    linear: NDArray[np.float32],
    factors: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N) scores of sparse (N, D) rows, and (N, F) sums of their columns' factors."""
    sums = rows @ factors
    squares = rows.multiply(rows).tocsr() @ np.square(factors)
    pairs = (np.square(sums) - squares).sum(axis=1) / 2
    return np.asarray(bias[0] + rows @ linear + pairs, np.float32), sums


class _Trainer:
    """Steps of one machine; only the columns that a batch has are touched."""

    def __init__(self, machine: FactorizationMachine, chosen: FactorizationSettings) -> None:
        self._machine = machine
        self._chosen = chosen
        self._bias = Adam(machine.bias, chosen.bias_lr, chosen.bias_wd, chosen.eps)
        self._linear = Adam(machine.linear, chosen.linear_lr, chosen.linear_wd, chosen.eps)
        self._factors = Adam(machine.factors, chosen.factors_lr, chosen.factors_wd, chosen.eps)

    def step(self, rows: Any, labels: NDArray[np.float32]) -> None:
        columns, places = np.unique(rows.indices, return_inverse=True)
        dense = type(rows)((rows.data, places, rows.indptr), (rows.shape[0], len(columns)))
        machine = self._machine
        linear, factors = machine.linear[columns], machine.factors[columns]
        scores, sums = raw_scores(dense, machine.bias, linear, factors)
        is_classifier = machine.predictor_type == BINARY_CLASSIFIER
        errors = ((_logistic(scores) if is_classifier else scores) - labels) / len(labels)
        squared = dense.multiply(dense).tocsr()
        slopes = dense.T @ (errors[:, None] * sums) - (squared.T @ errors)[:, None] * factors
        self._bias.step(slice(None), self._shaped(errors.sum(keepdims=True)))
        self._linear.step(columns, self._shaped(dense.T @ errors))
        self._factors.step(columns, self._shaped(slopes))

    def _shaped(self, gradient: NDArray[np.float32]) -> NDArray[np.float32]:
        gradient = gradient * (self._chosen.rescale_grad or 1)
        most = self._chosen.clip_gradient
        return gradient if most is None else np.clip(gradient, -most, most)


def _logistic(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(0.5 * (1 + np.tanh(scores / 2)), np.float32)


def _check(rows: Any, labels: NDArray[np.float32], chosen: FactorizationSettings) -> None:
    if rows.shape[1] != chosen.feature_dim:
        raise InputError(f"feature_dim is {chosen.feature_dim}, but rows have {rows.shape[1]}")
    if len(labels) != rows.shape[0] or not len(labels):
        raise InputError(f"{len(labels)} labels for {rows.shape[0]} rows")
    if not np.isfinite(labels).all():
        raise InputError("a label is not finite")
    if chosen.predictor_type == BINARY_CLASSIFIER and not np.isin(labels, (0, 1)).all():
        raise InputError("a binary classifier needs labels 0 and 1; others are there")
