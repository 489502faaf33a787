r"""The CSV form that Personalize documents.

The header is bare; textual values always stand in double quotes, others only where they must; a
backslash goes before `"` and `\`; a missing value is nothing between two commas; a record is one
line. General CSV writers quote the header or double the quotes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from nlp_engine.errors import InputError
from nlp_engine.personalize.schema import Column


def write_header(file: TextIO, columns: Sequence[Column]) -> None:
    """Write the header line."""
    file.write(",".join(column.name for column in columns) + "\n")


def write_row(file: TextIO, columns: Sequence[Column], row: Mapping[str, Any]) -> None:
    """Write one record; columns that `row` lacks are missing values."""
    cells = (format_cell(row.get(column.name), textual=column.textual) for column in columns)
    file.write(",".join(cells) + "\n")


def format_cell(value: Any, *, textual: bool = False) -> str:
    """One value as it stands between two commas.

    Args:
        value: None for a missing value.
        textual: Whether the column is textual. Its white space is squeezed, as Personalize does;
            elsewhere a line break becomes a space.
    """
    if value is None:
        return ""
    text = " ".join(str(value).split() if textual else str(value).splitlines())
    if not textual and not any(character in text for character in ',"\\'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


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
