"""The rules of single cells, for a batch of a column at a time.

N cells; a position is a cell's place in the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nlp_engine.personalize import limits
from nlp_engine.personalize.check.findings import Level
from nlp_engine.personalize.schema import (
    CREATION_TIMESTAMP,
    INTEGERS,
    ITEM_ID,
    TIMESTAMP,
    USER_ID,
    Column,
)

Positions = NDArray[np.int64]

_INTEGER_LIMITS = {"int": 2**31, "long": 2**63}
_FLOAT_MAX = float(np.finfo(np.float32).max)
_MILLISECONDS_FROM = 10**11  # epoch seconds reach this in the year 5138
_INTEGER = r"^[+-]?[0-9]+$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_NOT_FINITE = r"^(?i)[+-]?(nan|inf|infinity)$"
_MISSING = frozenset(("nan", "none", "null", "n/a", "<na>", "nat"))
_UNSUITABLE_IN_IDS = r'[",\\|\x00-\x1f\x7f]'
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"


@dataclass(frozen=True, slots=True)
class Broken:
    """Cells of a batch that break a rule.

    Attributes:
        level: How bad it is.
        rule: Short name of the rule.
        positions: Of the cells, rising.
        message: What is wrong, told of a cell.
    """

    level: Level
    rule: str
    positions: Positions
    message: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Categories:
    """The values of (N) categorical cells.

    Attributes:
        values: All of them, one cell's after the other's.
        cell_of: The position of the cell that each belongs to.
    """

    values: pa.StringArray
    cell_of: Positions

    @classmethod
    def of(cls, cells: pa.StringArray) -> Categories:
        """Split cells; null ones have no value."""
        lists = pc.split_pattern(cells, limits.VALUE_SEPARATOR)
        return cls(pc.list_flatten(lists), pc.list_parent_indices(lists).to_numpy())


def check_cells(
    column: Column, cells: pa.StringArray, *, language: str, reserved: frozenset[str]
) -> Iterator[Broken]:
    """The rules that cells of a column break.

    Args:
        column: The column.
        cells: (N), null where a value is missing.
        language: Language code of the texts.
        reserved: Words that may not be values.
    """
    if column.name in (ITEM_ID, USER_ID):
        yield from _check_ids(cells)
    elif column.textual:
        yield from _check_text(cells, limits.max_text_characters(language))
    elif column.type == "string":
        yield from _check_strings(column, cells, reserved)
    elif column.type == "boolean":
        yield from _check_booleans(cells)
    else:
        yield from _check_numbers(column, cells)


def _check_ids(cells: pa.StringArray) -> Iterator[Broken]:
    most = limits.MAX_ID_CHARACTERS
    yield _longer(cells, most, Level.ERROR, "id-length", "shorten it")
    yield _broken(
        Level.ERROR,
        "id-quote",
        pc.match_substring(cells, '"'),
        lambda cell: f"{cell!r}: an id must not contain a double quote",
    )
    yield _broken(
        Level.WARNING,
        "id-characters",
        pc.and_(
            pc.match_substring_regex(cells, _UNSUITABLE_IN_IDS),
            pc.invert(pc.match_substring(cells, '"')),
        ),
        lambda cell: f"{cell!r}: AWS asks for ids without special characters",
    )


def _check_text(cells: pa.StringArray, most: int) -> Iterator[Broken]:
    yield _longer(cells, most, Level.WARNING, "text-length", "Personalize cuts it")


def _check_strings(
    column: Column, cells: pa.StringArray, reserved: frozenset[str]
) -> Iterator[Broken]:
    yield _longer(
        cells, limits.MAX_CELL_CHARACTERS, Level.ERROR, "cell-length", "leave out some values"
    )
    yield _broken(
        Level.WARNING,
        "control-character",
        pc.match_substring_regex(cells, _CONTROL),
        lambda cell: f"{cell!r} contains a control character",
    )
    if column.categorical:
        categories = Categories.of(cells)
        yield from _check_categories(categories)
        values, cell_of = categories.values, categories.cell_of
    else:
        values, cell_of = cells, np.arange(len(cells))
    yield from _check_words(values, cell_of, reserved)


def _check_categories(categories: Categories) -> Iterator[Broken]:
    values, cell_of = categories.values, categories.cell_of
    empty = _true(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0))
    yield Broken(
        Level.ERROR,
        "empty-value",
        np.unique(cell_of[empty]),
        lambda cell: f"{cell!r}: an empty value between separators",
    )
    yield Broken(
        Level.WARNING,
        "repeated-value",
        _repeated(categories),
        lambda cell: f"{_repeated_values(cell)}: a value occurs twice in the cell",
    )
    trimmed = pc.utf8_trim_whitespace(values)
    untrimmed = np.setdiff1d(cell_of[_true(pc.not_equal(trimmed, values))], cell_of[empty])
    yield Broken(
        Level.WARNING,
        "untrimmed-value",
        untrimmed,
        lambda cell: f"{cell[:80]!r}: spaces around a value make it another value",
    )


def _repeated(categories: Categories) -> Positions:
    """Positions of cells with a value twice."""
    cell_of = categories.cell_of
    codes = pc.dictionary_encode(categories.values).indices.to_numpy().astype(np.int64)
    if not len(codes):
        return np.empty(0, np.int64)
    keys = cell_of * (int(codes.max()) + 1) + codes
    keys.sort()
    same = keys[1:] == keys[:-1]
    return np.unique(keys[1:][same] // (int(codes.max()) + 1))


def _repeated_values(cell: str) -> str:
    values = cell.split(limits.VALUE_SEPARATOR)
    return ", ".join(sorted({repr(value) for value in values if values.count(value) > 1}))


def _check_words(
    values: pa.StringArray, cell_of: Positions, reserved: frozenset[str]
) -> Iterator[Broken]:
    known, place = _different(values)
    is_reserved = np.array([value in reserved for value in known], bool)
    is_missing = np.array([value.lower() in _MISSING for value in known], bool)
    yield Broken(
        Level.ERROR,
        "reserved-word",
        np.unique(cell_of[_chosen(is_reserved, place)]),
        lambda cell: f"{cell[:80]!r} contains the name of a reserved column; use another word",
    )
    yield Broken(
        Level.WARNING,
        "missing-as-text",
        np.unique(cell_of[_chosen(is_missing, place)]),
        lambda cell: f"{cell[:80]!r} looks like a missing value; leave the cell empty",
    )


def _different(values: pa.StringArray) -> tuple[list[str], NDArray[np.int64]]:
    """The different values, and for each value which of them it is, -1 for null."""
    encoded = pc.dictionary_encode(values)
    return encoded.dictionary.to_pylist(), encoded.indices.fill_null(-1).to_numpy().astype(np.int64)


def _chosen(of_different: NDArray[np.bool_], place: NDArray[np.int64]) -> Positions:
    """Where the values are that are chosen among the different ones."""
    return np.flatnonzero(np.append(of_different, False)[place])


def _check_booleans(cells: pa.StringArray) -> Iterator[Broken]:
    yield _broken(
        Level.ERROR,
        "type",
        pc.invert(pc.match_substring_regex(cells, r"^(?i)(true|false)$")),
        lambda cell: f"{cell!r} is no boolean; true or false are needed",
    )


def _check_numbers(column: Column, cells: pa.StringArray) -> Iterator[Broken]:
    is_integer = column.type in INTEGERS
    not_finite = _true(pc.match_substring_regex(cells, _NOT_FINITE))
    is_number = pc.match_substring_regex(cells, _INTEGER if is_integer else _NUMBER)
    wrong = np.setdiff1d(_true(pc.invert(is_number)), not_finite)
    yield Broken(
        Level.ERROR, "type", wrong, lambda cell: f"{cell!r} is no {column.type}{_hint(column)}"
    )
    positions = _true(is_number)
    numbers = pc.cast(cells.take(pa.array(positions)), pa.float64()).to_numpy()
    most = float(_INTEGER_LIMITS[column.type]) if is_integer else _largest(column)
    beyond = positions[(numbers >= most) | (numbers < -most)]
    rule = "out-of-range" if is_integer else "not-finite"
    yield Broken(Level.ERROR, "not-finite", not_finite, lambda cell: f"{cell!r} is not finite")
    yield Broken(Level.ERROR, rule, beyond, lambda cell: f"{cell!r} is too large for {column.type}")
    if column.name in (TIMESTAMP, CREATION_TIMESTAMP):
        yield from _check_times(positions, numbers)


def _largest(column: Column) -> float:
    return _FLOAT_MAX if column.type == "float" else float("inf")


def _hint(column: Column) -> str:
    is_time = column.name in (TIMESTAMP, CREATION_TIMESTAMP)
    return "; whole seconds since 1970 are needed" if is_time else ""


def _check_times(positions: Positions, numbers: NDArray[np.float64]) -> Iterator[Broken]:
    yield Broken(
        Level.ERROR,
        "milliseconds",
        positions[np.abs(numbers) >= _MILLISECONDS_FROM],
        lambda cell: f"{cell} looks like milliseconds; seconds are needed: divide by 1000",
    )
    is_year = (numbers >= 1000) & (numbers < 3000)
    is_date = (numbers >= 19000101) & (numbers <= 21001231)
    yield Broken(
        Level.WARNING,
        "date",
        positions[is_year | is_date],
        lambda cell: f"{cell} looks like a year or a date; seconds since 1970 are needed",
    )


def _longer(cells: pa.StringArray, most: int, level: Level, rule: str, remedy: str) -> Broken:
    return _broken(
        level,
        rule,
        pc.greater(pc.utf8_length(cells), most),
        lambda cell: f"{len(cell):,} characters; Personalize allows {most:,}: {remedy}",
    )


def _broken(level: Level, rule: str, mask: Any, message: Callable[[str], str]) -> Broken:
    return Broken(level, rule, _true(mask), message)


def _true(mask: Any) -> Positions:
    """The positions where a mask is true; null counts as false."""
    return np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))
