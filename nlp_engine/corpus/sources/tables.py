"""Rows of CSV, TSV, JSON Lines and Parquet files."""

from __future__ import annotations

import csv
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nlp_engine.corpus.settings import SourceSettings
from nlp_engine.corpus.sources.decoding import all_lines, kept_lines
from nlp_engine.corpus.sources.source import Row, Table
from nlp_engine.errors import InputError
from nlp_engine.progress import Progress, Report, silent

_LOOKED_AT = 1000  # rows of JSON Lines whose keys are the columns
_BATCH = 1000


def open_csv(path: Path, delimiter: str, reading: SourceSettings, damaged: Counter[str]) -> Table:
    """A CSV file, with or without a header.

    Raises:
        InputError: No rows, damaged, or a header that is no list of different names.
    """
    # A damaged header cannot be skipped: the next record would take its place.
    of_header = replace(reading, encoding_errors="strict") if _skips_header(reading) else reading
    first = next(csv_records(path, delimiter, of_header, damaged), None)
    if first is None:
        raise InputError(f"{path} has no rows")
    columns = _csv_columns(path, first[1], reading)
    skipped = 1 if reading.has_header else 0

    def rows(report: Report) -> Iterator[Row]:
        records = csv_records(path, delimiter, reading, damaged, report)
        for number, record in itertools.islice(records, skipped, None):
            if len(record) != len(columns):
                whose = "the header has" if skipped else "expected are"
                raise InputError(
                    f"{path}, line {number}: {len(record)} fields, {whose} {len(columns)}"
                )
            yield dict(zip(columns, record, strict=True))

    return Table(columns, rows)


def _skips_header(reading: SourceSettings) -> bool:
    return reading.has_header and reading.encoding_errors == "skip"


def csv_records(
    path: Path,
    delimiter: str,
    reading: SourceSettings,
    damaged: Counter[str],
    report: Report = silent,
) -> Iterator[tuple[int, list[str]]]:
    """Records with the number of the line that they end on; empty lines are passed over.

    Raises:
        InputError: Not in the encoding, or quotes that are not as RFC 4180 has them.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # the default refuses long articles
    is_damaged, started = False, 1

    def lines() -> Iterator[str]:
        nonlocal is_damaged
        for _, text, line_is_damaged in all_lines(path, reading, damaged, report):
            is_damaged = is_damaged or line_is_damaged
            yield text + "\n"

    reader = csv.reader(
        lines(),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if reading.quoting else csv.QUOTE_NONE,
        strict=True,
    )
    try:
        for record in reader:
            if record and not (is_damaged and reading.encoding_errors == "skip"):
                yield reader.line_num, record
            is_damaged, started = False, reader.line_num + 1
    except csv.Error as error:
        where = f"line {reader.line_num}"
        if started != reader.line_num:
            where += f", in the record that begins on line {started}"
        raise InputError(
            f"{path}, {where}: {error}; double the quotes inside of quoted fields, or pass "
            "--no-quoting if quotes have no special meaning"
        ) from error


def _csv_columns(path: Path, first: list[str], reading: SourceSettings) -> Sequence[str]:
    if reading.columns is not None:
        names = [name.strip() for name in reading.columns.split(",")]
        if len(names) != len(first):
            raise InputError(
                f"{path} has {len(first)} columns, but {len(names)} are named: {', '.join(names)}"
            )
    elif reading.has_header:
        names = first
    else:
        names = [str(number) for number in range(1, len(first) + 1)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"{path} has several columns {twice[0]!r}; rename one, or pass --no-header or "
            "--columns if the first line is no header"
        )
    return names


def open_json_lines(path: Path, reading: SourceSettings, damaged: Counter[str]) -> Table:
    """A file with a JSON object on each line; a key that a row lacks is None there.

    Raises:
        InputError: No rows, damaged, or no JSON.
    """
    looked_at = itertools.islice(_json_objects(path, reading, damaged), _LOOKED_AT)
    names = list(dict.fromkeys(name for row in looked_at for name in row))
    if not names:
        raise InputError(f"{path} has no rows")
    return Table(
        names,
        lambda report: (
            {name: row.get(name) for name in names} | row
            for row in _json_objects(path, reading, damaged, report)
        ),
    )


def _json_objects(
    path: Path, reading: SourceSettings, damaged: Counter[str], report: Report = silent
) -> Iterator[dict[str, Any]]:
    for number, line in kept_lines(path, reading, damaged, report):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}, line {number}: no valid JSON ({error})") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}, line {number}: expected a JSON object, found {line[:40]!r}")
        if "\\ud" in line.lower():
            row = _without_lone_surrogates(row, path, number, reading, damaged)
        if row is not None:
            yield row


def _without_lone_surrogates(
    row: dict[str, Any], path: Path, number: int, reading: SourceSettings, damaged: Counter[str]
) -> dict[str, Any] | None:
    r"""The row if no half of an emoji such as `\ud83d` stands alone, which is no text at all."""
    text = json.dumps(row, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        if reading.encoding_errors == "strict":
            raise InputError(
                f"{path}, line {number}: half a surrogate pair, \\u{ord(text[error.start]):x}, is "
                "no character; repair it, or choose --encoding-errors replace"
            ) from error
        if reading.encoding_errors == "skip":
            damaged["skipped_lines"] += 1
            return None
        damaged["replaced_lines"] += 1
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        repaired: dict[str, Any] = json.loads(whole)
        return repaired
    return row


def open_parquet(path: Path) -> Table:
    """A Parquet file.

    Raises:
        InputError: Damaged or cut short.
    """
    try:
        names = pq.ParquetFile(path).schema_arrow.names
    except (pa.ArrowException, OSError) as error:
        raise _damaged_parquet(path, error) from error
    return Table(names, lambda report: _parquet_rows(path, report))


def _parquet_rows(path: Path, report: Report) -> Iterator[Row]:
    file = pq.ParquetFile(path)
    done = 0
    batches = file.iter_batches(_BATCH)
    while True:
        try:
            batch = next(batches, None)
            rows = [] if batch is None else batch.to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise _damaged_parquet(path, error) from error
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path}, rows {done + 1} to {done + _BATCH}: text that is not UTF-8 "
                f"({error.reason}); write the file again"
            ) from error
        if batch is None:
            return
        yield from rows
        done += batch.num_rows
        report(Progress(f"reading {path.name}", done, file.metadata.num_rows, "rows"))


def _damaged_parquet(path: Path, error: Exception) -> InputError:
    reason = str(error).partition("\n")[0]
    return InputError(f"{path}: the Parquet file is damaged ({reason}); copy or write it again")
