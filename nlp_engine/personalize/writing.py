"""The second pass: a dataset's files, block by block, checked before they count."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine.corpus.sources import Row, Source
from nlp_engine.errors import InputError
from nlp_engine.personalize import limits
from nlp_engine.personalize.check import (
    Finding,
    Findings,
    Level,
    check_dataset,
    findings_json,
    raise_on_errors,
)
from nlp_engine.personalize.collecting import blocks
from nlp_engine.personalize.mapping import Field, cell_maker, cell_of, shortened
from nlp_engine.personalize.schema import Column, DatasetType, dataset_schema, schema_json
from nlp_engine.personalize.table import write_header, write_rows
from nlp_engine.progress import Report


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a source.

    Attributes:
        begin: How many rows come before.
        rows: The rows.
    """

    begin: int
    rows: Sequence[Row]

    @property
    def numbers(self) -> range:
        """The rows' positions in the source."""
        return range(self.begin, self.begin + len(self.rows))


@dataclass(frozen=True, slots=True)
class Part:
    """Columns of a dataset, and what makes the cells of each of them for a block."""

    columns: Sequence[Column]
    cells: Callable[[Block], Sequence[Sequence[Any]]]


def native_part(field: Field, notes: Findings) -> Part:
    """A column of the source passed on; `notes` are told of what is cut."""
    make, column = cell_maker(field.column), field.column
    is_plain = column.type == "string" and not column.categorical

    def cells(block: Block) -> list[list[Any]]:
        values = [make(row[field.source]) for row in block.rows]
        if column.categorical:
            return [category_cells(values, column, block, notes)]
        return [_shortened(values, column, block, notes) if is_plain else values]

    return Part([column], cells)


def category_cells(
    values: Iterable[Sequence[str]], column: Column, block: Block, notes: Findings | None = None
) -> list[str | None]:
    """The cells of items' categories; `notes` are told of what has no room in a cell."""
    cells = []
    for number, own in zip(block.numbers, values, strict=True):
        cell = cell_of(own)
        cells.append(cell)
        left = len(own) - (cell.count(limits.VALUE_SEPARATOR) + 1 if cell else 0)
        if left and notes is not None:
            message = (
                f"{left:,} of {len(own):,} values are left out; a cell has room for "
                f"{limits.MAX_CELL_CHARACTERS:,} characters: shorten them, or put those first that "
                "matter"
            )
            notes.add(Finding(Level.WARNING, "shortened", message, number + 1, column.name))
    return cells


def _shortened(
    values: Sequence[Any], column: Column, block: Block, notes: Findings
) -> list[str | None]:
    most = limits.MAX_CELL_CHARACTERS
    for number, value in zip(block.numbers, values, strict=True):
        if value is not None and len(value) > most:
            message = f"{len(value):,} characters; cut to the {most:,} that Personalize allows"
            finding = Finding(Level.WARNING, "shortened", message, number + 1, column.name)
            notes.add(finding)
    return [value and shortened(value, most) for value in values]


def id_part(field: Field, source: Source) -> Part:
    """A column of ids, which must not contain line breaks."""

    def cells(block: Block) -> list[list[Any]]:
        values = [_id(row[field.source]) for row in block.rows]
        for number, value in zip(block.numbers, values, strict=True):
            if isinstance(value, str) and len(value.splitlines()) > 1:
                raise InputError(
                    f"{source.path}, row {number + 1}, column {field.source}: the id contains a "
                    "line break"
                )
        return [values]

    return Part([field.column], cells)


def _id(value: Any) -> Any:
    """An id; a number is whole, although tables with missing values have it as 1.0."""
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return value


def write_dataset(
    folder: Path,
    dataset: DatasetType,
    parts: Sequence[Part],
    source: Source,
    *,
    domain: str,
    notes: Findings,
    report: Report,
) -> tuple[int, list[Finding]]:
    """Write schema, table and `check.json` to a folder.

    Args:
        folder: The folder.
        dataset: The dataset's type.
        parts: Its columns, in order.
        source: What the rows are made of.
        domain: The kind of dataset group that it is checked for.
        notes: What the parts tell of rows while they are written.
        report: Told of what was read.

    Returns:
        The number of rows, and what the check found, of which nothing is an error.

    Raises:
        InputError: An import would fail; the message names the first row and column.
    """
    columns = [column for part in parts for column in part.columns]
    schema = schema_json(dataset_schema(dataset, columns))
    (folder / "schema.json").write_text(schema, encoding="utf-8")
    path = folder / f"{dataset.lower()}.csv"
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        write_header(file, columns)
        for rows in blocks(source.rows(report)):
            block = Block(count, rows)
            write_rows(file, columns, [cells for part in parts for cells in part.cells(block)])
            count += len(rows)
    findings = check_dataset(folder, domain=domain, language=source.language, report=report)
    raise_on_errors(findings, source.path)
    findings = [*findings, *notes.all()]
    (folder / "check.json").write_text(findings_json(findings), encoding="utf-8")
    return count, findings
