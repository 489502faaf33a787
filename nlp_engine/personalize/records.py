"""The rows of a built dataset as typed values, for what sends them one by one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.errors import FormatError, InputError
from nlp_engine.files import check_input_file
from nlp_engine.personalize.schema import INTEGERS, Column, read_columns
from nlp_engine.personalize.table import read_rows

Value = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row of a dataset.

    Attributes:
        row: Its number; the first after the header is 1.
        values: By column name, in the schema's order; missing values are left out. Several
            categories stand in one text with `|` between them.
    """

    row: int
    values: dict[str, Value]


def read_records(folder: Path | str, table: str = "items.csv") -> Iterator[Record]:
    """The rows of a dataset, streaming.

    Args:
        folder: A folder with `schema.json` and the table.
        table: Name of the CSV file.

    Raises:
        InputError: A file is missing, no such CSV, or has a value of another type than the schema
            says; the message names row and column.
        FormatError: The schema is no Avro record schema, or the header is another.
    """
    folder = Path(folder)
    schema = check_input_file(folder / "schema.json")
    columns = read_columns(schema.read_text(encoding="utf-8"))
    path = folder / table
    rows = read_rows(path)
    _, header = next(rows, (0, []))
    if header != [column.name for column in columns]:
        raise FormatError(f"{path}: the header is not that of {schema}; make the folder again")
    for number, (_, row) in enumerate(rows, 1):
        try:
            yield Record(row=number, values=typed_values(columns, row))
        except ValueError as error:
            raise InputError(f"{path}, row {number}: {error}") from error


def typed_values(columns: Sequence[Column], cells: Sequence[str]) -> dict[str, Value]:
    """The values of a row by column name, as the schema's types have them.

    Args:
        columns: The schema's columns.
        cells: As many cells of a CSV file; an empty one is a missing value, which is left out.

    Raises:
        ValueError: Another number of cells, or a value that is none of its type; the message
            names the column.
    """
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} values; the schema has {len(columns)} columns")
    return {
        column.name: _typed(column, cell)
        for column, cell in zip(columns, cells, strict=True)
        if cell != ""
    }


def _typed(column: Column, cell: str) -> Value:
    try:
        if column.type in INTEGERS:
            return int(cell)
        if column.type == "boolean":
            return {"true": True, "false": False}[cell.lower()]
        if column.type != "string":
            number = float(cell)
            if not math.isfinite(number):
                raise ValueError
            return number
    except (ValueError, KeyError):
        raise ValueError(f"column {column.name}: {cell!r} is no {column.type}") from None
    return cell
