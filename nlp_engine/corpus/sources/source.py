"""What a source of documents is, once it is open."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nlp_engine.errors import InputError
from nlp_engine.manifest import Manifest
from nlp_engine.progress import Report, silent

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one file: their columns, and what starts a pass over them."""

    columns: Sequence[str]
    read: Callable[[Report], Iterator[Row]]


@dataclass(frozen=True, kw_only=True)
class Source:
    """An open source of documents.

    Attributes:
        path: The file or folder.
        columns: Names of the columns that every row has.
        language: Language code, as far as the source itself says.
        parts: The files that its rows stand in, or the folder.
        manifest: Of the folder that it is, if this package made it, else None.
        tokenized: Whether the texts are words between spaces already.
        damaged: After a pass over the rows: `replaced_lines` and `skipped_lines`, the lines that
            were not in the expected encoding.
        read: Starts a new pass over the rows, each with its file; reports go to its argument.
    """

    path: Path
    columns: Sequence[str]
    language: str
    parts: Sequence[Path]
    manifest: Manifest | None = None
    tokenized: bool = False
    damaged: Counter[str] = field(default_factory=Counter)
    read: Callable[[Report], Iterator[tuple[Path, Row]]]

    def rows(self, report: Report = silent) -> Iterator[Row]:
        """All rows, from the start."""
        return (row for _, row in self.rows_by_file(report))

    def rows_by_file(self, report: Report = silent) -> Iterator[tuple[Path, Row]]:
        """All rows, from the start, each with the file that it stands in."""
        self.damaged.clear()
        return self.read(report)

    @property
    def files(self) -> list[Path]:
        """The files that a manifest names as its sources; none if there is a parent."""
        return [] if self.manifest else list(self.parts)

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


def chained(
    tables: Sequence[tuple[Path, Table]],
) -> Callable[[Report], Iterator[tuple[Path, Row]]]:
    """What starts a pass over the rows of several files, one after the other."""
    return lambda report: ((path, row) for path, table in tables for row in table.read(report))


def text_of(row: Row, columns: Sequence[str]) -> str:
    """The text of a row: the named columns' non-empty values, one paragraph each."""
    values = (row[column] for column in columns)
    return "\n".join(str(value) for value in values if value is not None and value != "")
