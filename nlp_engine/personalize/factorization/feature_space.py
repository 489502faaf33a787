"""The columns of a Factorization Machine: who, which item, and what the item is."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlp_engine.errors import FormatError, InputError, require

ItemFeatures = Mapping[str, Mapping[str, Sequence[str]]]
"""Values by column of the items (TOPICS, ENTITIES, or any other categories), then by item id."""

FILE_NAME = "columns.json"


@dataclass(frozen=True, kw_only=True)
class FeatureSpace:
    """Columns: users, then items, then values of items, column by column of the items.

    User and item are 1; the values that an item has in a column share 1 between them, as libFM has
    sets, so that an item with many weighs no more than one with few, and a column with many values
    (topics) does not outweigh one with few (entities).

    Attributes:
        users: Columns of users, by name.
        items: Columns of items; none if values alone tell what an item is.
        values: Columns of items' values, by column of the items.
        item_features: Values of the items.
    """

    users: Mapping[str, int]
    items: Mapping[str, int]
    values: Mapping[str, Mapping[str, int]]
    item_features: ItemFeatures

    @classmethod
    def of(
        cls,
        users: Sequence[str],
        items: Sequence[str],
        item_features: ItemFeatures | None = None,
        *,
        item_ids: bool = True,
    ) -> FeatureSpace:
        """The columns for these users and items, each in the order in which it first occurs.

        Args:
            users: Users, with repetitions.
            items: Items, with repetitions.
            item_features: Values of items, of further ones, too.
            item_ids: Whether each item has a column of its own. Without it nothing is learnt of an
                item but what its values tell, which is what holds for items without any rating.
        """
        chosen = item_features or {}
        known = [*items, *(item for of_item in chosen.values() for item in of_item)]
        values = {
            name: list(dict.fromkeys(value for found in of_item.values() for value in found))
            for name, of_item in chosen.items()
        }
        names = {
            "users": list(dict.fromkeys(users)),
            "items": list(dict.fromkeys(known)) if item_ids else [],
            "values": values,
        }
        return cls._numbered(names, chosen)

    @classmethod
    def _numbered(cls, names: Mapping[str, Any], item_features: ItemFeatures) -> FeatureSpace:
        numbers = itertools.count()

        def columns(found: Sequence[str]) -> dict[str, int]:
            return dict(zip(found, numbers, strict=False))

        return cls(
            users=columns(names["users"]),
            items=columns(names["items"]),
            values={name: columns(found) for name, found in names["values"].items()},
            item_features=item_features,
        )

    @property
    def feature_dim(self) -> int:
        """Columns that there are."""
        return len(self.users) + len(self.items) + sum(map(len, self.values.values()))

    @property
    def item_ids(self) -> list[str]:
        """All items that have a column or values."""
        of_items = (item for of_item in self.item_features.values() for item in of_item)
        return list(dict.fromkeys([*self.items, *of_items]))

    def with_items(self, item_features: ItemFeatures) -> FeatureSpace:
        """The same columns with the values of other items, e.g. of new ones."""
        return dataclasses.replace(self, item_features=item_features)

    def rows(self, users: Sequence[str], items: Sequence[str]) -> Any:
        """A sparse (N, feature_dim) matrix of (N) users and items.

        Of a user or item without a column the values alone count.

        Raises:
            MissingExtraError: SciPy is not installed.
        """
        return self._matrix([self.row(*pair) for pair in zip(users, items, strict=True)])

    def item_rows(self, items: Sequence[str]) -> Any:
        """The same of (N) items alone."""
        return self._matrix([self._of_item(item) for item in items])

    def row(self, user: str, item: str) -> tuple[list[int], list[float]]:
        """The columns of a row, in order, and what is in them."""
        columns, values = self._of_item(item)
        if user in self.users:
            return [self.users[user], *columns], [1.0, *values]
        return columns, values

    def _of_item(self, item: str) -> tuple[list[int], list[float]]:
        columns = [self.items[item]] if item in self.items else []
        values = [1.0] * len(columns)
        for name, numbers in self.values.items():
            known = self.item_features.get(name, {}).get(item, ())
            shared = sorted({numbers[value] for value in known if value in numbers})
            columns += shared
            values += [1 / len(shared) for _ in shared]
        return columns, values

    def _matrix(self, found: Sequence[tuple[list[int], list[float]]]) -> Any:
        sparse = require("scipy.sparse", "items")
        ends = np.cumsum([0, *(len(columns) for columns, _ in found)])
        columns = np.fromiter((n for row, _ in found for n in row), np.int64, int(ends[-1]))
        values = np.fromiter((x for _, row in found for x in row), np.float32, int(ends[-1]))
        return sparse.csr_matrix((values, columns, ends), (len(found), self.feature_dim))

    def instance(self, user: str, item: str) -> dict[str, Any]:
        """A row as an endpoint takes it, one of the "instances" of a request."""
        columns, values = self.row(user, item)
        features = {"keys": columns, "shape": [self.feature_dim], "values": values}
        return {"data": {"features": features}}

    def save(self, folder: Path) -> None:
        """Write the columns and the items' values to a file of a folder."""
        content = {
            "users": list(self.users),
            "items": list(self.items),
            "values": {name: list(columns) for name, columns in self.values.items()},
            "item_features": {name: dict(found) for name, found in self.item_features.items()},
        }
        (folder / FILE_NAME).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path | str) -> FeatureSpace:
        """Read what `save` has written.

        Raises:
            InputError: There is no such file: a machine was saved without its columns.
            FormatError: The file is damaged.
        """
        path = Path(folder) / FILE_NAME
        if not path.exists():
            raise InputError(f"{folder} has no columns ({FILE_NAME}); save them with the machine")
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls._numbered(content, content["item_features"])
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise FormatError(f"{path} does not have the columns of rows ({error})") from error
