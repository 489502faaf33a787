"""Values of categorical columns: numbered, counted, and the most frequent ones kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from nlp_engine.personalize import limits
from nlp_engine.personalize.number_lists import NumberLists, NumberListWriter


class ValueCollector:
    """The values of N items in a categorical column.

    Args:
        path: A file for what does not stay in memory.
    """

    def __init__(self, path: Path) -> None:
        self._numbers: dict[str, int] = {}
        self._lists = NumberListWriter(path)

    def add(self, rows: Sequence[Iterable[str]]) -> None:
        """Add items, each with its different values, the most important one first."""
        numbers = self._numbers
        flat = [[numbers.setdefault(value, len(numbers)) for value in values] for values in rows]
        sizes = np.array([len(row) for row in flat], np.int64)
        self._lists.add(np.array([number for row in flat for number in row], np.int32), sizes)

    def finish(self, kept_before: Sequence[str] = ()) -> ValueColumn:
        """The column, of which the most frequent values stay.

        Args:
            kept_before: Values that stay whatever their frequency.
        """
        lists = self._lists.finish()
        values = list(self._numbers)
        counts = np.bincount(lists.numbers, minlength=len(values))
        first = [self._numbers[value] for value in kept_before if value in self._numbers]
        counts[first] = np.iinfo(np.int64).max
        room = limits.MAX_DISTINCT_VALUES - len(kept_before) + len(first)
        order = np.argsort(-counts, kind="stable")[:room]
        kept = np.zeros(len(values), bool)
        kept[order] = True
        others = [value for value in kept_before if value not in self._numbers]
        return ValueColumn(lists, [*values, *others], kept)


class ValueColumn:
    """The values of N items, of which some are kept.

    Attributes:
        values: (V) by number.

    Args:
        lists: (N) the values' numbers.
        values: (V) by number.
        kept: (V or fewer) whether a value stays; those without a number of a list do.
    """

    def __init__(self, lists: NumberLists, values: Sequence[str], kept: np.ndarray) -> None:
        self.values = values
        self._lists, self._kept = lists, kept.tolist()

    def __len__(self) -> int:
        """N."""
        return len(self._lists)

    @property
    def kept(self) -> list[str]:
        """The values that stay."""
        used = [value for value, is_kept in zip(self.values, self._kept, strict=False) if is_kept]
        return used + list(self.values[len(self._kept) :])

    @property
    def filled(self) -> int:
        """Items with a value that stays."""
        begins = self._lists.begins[:-1][np.diff(self._lists.begins) > 0]
        if not len(begins):
            return 0
        is_kept = np.array(self._kept)[self._lists.numbers]
        return int(np.count_nonzero(np.logical_or.reduceat(is_kept, begins)))

    def numbers(self) -> Iterator[list[int]]:
        """The numbers of each item's values, kept or not."""
        for numbers in self._lists:
            yield numbers.tolist()

    def kept_of(self, item: int) -> list[str]:
        """The values of an item that stay."""
        kept, values = self._kept, self.values
        return [values[number] for number in self._lists[item].tolist() if kept[number]]


def kept_values(columns: Mapping[str, ValueColumn]) -> dict[str, list[str]]:
    """The values that stay, by column name."""
    return {name: column.kept for name, column in columns.items()}
