"""Ratings as rows of a Factorization Machine: who, which item, and what the item is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlp_engine.errors import InputError, require
from nlp_engine.files import new_file
from nlp_engine.formats.recordio_protobuf import write_sparse_row

ItemFeatures = Mapping[str, Sequence[str]]
"""Values by item id: topic codes, entities or any other categories."""


@dataclass(frozen=True, kw_only=True)
class FeatureSpace:
    """Columns: users, then items, then values of items.

    User and item are 1; the values of an item share 1 between them, as libFM has sets, so that an
    item with many weighs no more than one with few.

    Attributes:
        users: Columns of users, by name.
        items: Columns of items.
        values: Columns of items' values.
        of_item: Values of each item.
    """

    users: Mapping[str, int]
    items: Mapping[str, int]
    values: Mapping[str, int]
    of_item: ItemFeatures

    @classmethod
    def of(
        cls, users: Sequence[str], items: Sequence[str], item_features: ItemFeatures | None = None
    ) -> FeatureSpace:
        """The columns for these users and items, each in the order in which it first occurs."""
        chosen = item_features or {}
        user_columns = {name: n for n, name in enumerate(dict.fromkeys(users))}
        begin = len(user_columns)
        item_columns = {name: begin + n for n, name in enumerate(dict.fromkeys([*items, *chosen]))}
        begin += len(item_columns)
        values = dict.fromkeys(value for item in chosen for value in chosen[item])
        return cls(
            users=user_columns,
            items=item_columns,
            values={value: begin + n for n, value in enumerate(values)},
            of_item=chosen,
        )

    @property
    def feature_dim(self) -> int:
        """Columns that there are."""
        return len(self.users) + len(self.items) + len(self.values)

    def rows(self, users: Sequence[str], items: Sequence[str]) -> Any:
        """A sparse (N, feature_dim) matrix of (N) users and items.

        Of a user or item without a column the values alone count.

        Raises:
            MissingExtraError: SciPy is not installed.
        """
        sparse = require("scipy.sparse", "items")
        found = [self.row(user, item) for user, item in zip(users, items, strict=True)]
        ends = np.cumsum([0, *(len(columns) for columns, _ in found)])
        columns = np.fromiter((n for row, _ in found for n in row), np.int64, int(ends[-1]))
        values = np.fromiter((x for _, row in found for x in row), np.float32, int(ends[-1]))
        return sparse.csr_matrix((values, columns, ends), (len(found), self.feature_dim))

    def row(self, user: str, item: str) -> tuple[list[int], list[float]]:
        """The columns of a row, in order, and what is in them."""
        found = [self.users.get(user), self.items.get(item)]
        known = [number for number in found if number is not None]
        of_item = sorted({self.values[value] for value in self.of_item.get(item, ())})
        return known + of_item, [1.0] * len(known) + [1 / len(of_item) for _ in of_item]


def write_fm_records(
    path: Path | str,
    interactions: Sequence[tuple[str, str, float]],
    item_features: ItemFeatures | None = None,
    *,
    space: FeatureSpace | None = None,
) -> FeatureSpace:
    """Write training data for SageMaker's Factorization Machines, as RecordIO-protobuf.

    Args:
        path: The file to write, whole or not at all.
        interactions: User, item and label (a rating, or 0 and 1), a row each.
        item_features: Values by item, such as topic codes and entities.
        space: The columns of another file, for a test channel; `item_features` are its own then.

    Returns:
        The columns; `feature_dim` is a hyperparameter of the training job.

    Raises:
        InputError: There is no interaction, or a label is not finite; the message names the row.
        OutputError: The file cannot be written.
    """
    if not interactions:
        raise InputError("there is no interaction to write")
    if space is None:
        users = [user for user, _, _ in interactions]
        items = [item for _, item, _ in interactions]
        space = FeatureSpace.of(users, items, item_features)
    with new_file(Path(path)) as partial, partial.open("wb") as stream:
        for number, (user, item, label) in enumerate(interactions, 1):
            if not np.isfinite(label):
                raise InputError(f"row {number}: the label {label} is not finite")
            columns, values = space.row(user, item)
            write_sparse_row(stream, columns, values, space.feature_dim, label)
    return space
