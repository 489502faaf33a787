"""Interactions of users with items, each pair once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.corpus.sources import Row, open_source
from nlp_engine.errors import InputError, require
from nlp_engine.personalize.evaluation.settings import ItemsEvaluationSettings
from nlp_engine.progress import Report, silent


@dataclass(frozen=True, kw_only=True)
class Interactions:
    """Who interacted with what, in the order of time; each pair of user and item once.

    Attributes:
        users: (E) numbers of users, from 0 on.
        items: (E) numbers of items.
        user_count: Users.
        item_count: Items of the catalogue and of the interactions together.
        repeated: Interactions left out, since their pair came before.
        unknown: Items that are not in the catalogue; they have the highest numbers.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    user_count: int
    item_count: int
    repeated: int
    unknown: int

    def __len__(self) -> int:
        return len(self.users)

    def matrix(self, chosen: NDArray[np.bool_] | None = None) -> Any:
        """A sparse float32 matrix, users by items, 1 where there is a chosen interaction.

        Raises:
            MissingExtraError: SciPy is not installed.
        """
        sparse = require("scipy.sparse", "items")
        users, items = self.users, self.items
        if chosen is not None:
            users, items = users[chosen], items[chosen]
        ones = np.ones(len(users), np.float32)
        return sparse.csr_matrix((ones, (users, items)), (self.user_count, self.item_count))


def read_interactions(
    path: Path,
    catalogue: Sequence[str],
    chosen: ItemsEvaluationSettings,
    report: Report = silent,
) -> Interactions:
    """Read interactions from CSV, JSON Lines or Parquet.

    Args:
        path: What `nlp_engine.corpus.sources.open_source` takes.
        catalogue: Ids of the items, which are numbered in this order.
        chosen: Names of the columns, and which rows count.
        report: Told of the rows read.

    Raises:
        InputError: The file has no such columns, or a cell is empty or no number; the message names
            row and column. Or nothing is left.
    """
    source = open_source(path, language="en", reading=chosen)
    names = [chosen.user, chosen.item, chosen.timestamp]
    source.check_columns([*names, chosen.value] if chosen.value else names)
    items = {name: number for number, name in enumerate(catalogue)}
    users: dict[str, int] = {}
    rows: list[tuple[float, int, int]] = []
    for number, row in enumerate(source.rows(report), 1):
        place = f"{source.path}, row {number}"
        if chosen.value and _number(row, chosen.value, place) < chosen.min_value:
            continue
        user = users.setdefault(_name(row, chosen.user, place), len(users))
        item = items.setdefault(_name(row, chosen.item, place), len(items))
        rows.append((_number(row, chosen.timestamp, place), user, item))
    if not rows:
        raise InputError(f"{source.path}: there is no interaction to evaluate with")
    return _once_each(rows, len(users), len(items), len(catalogue))


def _once_each(
    rows: list[tuple[float, int, int]], users: int, items: int, catalogue: int
) -> Interactions:
    """Sort by time and keep the first interaction of each user with each item."""
    times = np.array([row[0] for row in rows])
    pairs = np.array([row[1:] for row in rows], np.int64)[np.argsort(times, kind="stable")]
    _, first = np.unique(pairs[:, 0] * items + pairs[:, 1], return_index=True)
    kept = pairs[np.sort(first)]
    return Interactions(
        users=kept[:, 0],
        items=kept[:, 1],
        user_count=users,
        item_count=items,
        repeated=len(pairs) - len(kept),
        unknown=items - catalogue,
    )


def _name(row: Row, column: str, place: str) -> str:
    value = row[column]
    if value in (None, ""):
        raise InputError(f"{place}, column {column}: empty; every interaction has user and item")
    return str(value)


def _number(row: Row, column: str, place: str) -> float:
    try:
        return float(row[column])
    except (TypeError, ValueError):
        raise InputError(f"{place}, column {column}: {row[column]!r} is no number") from None
