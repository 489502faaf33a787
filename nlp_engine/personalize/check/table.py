"""The rules of tables, in one pass over batches of rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nlp_engine.personalize.check.cells import Categories, check_cells
from nlp_engine.personalize.check.findings import Finding, Findings, Level
from nlp_engine.personalize.check.keys import Keys
from nlp_engine.personalize.check.totals import ColumnTotals, TableRules, Totals
from nlp_engine.personalize.schema import EVENT_TYPE, Column
from nlp_engine.personalize.table import (
    BrokenRow,
    HeaderForm,
    TableRow,
    open_table,
    read_header,
    table_rows,
)
from nlp_engine.progress import Progress, Report, silent

_BATCH = 4096
_HEADER_REMEDIES = {
    HeaderForm.MARKED: "the file begins with a byte-order mark, which hides the first column: "
    "write it without (encoding utf-8, not utf-8-sig)",
    HeaderForm.QUOTED: "the header's names stand in quotes: write them bare",
}


@dataclass(frozen=True, slots=True)
class _Batch:
    """Cells of N rows.

    Attributes:
        cells: (C) columns of (N) cells.
        rows: int64 (N), the rows' numbers.
    """

    cells: Sequence[Sequence[str]]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[tuple[int, list[str]]]) -> _Batch:
        numbers, cells = zip(*rows, strict=True)
        return cls(list(zip(*cells, strict=True)), np.array(numbers, np.int64))


def check_table(
    path: Path,
    number: int,
    rules: TableRules,
    totals: Totals,
    keys: Keys,
    findings: Findings,
    report: Report = silent,
) -> bool:
    """Check a file, streaming.

    Args:
        path: The file.
        number: Which of the dataset's files it is.
        rules: What to check by.
        totals: Grow by what the file has.
        keys: Gets the ids.
        findings: Gets what is found.
        report: Told of the bytes that were read.

    Returns:
        Whether its header is the schema's; nothing else is read otherwise.

    Raises:
        InputError: It cannot be read.
    """
    in_file = _InFile(path.name, findings)
    if not _has_right_header(path, rules.columns, in_file):
        return False
    for batch in _batches(path, rules.columns, totals, in_file, report):
        for column, total, cells in zip(rules.columns, totals.columns, batch.cells, strict=True):
            values = _check_column(column, total, cells, batch.rows, rules, in_file)
            if column.name == rules.key:
                keys.add(values, number, batch.rows)
    return True


@dataclass(frozen=True, slots=True)
class _InFile:
    """Where findings on a file's rows go."""

    name: str
    findings: Findings

    def error(
        self, rule: str, message: str, row: int | None = None, column: str | None = None
    ) -> None:
        self.findings.add(Finding(Level.ERROR, rule, message, row, column, self.name))

    def warning(self, rule: str, message: str, row: int, column: str | None = None) -> None:
        self.findings.add(Finding(Level.WARNING, rule, message, row, column, self.name))

    def of_rows(
        self,
        rule: str,
        column: str,
        rows: NDArray[np.int64],
        messages: Iterator[str],
        level: Level = Level.ERROR,
    ) -> None:
        """Findings on many rows; messages are asked for as long as they are shown."""
        first = Finding(level, rule, "", None, column, self.name)
        self.findings.add_rows(first, rows.tolist(), messages)


def _has_right_header(path: Path, columns: Sequence[Column], in_file: _InFile) -> bool:
    form, header = read_header(path)
    if form in _HEADER_REMEDIES:
        in_file.error("header-form", _HEADER_REMEDIES[form])
    expected = [column.name for column in columns]
    if header == expected:
        return True
    hint = ""
    if not any(header):
        in_file.error("header", f"no header; the first line must be {','.join(expected)}")
        return False
    if "\0" in header[0]:
        hint = "; it is UTF-16: write it in UTF-8"
    elif len(header) == 1 and len(expected) > 1 and re.search(r"[;\t]", header[0]):
        hint = "; commas must stand between the values"
    elif header[0] == "":
        hint = "; the first column has no name: pandas leaves out its index with index=False"
    elif sorted(header) == sorted(expected):
        hint = "; the order must be the schema's"
    found = "".join(c for c in ",".join(header) if c.isprintable())
    in_file.error("header", f"found {found}; the schema has {','.join(expected)}{hint}")
    return False


def _batches(
    path: Path, columns: Sequence[Column], totals: Totals, in_file: _InFile, report: Report
) -> Iterator[_Batch]:
    size = path.stat().st_size
    textual = [position for position, column in enumerate(columns) if column.textual]
    waiting: list[tuple[int, list[str]]] = []
    with open_table(path) as file:
        for number, record in enumerate(table_rows(file), 1):
            totals.rows += 1
            if isinstance(record, BrokenRow):
                in_file.error("quoting", record.message, number)
            elif _is_whole(record, number, columns, in_file):
                _check_quotes(record, number, columns, textual, in_file)
                totals.whole += 1
                waiting.append((number, record.cells))
            if len(waiting) == _BATCH:
                done = file.buffer.tell()
                report(Progress(f"checking {path.name}", done, size, "bytes"))
                yield _Batch.of(waiting)
                waiting = []
    if waiting:
        yield _Batch.of(waiting)


def _is_whole(record: TableRow, number: int, columns: Sequence[Column], in_file: _InFile) -> bool:
    if record.escapes_nothing:
        message = "a backslash before a character that needs none is lost; double it"
        in_file.warning("bare-backslash", message, number)
    if len(record.cells) != len(columns):
        found = f"{len(record.cells)} fields" if record.cells else "an empty line"
        in_file.error("fields", f"{found}; the header has {len(columns)} fields", number)
        return False
    if record.lines > 1:
        for column, cell in zip(columns, record.cells, strict=True):
            if "\n" in cell or "\r" in cell:
                message = "the value contains a line break; a record must be one line"
                in_file.error("line-break", message, number, column.name)
    return True


def _check_quotes(
    record: TableRow,
    number: int,
    columns: Sequence[Column],
    textual: Sequence[int],
    in_file: _InFile,
) -> None:
    for position in textual:
        if record.cells[position] and not record.is_quoted(position):
            message = (
                "the text is not in double quotes, in which AWS wants the values of its column"
            )
            in_file.warning("unquoted-text", message, number, columns[position].name)


def _check_column(
    column: Column,
    total: ColumnTotals,
    cells: Sequence[str],
    rows: NDArray[np.int64],
    rules: TableRules,
    in_file: _InFile,
) -> pa.StringArray:
    """Check (N) cells of a column; return them, null where a value is missing."""
    values = _as_array(column, cells, rows, in_file)
    is_filled = pc.not_equal(values, "")
    missing = np.flatnonzero(~is_filled.to_numpy(zero_copy_only=False))
    total.filled += len(cells) - len(missing)
    if len(missing):
        if not column.nullable:
            required = ("a value is required" for _ in missing)
            in_file.of_rows("missing", column.name, rows[missing], required)
        elif column.textual:
            empty = ("there is no text, of which training could learn" for _ in missing)
            in_file.of_rows("empty-text", column.name, rows[missing], empty, Level.WARNING)
        values = pc.if_else(is_filled, values, pa.scalar(None, pa.string()))
    if len(missing) == len(cells):
        return values
    for broken in check_cells(column, values, language=rules.language, reserved=rules.reserved):
        texts = (cells[position] for position in broken.positions)
        messages = (broken.message(text) for text in texts)
        in_file.of_rows(broken.rule, column.name, rows[broken.positions], messages, broken.level)
    if column.categorical:
        total.add_values(Categories.of(values).values)
    elif column.name == EVENT_TYPE:
        total.add_values(values)
    return values


def _as_array(
    column: Column, cells: Sequence[str], rows: NDArray[np.int64], in_file: _InFile
) -> pa.StringArray:
    try:
        return pa.array(cells, pa.string())
    except UnicodeEncodeError:
        whole = [cell.encode("utf-8", "replace").decode() for cell in cells]
        broken = np.array([a != b for a, b in zip(cells, whole, strict=True)], bool)
        messages = ("bytes that are not UTF-8; write the file in UTF-8" for _ in cells)
        in_file.of_rows("not-utf8", column.name, rows[broken], messages)
        return pa.array(whole, pa.string())
