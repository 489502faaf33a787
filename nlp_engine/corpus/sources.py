"""Documents to make corpora and items from, as rows with named columns.

An extracted folder, a MediaWiki dump, CSV, TSV, JSON Lines, Parquet, or plain text (one document
per line). Plain files may be compressed. To add a source, add a branch to `open_source`.
"""

from __future__ import annotations

import csv
import difflib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from nlp_engine.errors import FormatError, InputError
from nlp_engine.files import check_input_file, open_input
from nlp_engine.manifest import Manifest, read_manifest
from nlp_engine.progress import Progress, Report, silent
from nlp_engine.wiki.dump import is_dump, read_site
from nlp_engine.wiki.extract import dump_pages
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import Article, ExtractedPage, read_articles

Row = Mapping[str, Any]

_WIKI_COLUMNS = ("page_id", "title", "text", "categories")
_COMPRESSIONS = frozenset((".bz2", ".gz", ".xz"))
_DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, kw_only=True)
class Source:
    """An open source of documents.

    Attributes:
        path: The file or folder.
        columns: Names of the columns that every row has.
        language: Language code, as far as the source itself says.
        manifest: Of the extracted folder that it is, else None.
        read: Starts a new pass over the rows; reports go to its argument.
    """

    path: Path
    columns: Sequence[str]
    language: str
    manifest: Manifest | None = None
    read: Callable[[Report], Iterator[Row]]

    def rows(self, report: Report = silent) -> Iterator[Row]:
        """All rows, from the start."""
        return self.read(report)

    @property
    def files(self) -> list[Path]:
        """The files that a manifest names as its sources; none if there is a parent."""
        return [] if self.manifest else [self.path]

    @property
    def parents(self) -> list[Manifest]:
        """The manifests that a manifest names as its parents."""
        return [self.manifest] if self.manifest else []

    def check_columns(self, names: Sequence[str]) -> None:
        """`InputError` if one of the columns does not exist."""
        for name in names:
            if name not in self.columns:
                nearest = difflib.get_close_matches(name, self.columns, n=1)
                hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
                raise InputError(
                    f"{self.path} has no column {name!r}{hint} (it has {', '.join(self.columns)})"
                )


def open_source(path: Path, *, language: str | None = None) -> Source:
    """Recognise a source of documents.

    Args:
        path: A file or an extracted folder.
        language: Language code of the documents; by default what the source says, else English.

    Raises:
        InputError: Missing, empty, or unreadable.
    """
    if path.is_dir():
        manifest = read_manifest(path, "extracted")
        return Source(
            path=path,
            columns=_WIKI_COLUMNS,
            language=language or manifest.language,
            manifest=manifest,
            read=lambda report: _extracted_rows(path, manifest, report),
        )
    check_input_file(path)
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty; there is no document in it")
    if is_dump(path):
        code = read_site(path, language).language.code
        return Source(
            path=path,
            columns=_WIKI_COLUMNS,
            language=code,
            read=lambda report: _dump_rows(path, code, report),
        )
    columns, read = _open_table(path)
    return Source(path=path, columns=columns, language=language or _DEFAULT_LANGUAGE, read=read)


def text_of(row: Row, columns: Sequence[str]) -> str:
    """The text of a row: the named columns' non-empty values, one paragraph each."""
    values = (row[column] for column in columns)
    return "\n".join(str(value) for value in values if value is not None and value != "")


def _extracted_rows(path: Path, manifest: Manifest, report: Report) -> Iterator[Row]:
    total = manifest.counts.get("articles")
    for number, article in enumerate(read_articles(path), 1):
        yield _wiki_row(article)
        report(Progress(f"reading {path.name}", number, total, "documents"))


def _dump_rows(path: Path, code: str, report: Report) -> Iterator[Row]:
    for page in dump_pages(path, report=report, language=code):
        if page.kind is PageKind.ARTICLE:
            yield _wiki_row(page)


def _wiki_row(page: ExtractedPage | Article) -> Row:
    return {
        "page_id": page.page_id,
        "title": page.title,
        "text": page.text,
        "categories": page.categories,
    }


def _open_table(path: Path) -> tuple[Sequence[str], Callable[[Report], Iterator[Row]]]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSIONS:
        suffixes.pop()
    suffix = suffixes[-1] if suffixes else ""
    if _is_parquet(path):
        names = pq.ParquetFile(path).schema_arrow.names
        return names, lambda report: _parquet_rows(path, report)
    if suffix in (".csv", ".tsv"):
        delimiter = "\t" if suffix == ".tsv" else ","
        header = next(_csv_records(path, delimiter, silent))[1]
        return header, lambda report: _csv_rows(path, delimiter, report)
    if suffix in (".jsonl", ".ndjson"):
        first = next(_json_rows(path, None, silent), None)
        if first is None:
            raise InputError(f"{path} has no rows")
        names = list(first)
        return names, lambda report: _json_rows(path, names, report)
    return ["text"], lambda report: ({"text": line} for _, line in _lines(path, report))


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _parquet_rows(path: Path, report: Report) -> Iterator[Row]:
    file = pq.ParquetFile(path)
    done = 0
    for batch in file.iter_batches(1000):
        yield from batch.to_pylist()
        done += batch.num_rows
        report(Progress(f"reading {path.name}", done, file.metadata.num_rows, "rows"))


def _csv_rows(path: Path, delimiter: str, report: Report) -> Iterator[Row]:
    records = _csv_records(path, delimiter, report)
    _, header = next(records)
    for number, record in records:
        if len(record) != len(header):
            raise InputError(
                f"{path}, line {number}: {len(record)} fields, the header has {len(header)}"
            )
        yield dict(zip(header, record, strict=True))


def _csv_records(path: Path, delimiter: str, report: Report) -> Iterator[tuple[int, list[str]]]:
    """Records with the number of the line that they end on; empty lines are passed over."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # the default refuses long articles
    reader = csv.reader((line + "\n" for _, line in _lines(path, report)), delimiter=delimiter)
    try:
        for record in reader:
            if record:
                yield reader.line_num, record
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}") from error


def _json_rows(path: Path, names: Sequence[str] | None, report: Report) -> Iterator[Row]:
    for number, line in _lines(path, report):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}, line {number}: no valid JSON ({error})") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}, line {number}: expected a JSON object, found {line[:40]!r}")
        yield row if names is None else {name: row.get(name) for name in names} | row


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, plain or compressed.

    Raises:
        InputError: Missing, damaged, or not UTF-8; the message names the line.
    """
    return (line for _, line in _lines(path, silent))


def _lines(path: Path, report: Report) -> Iterator[tuple[int, str]]:
    """Numbered lines without their line breaks (LF or CRLF); a byte-order mark is dropped."""
    with open_input(path, report=report, stage=f"reading {path.name}") as file:
        for number, raw in enumerate(file, 1):
            if number == 1:
                if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise FormatError(f"{path} is UTF-16; convert it to UTF-8 with iconv")
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            try:
                yield number, raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise InputError(
                    f"{path}, line {number}, byte {error.start + 1}: not UTF-8 ({error.reason}); "
                    "convert the file with iconv"
                ) from error
