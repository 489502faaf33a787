r"""The CSV form that Personalize documents.

The header is bare; textual values always stand in double quotes, others only where they must; a
backslash goes before `"` and `\`; a missing value is nothing between two commas; a record is one
line. General CSV writers quote the header or double the quotes.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import enum
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file
from nlp_engine.personalize.schema import Column

_MAX_CELL = 10_000_000  # an unclosed quote must not take the whole file into memory
_MAX_LINE_BYTES = 1_000_000
_QUOTED = re.compile(r'[,"\\]')
# What `str.splitlines` takes as a line break, and what must stand in quotes.
_SPECIAL = re.compile('[,"\\\\\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029]')
_DOUBLED_QUOTE = re.compile(r'(?<!\\)""(?![,\r\n]|$)')
_CELL = r'(?:"(?:[^"\\]|\\.)*+"|(?!")(?:[^,\\]|\\.)*+)'
_ESCAPES_NOTHING = re.compile(r'(?<!\\)(?:\\\\)*\\(?!["\\])')


def write_header(file: TextIO, columns: Sequence[Column]) -> None:
    """Write the header line."""
    file.write(",".join(column.name for column in columns) + "\n")


def write_row(file: TextIO, columns: Sequence[Column], row: Mapping[str, Any]) -> None:
    """Write one record; columns that `row` lacks are missing values."""
    cells = (format_cell(row.get(column.name), textual=column.textual) for column in columns)
    file.write(",".join(cells) + "\n")


def write_rows(file: TextIO, columns: Sequence[Column], cells: Sequence[Sequence[Any]]) -> None:
    """Write N records, given as (C) columns of (N) values."""
    formatted = [
        [format_cell(value, textual=column.textual) for value in values]
        for column, values in zip(columns, cells, strict=True)
    ]
    file.writelines(",".join(row) + "\n" for row in zip(*formatted, strict=True))


def format_cell(value: Any, *, textual: bool = False) -> str:
    """One value as it stands between two commas.

    Args:
        value: None for a missing value.
        textual: Whether the column is textual. Its white space is squeezed, as Personalize does;
            elsewhere a line break becomes a space.
    """
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    if textual:
        text = " ".join(text.split())
    elif _SPECIAL.search(text):
        text = " ".join(text.splitlines())
    else:
        return text
    if not textual and not _QUOTED.search(text):
        return text
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


class HeaderForm(enum.Enum):
    """How the first line of a file stands there."""

    BARE = "bare"
    QUOTED = "quoted"
    MARKED = "marked"  # by a byte-order mark


@dataclass(frozen=True, slots=True)
class TableRow:
    """A record of a table.

    Attributes:
        cells: Its values; bytes that are not UTF-8 are halves of surrogate pairs there.
        text: As it stands in the file.
        lines: Lines that it takes.
        escapes_nothing: Whether a backslash stands before a character that needs none, so that
            readers drop it.
    """

    cells: list[str]
    text: str
    lines: int
    escapes_nothing: bool

    def is_quoted(self, position: int) -> bool:
        """Whether a cell stands in double quotes; the record must be whole."""
        if '"' not in self.text:
            return False
        if f'"{_escaped(self.cells[position])}"' in self.text:
            return True
        return _quoted_at(position).match(self.text) is not None


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """What is no record in this form, and why."""

    message: str


def read_header(path: Path) -> tuple[HeaderForm, list[str]]:
    """The form of a file's header and the names in it; none if the file is empty.

    Raises:
        InputError: The file is missing.
    """
    with check_input_file(path).open("rb") as file:
        line = file.readline(_MAX_LINE_BYTES)
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    form = HeaderForm.QUOTED if '"' in text else HeaderForm.BARE
    if line.startswith(codecs.BOM_UTF8):
        form, text = HeaderForm.MARKED, text.removeprefix("\ufeff")
    return form, next(csv.reader([text]), [])


@contextlib.contextmanager
def open_table(path: Path) -> Iterator[TextIO]:
    """Open a file for `table_rows`; its `buffer` tells how far it is read."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        yield file


def table_rows(file: TextIO) -> Iterator[TableRow | BrokenRow]:
    """The records of an open file after its header, whatever is wrong with single ones."""
    csv.field_size_limit(_MAX_CELL)
    escapes_nothing = doubles_quotes = False
    parts: list[str] = []

    def lines() -> Iterator[str]:
        nonlocal escapes_nothing, doubles_quotes
        for line in file:
            parts.append(line)
            if "\\" in line and _ESCAPES_NOTHING.search(line):
                escapes_nothing = True
            if '""' in line and _DOUBLED_QUOTE.search(line):
                doubles_quotes = True
            yield line

    reader = csv.reader(lines(), doublequote=False, escapechar="\\", strict=True)
    before = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            record: TableRow | BrokenRow = BrokenRow("a quote is opened and not closed")
        else:
            if cells is None:
                return
            record = TableRow(cells, "".join(parts), reader.line_num - before, escapes_nothing)
            if doubles_quotes:
                record = BrokenRow(
                    "a second quote stands before a quote that belongs to the value; put a "
                    "backslash there"
                )
        if before:
            yield record
        before, escapes_nothing, doubles_quotes = reader.line_num, False, False
        parts.clear()


@functools.cache
def _quoted_at(position: int) -> re.Pattern[str]:
    """What matches a record whose cell at a position stands in quotes."""
    return re.compile(f'(?:{_CELL},){{{position}}}+"', re.DOTALL)


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The records of a file in this form, header first, with their line numbers.

    Raises:
        InputError: The file is missing or no such CSV; the message names the line.
    """
    csv.field_size_limit(2**31 - 1)
    number = 0
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, doublequote=False, escapechar="\\", strict=True)
            for row in reader:
                number = reader.line_num
                yield number, row
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path}, line {number + 1}: {error}") from error
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
