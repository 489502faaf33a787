"""A trained Factorization Machine: its scores, its factors for a search, its folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nlp_engine import settings
from nlp_engine.errors import InputError
from nlp_engine.files import new_folder
from nlp_engine.manifest import Manifest, read_manifest, write_manifest
from nlp_engine.personalize.factorization.feature_space import FeatureSpace
from nlp_engine.personalize.factorization.hyperparameters import (
    BINARY_CLASSIFIER,
    FactorizationSettings,
)
from nlp_engine.personalize.factorization.scores import logistic, raw_scores
from nlp_engine.personalize.factorization.training import Trainer
from nlp_engine.progress import Report, silent

_FORMAT = "factorization machine"
_ARRAYS = ("bias", "linear", "factors")
_ROWS_PER_BLOCK = 10_000


@dataclass(frozen=True, kw_only=True)
class FactorizationMachine:
    """A trained machine of D columns.

    Attributes:
        predictor_type: `regressor` or `binary_classifier`.
        bias: float32 (1).
        linear: float32 (D).
        factors: float32 (D, F).
        settings: What it was trained with.
    """

    predictor_type: str
    bias: NDArray[np.float32]
    linear: NDArray[np.float32]
    factors: NDArray[np.float32]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def train(
        cls,
        rows: Any,
        labels: ArrayLike,
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
        trainer = Trainer(chosen)
        trainer.train(rows.tocsr().astype(np.float32), np.asarray(labels, np.float32), report)
        return cls(
            predictor_type=chosen.predictor_type,
            bias=trainer.bias,
            linear=trainer.linear,
            factors=trainer.factors,
            settings=settings.to_mapping(chosen),
        )

    def score(self, rows: Any) -> NDArray[np.float32]:
        """(N) numbers for sparse (N, D) rows; of a classifier the probability of 1."""
        raw = np.concatenate([np.empty(0, np.float32), *(s for s in self._raw(rows.tocsr()))])
        return logistic(raw) if self.predictor_type == BINARY_CLASSIFIER else raw

    def _raw(self, rows: Any) -> Iterator[NDArray[np.float32]]:
        for begin in range(0, rows.shape[0], _ROWS_PER_BLOCK):
            block = rows[begin : begin + _ROWS_PER_BLOCK]
            yield raw_scores(block, self.bias, self.linear, self.factors)[0]

    def user_and_item_factors(
        self, space: FeatureSpace
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Vectors whose products rank items for a user, for a nearest-neighbour search.

        An item's vector has the sum of the factors of its columns, and its own part of the score; a
        user's has a 1 beside its factors. Their product is the score less what is the same for all
        items of the user.

        Args:
            space: The columns that the machine was trained on, perhaps with other items.

        Returns:
            float32 (users, F + 1) and (items, F + 1), in the order of `space.users` and
            `space.item_ids`.
        """
        users = np.pad(self.factors[: len(space.users)], ((0, 0), (0, 1)), constant_values=1)
        rows = space.item_rows(space.item_ids)
        parts, sums = raw_scores(rows, np.zeros(1, np.float32), self.linear, self.factors)
        return users, np.column_stack([sums, parts])

    def save(
        self, folder: Path | str, space: FeatureSpace | None = None, *, overwrite: bool = False
    ) -> Manifest:
        """Write the machine to a new folder.

        Args:
            folder: Gets a NumPy file per array, and `columns.json` with the columns if given.
            space: The columns that the machine was trained on, for `FeatureSpace.open`.
            overwrite: Replace an existing folder.

        Raises:
            InputError: The machine has another number of columns.
            OutputError: The folder exists or cannot be written.
        """
        started = time.monotonic()
        if space is not None and space.feature_dim != len(self.linear):
            raise InputError(
                f"there are {space.feature_dim} columns, but the machine has {len(self.linear)}"
            )
        with new_folder(Path(folder), overwrite=overwrite) as made:
            for name in _ARRAYS:
                np.save(made / f"{name}.npy", getattr(self, name))
            if space is not None:
                space.save(made)
            dim, num_factors = self.factors.shape
            return write_manifest(
                made,
                format=_FORMAT,
                language="",
                started=started,
                settings={"predictor_type": self.predictor_type, **self.settings},
                counts={"columns": dim, "factors": num_factors},
            )

    @classmethod
    def open(cls, folder: Path | str) -> FactorizationMachine:
        """Open what `save` has written.

        Raises:
            InputError: There is no such folder.
            FormatError: It holds something else.
        """
        saved = read_manifest(Path(folder), _FORMAT).settings
        arrays = {name: np.load(Path(folder) / f"{name}.npy") for name in _ARRAYS}
        return cls(predictor_type=saved["predictor_type"], settings=saved, **arrays)
