"""Documents to make corpora and items from, as rows with named columns.

A source is an extracted folder, a labelled corpus, a MediaWiki dump, CSV, TSV, JSON Lines,
Parquet, plain text, a file in fastText's format, or a folder of files of one of these kinds.
Files may be compressed. To add a kind of file, name it in `listing.Kind` and read it in
`open_file`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from nlp_engine.corpus.labelled import labelled_files
from nlp_engine.corpus.settings import SourceSettings
from nlp_engine.corpus.sources.classes import has_classes, open_classes
from nlp_engine.corpus.sources.decoding import TAB, check_reading, read_lines
from nlp_engine.corpus.sources.listing import Kind, check_not_empty, list_files, one_kind
from nlp_engine.corpus.sources.source import Row, Source, Table, chained, text_of
from nlp_engine.corpus.sources.tables import open_csv, open_json_lines, open_parquet
from nlp_engine.corpus.sources.texts import open_labelled_text, open_text
from nlp_engine.corpus.sources.wiki import open_dumps, open_extracted
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file
from nlp_engine.manifest import FILE_NAME, read_manifest

__all__ = ["Row", "Source", "open_source", "read_lines", "text_of"]

_DEFAULT_LANGUAGE = "en"
_SAME_COLUMNS = (Kind.CSV, Kind.TSV, Kind.PARQUET)


def open_source(
    path: Path, *, language: str | None = None, reading: SourceSettings | None = None
) -> Source:
    """Recognise a source of documents.

    Args:
        path: A file, an extracted folder, a labelled corpus, or a folder of files of one kind.
        language: Language code of the documents; by default what the source says, else English.
        reading: How files are read.

    Raises:
        InputError: Missing, empty, unreadable, or a folder of files of several kinds.
        SettingError: There is no such encoding or delimiter.
    """
    reading = reading or SourceSettings()
    check_reading(reading)
    if path.is_dir() and (path / FILE_NAME).exists():
        manifest = read_manifest(path, "extracted", "labelled corpus")
        if manifest.format == "extracted":
            return open_extracted(path, manifest, language)
        return _open_labelled_corpus(path, language or manifest.language)
    files = list_files(path, reading.files) if path.is_dir() else [check_input_file(path)]
    check_not_empty(path, files)
    kind = one_kind(path, files)
    if kind is Kind.DUMP:
        return open_dumps(path, files, language)
    return _open_files(path, files, kind, language or _DEFAULT_LANGUAGE, reading)


def _open_files(
    path: Path, files: Sequence[Path], kind: Kind, language: str, reading: SourceSettings
) -> Source:
    damaged: Counter[str] = Counter()
    root = path if path.is_dir() else path.parent
    tables = [(file, _open_file(file, kind, reading, damaged, root)) for file in files]
    columns = tables[0][1].columns
    if kind in _SAME_COLUMNS:
        _check_same_columns(tables)
    return Source(
        path=path,
        columns=columns,
        language=language,
        parts=files,
        tokenized=kind is Kind.LABELLED,
        damaged=damaged,
        read=chained(tables),
    )


def _open_file(
    path: Path, kind: Kind, reading: SourceSettings, damaged: Counter[str], root: Path
) -> Table:
    if kind is Kind.PARQUET:
        return open_parquet(path)
    if kind is Kind.JSON_LINES:
        return open_json_lines(path, reading, damaged)
    if kind in (Kind.CSV, Kind.TSV):
        delimiter = reading.delimiter or (TAB if kind is Kind.TSV else ",")
        delimiter = "\t" if delimiter == TAB else delimiter
        if has_classes(path, delimiter, reading):
            return open_classes(path, delimiter, reading, damaged)
        return open_csv(path, delimiter, reading, damaged)
    if kind is Kind.LABELLED:
        return open_labelled_text(path, {}, reading, damaged)
    return open_text(path, root, reading, damaged)


def _check_same_columns(tables: Sequence[tuple[Path, Table]]) -> None:
    first, expected = tables[0][0], tables[0][1].columns
    for path, table in tables[1:]:
        if set(table.columns) != set(expected):
            raise InputError(
                f"{path} has the columns {', '.join(table.columns)}, but {first} has "
                f"{', '.join(expected)}; files of one source have the same columns"
            )


def _open_labelled_corpus(path: Path, language: str) -> Source:
    corpus = labelled_files(path)
    files = [file for file in (corpus.train, corpus.validation, corpus.test) if file]
    damaged: Counter[str] = Counter()
    tables = [
        (file, open_labelled_text(file, corpus.labels, SourceSettings(), damaged)) for file in files
    ]
    return Source(
        path=path,
        columns=tables[0][1].columns,
        language=language,
        parts=files,
        manifest=corpus.manifest,
        tokenized=True,
        damaged=damaged,
        read=chained(tables),
    )
