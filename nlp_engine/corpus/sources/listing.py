"""The files of a source, and of which kind they are."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from pathlib import Path

from nlp_engine.corpus.labelled import LABEL_PREFIX
from nlp_engine.errors import InputError
from nlp_engine.files import open_input

CLASSES_FILE = "classes.txt"

_COMPRESSIONS = frozenset((".bz2", ".gz", ".xz", ".zst"))
_PASSED_OVER = re.compile(r"[._]|(readme|licen[cs]e)(\W|$)", re.I)


class Kind(enum.Enum):
    """A kind of file, with what it is called in messages."""

    CSV = "CSV"
    TSV = "TSV"
    JSON_LINES = "JSON Lines"
    PARQUET = "Parquet"
    DUMP = "a MediaWiki dump"
    LABELLED = "text with fastText labels"
    TEXT = "plain text"


_KIND_BY_SUFFIX = {
    ".csv": Kind.CSV,
    ".tsv": Kind.TSV,
    ".jsonl": Kind.JSON_LINES,
    ".ndjson": Kind.JSON_LINES,
    ".json": Kind.JSON_LINES,
}


def list_files(folder: Path, pattern: str | None) -> list[Path]:
    """The files of a folder and its subfolders, sorted by path.

    Passed over are empty files, files and folders that are hidden or begin with `_` (as Spark and
    Hadoop have it), READMEs and licences, and `classes.txt` beside CSV files.

    Args:
        folder: The folder.
        pattern: Only files that it matches, e.g. `*.csv`.

    Raises:
        InputError: A link leads nowhere.
    """
    files = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if any(_PASSED_OVER.match(part) for part in inside.parts):
            continue
        if pattern is not None and not inside.match(pattern):
            continue
        if path.is_symlink() and not path.exists():
            raise InputError(f"{path} is a link that leads nowhere")
        if path.is_file() and path.stat().st_size:
            files.append(path)
    tabular = {file.parent for file in files if _suffix(file) in (".csv", ".tsv")}
    return [file for file in files if file.name != CLASSES_FILE or file.parent not in tabular]


def one_kind(path: Path, files: Sequence[Path]) -> Kind:
    """The kind that all files of a source are of.

    Raises:
        InputError: They are of several kinds; the message names two files.
    """
    by_kind: dict[Kind, list[Path]] = {}
    for file in files:
        by_kind.setdefault(kind_of(file), []).append(file)
    if len(by_kind) > 1:
        (kind, most), (other, few) = sorted(by_kind.items(), key=lambda held: -len(held[1]))[:2]
        raise InputError(
            f"{path} holds files of several kinds: {most[0].relative_to(path)} is {kind.value}, "
            f"{few[0].relative_to(path)} is {other.value}; choose some by a pattern, e.g. "
            f"--files '*{_suffix(most[0], with_compression=True)}'"
        )
    return next(iter(by_kind))


def check_not_empty(path: Path, files: Sequence[Path]) -> None:
    """`InputError` if there is nothing to read."""
    if not files:
        raise InputError(
            f"{path} holds no file to read (hidden and empty files, READMEs and licences are "
            "passed over)"
        )
    if not path.is_dir() and path.stat().st_size == 0:
        raise InputError(f"{path} is empty; there is no document in it")


def kind_of(path: Path) -> Kind:
    """The kind of a file, by its content or else its name."""
    with open_input(path) as file:
        head = file.read(1 << 12)
    if head.startswith(b"PAR1"):
        return Kind.PARQUET
    if b"<mediawiki" in head.replace(b"\0", b""):  # in UTF-16, too
        return Kind.DUMP
    if (kind := _KIND_BY_SUFFIX.get(_suffix(path))) is not None:
        return kind
    return Kind.LABELLED if head.lstrip().startswith(LABEL_PREFIX.encode()) else Kind.TEXT


def _suffix(path: Path, *, with_compression: bool = False) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = suffixes.pop() if suffixes and suffixes[-1] in _COMPRESSIONS else ""
    suffix = suffixes[-1] if suffixes else ""
    return suffix + compression if with_compression else suffix
