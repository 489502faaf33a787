"""Checking an Items dataset by Personalize's rules before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file
from nlp_engine.personalize import limits
from nlp_engine.personalize.schema import CREATION_TIMESTAMP, ITEM_ID, Column, read_columns
from nlp_engine.personalize.table import read_rows

_MAX_FINDINGS_PER_RULE = 20
_MILLISECONDS_FROM = 10**11  # epoch seconds reach this in the year 5138
_SCALARS = frozenset(("float", "double", "int", "long", "string", "boolean"))


class Level(StrEnum):
    """What a finding means for an import."""

    ERROR = "error"  # the import fails or the data is wrong
    WARNING = "warning"  # the import succeeds, but something is cut or of little use


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a dataset breaks.

    Attributes:
        level: How bad it is.
        rule: Short name of the rule.
        message: What is wrong and what to do.
        row: Row of the CSV, the first after the header being 1; None for the whole file.
        column: Column name; None for the whole row or file.
    """

    level: Level
    rule: str
    message: str
    row: int | None = None
    column: str | None = None


def check_items(folder: Path | str, *, language: str = "en") -> list[Finding]:
    """Check `schema.json` and `items.csv` of a folder, streaming.

    Args:
        folder: A folder with both files.
        language: Language of the texts; Chinese and Japanese have a lower limit.

    Returns:
        The findings, in file order; of one rule and column the first 20 and then a count.

    Raises:
        InputError: A file is missing or no CSV.
        FormatError: The schema is no Avro record schema.
    """
    folder = Path(folder)
    text = check_input_file(folder / "schema.json").read_text(encoding="utf-8")
    columns = read_columns(text)
    findings = _Findings()
    _check_schema(text, columns, findings)
    _check_table(folder / "items.csv", columns, language, findings)
    return findings.all()


def findings_json(findings: Sequence[Finding]) -> str:
    """The findings as `check.json` has them."""
    return json.dumps([asdict(finding) for finding in findings], indent=2) + "\n"


@dataclass(slots=True)
class _Findings:
    kept: list[Finding] = field(default_factory=list)
    seen: dict[tuple[Level, str, str | None], int] = field(default_factory=dict)

    def add(
        self,
        level: Level,
        rule: str,
        message: str,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        key = (level, rule, column)
        self.seen[key] = self.seen.get(key, 0) + 1
        if self.seen[key] <= _MAX_FINDINGS_PER_RULE:
            self.kept.append(Finding(level, rule, message, row, column))

    def all(self) -> list[Finding]:
        more = [
            Finding(level, rule, f"and {count - _MAX_FINDINGS_PER_RULE} more", None, column)
            for (level, rule, column), count in self.seen.items()
            if count > _MAX_FINDINGS_PER_RULE
        ]
        return self.kept + more


def _check_schema(text: str, columns: Sequence[Column], findings: _Findings) -> None:
    def error(rule: str, message: str, column: str | None = None) -> None:
        findings.add(Level.ERROR, rule, message, column=column)

    schema = json.loads(text)
    if schema.get("name") != "Items":
        error("schema-name", f"name is {schema.get('name')!r}; it must be Items")
    if len(text) > limits.MAX_SCHEMA_CHARACTERS:
        error("schema-length", f"{len(text)} characters; {limits.MAX_SCHEMA_CHARACTERS} allowed")
    if not any(c.name == ITEM_ID and c.type == "string" and not c.nullable for c in columns):
        error("item-id", "the schema needs a field ITEM_ID of type string")
    if len(columns) < 2:
        error("no-metadata", "the schema needs a metadata field beside ITEM_ID")
    if len(columns) - 1 > limits.MAX_ITEM_COLUMNS:
        error("columns", f"{len(columns) - 1} metadata fields; {limits.MAX_ITEM_COLUMNS} allowed")
    if sum(column.textual for column in columns) > limits.MAX_TEXTUAL_COLUMNS:
        error("textual-columns", f"{limits.MAX_TEXTUAL_COLUMNS} textual field allowed")
    names: dict[str, str] = {}
    for column in columns:
        if not _is_name(column.name):
            error("column-name", "letters, digits and _ allowed, at most 150", column.name)
        if column.type not in _SCALARS:
            error("column-type", f"type {column.type} is not supported", column.name)
        plain = column.name.replace("_", "").lower()
        if plain in names:
            error("column-names", f"too similar to {names[plain]} for Personalize", column.name)
        names[plain] = column.name


def _is_name(name: str) -> bool:
    return len(name) <= limits.MAX_COLUMN_NAME_CHARACTERS and name.isascii() and name.isidentifier()


def _check_table(path: Path, columns: Sequence[Column], language: str, findings: _Findings) -> None:
    rows = read_rows(path)
    _, header = next(rows, (0, []))
    expected = [column.name for column in columns]
    if header != expected:
        findings.add(
            Level.ERROR, "header", f"found {','.join(header)}; the schema has {','.join(expected)}"
        )
        return
    ids: set[str] = set()
    filled = [0] * len(columns)
    distinct: list[set[str]] = [set() for _ in columns]
    count = 0
    for count, (line, row) in enumerate(rows, 1):
        if len(row) != len(columns):
            findings.add(
                Level.ERROR, "fields", f"{len(row)} fields, the header has {len(columns)}", count
            )
            continue
        if line != count + 1:
            findings.add(Level.ERROR, "line-break", "a value contains a line break", count)
        for index, (column, cell) in enumerate(zip(columns, row, strict=True)):
            if cell == "":
                if not column.nullable:
                    findings.add(Level.ERROR, "missing", "a value is required", count, column.name)
                continue
            filled[index] += 1
            for level, rule, message in _check_cell(column, cell, language):
                findings.add(level, rule, message, count, column.name)
            if column.categorical and len(distinct[index]) <= limits.MAX_DISTINCT_VALUES:
                distinct[index].update(cell.split(limits.VALUE_SEPARATOR))
            if column.name == ITEM_ID:
                if cell in ids:
                    findings.add(Level.ERROR, "duplicate-id", f"{cell!r} again", count, ITEM_ID)
                ids.add(cell)
    _check_columns(columns, count, filled, distinct, findings)


def _check_cell(column: Column, cell: str, language: str) -> Iterator[tuple[Level, str, str]]:
    if column.name == ITEM_ID:
        if len(cell) > limits.MAX_ID_CHARACTERS:
            yield Level.ERROR, "id-length", _too_long(cell, limits.MAX_ID_CHARACTERS)
        if '"' in cell:
            yield Level.ERROR, "id-quote", "an id must not contain a double quote"
    elif column.textual:
        most = limits.max_text_characters(language)
        if len(cell) > most:
            yield Level.WARNING, "text-length", _too_long(cell, most) + "; Personalize cuts it"
    elif column.type == "string":
        if len(cell) > limits.MAX_CELL_CHARACTERS:
            yield Level.ERROR, "cell-length", _too_long(cell, limits.MAX_CELL_CHARACTERS)
        if column.categorical:
            values = cell.split(limits.VALUE_SEPARATOR)
            if "" in values:
                yield Level.ERROR, "empty-value", "an empty value between separators"
            if len(set(values)) < len(values):
                yield Level.WARNING, "repeated-value", "a value occurs twice in the cell"
    else:
        yield from _check_number(column, cell)


def _check_number(column: Column, cell: str) -> Iterator[tuple[Level, str, str]]:
    parse: Callable[[str], Any] = int if column.type in ("int", "long") else float
    if column.type == "boolean":
        if cell.lower() not in ("true", "false"):
            yield Level.ERROR, "type", f"{cell!r} is no boolean"
        return
    try:
        number = parse(cell)
    except ValueError:
        yield Level.ERROR, "type", f"{cell!r} is no {column.type}"
        return
    if number != number or number in (float("inf"), float("-inf")):
        yield Level.ERROR, "not-finite", f"{cell!r} is not finite"
    elif column.name == CREATION_TIMESTAMP and number >= _MILLISECONDS_FROM:
        yield Level.ERROR, "milliseconds", f"{cell} looks like milliseconds; seconds are needed"


def _too_long(cell: str, most: int) -> str:
    return f"{len(cell)} characters; Personalize allows {most}"


def _check_columns(
    columns: Sequence[Column],
    rows: int,
    filled: Sequence[int],
    distinct: Sequence[set[str]],
    findings: _Findings,
) -> None:
    if rows == 0:
        findings.add(Level.ERROR, "no-rows", "there is no item")
        return
    least = limits.MIN_COMPLETENESS
    for column, count, values in zip(columns, filled, distinct, strict=True):
        if count / rows < least:
            findings.add(
                Level.WARNING,
                "completeness",
                f"{count} of {rows} rows have a value; AWS recommends {least:.0%}",
                column=column.name,
            )
        if len(values) > limits.MAX_DISTINCT_VALUES:
            findings.add(
                Level.WARNING,
                "distinct-values",
                f"more than {limits.MAX_DISTINCT_VALUES} values; AWS recommends fewer",
                column=column.name,
            )


def raise_on_errors(findings: Sequence[Finding], path: Path) -> None:
    """`InputError` naming the first error, if there is one."""
    errors = [finding for finding in findings if finding.level is Level.ERROR]
    if errors:
        first = errors[0]
        place = f", row {first.row}" if first.row else ""
        place += f", column {first.column}" if first.column else ""
        more = f" ({len(errors) - 1} more errors)" if len(errors) > 1 else ""
        raise InputError(f"{path}{place}: {first.message}{more}")
