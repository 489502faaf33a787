"""Ids of any number, in a database on the disk: which occur twice, and who is active."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nlp_engine.corpus.counts import open_duckdb
from nlp_engine.personalize import limits

_MEMORY = 256_000_000


class Keys:
    """The ids of a column, with the file and row of each."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        connection.execute("CREATE TABLE keys (id VARCHAR, file INTEGER, number BIGINT)")

    def add(self, ids: pa.StringArray, file: int, rows: NDArray[np.int64]) -> None:
        """Add (N) ids, of which null ones do not count, with their (N) rows."""
        files = pa.array(np.full(len(rows), file, np.int32))
        batch = pa.table({"id": ids, "file": files, "number": pa.array(rows)})
        self._connection.register("batch", batch)
        self._connection.execute("INSERT INTO keys SELECT * FROM batch WHERE id IS NOT NULL")
        self._connection.unregister("batch")

    def repeated(self) -> Iterator[tuple[str, int, int, int, int]]:
        """Every id that occurs again: id, file, row, and file and row of its first occurrence."""
        result = self._connection.execute(
            "SELECT id, file, number, first.file, first.number FROM keys JOIN ("
            "  SELECT id, min({'file': file, 'number': number}) AS first FROM keys"
            "  GROUP BY id HAVING count(*) > 1) USING (id) "
            "WHERE file > first.file OR number > first.number ORDER BY file, number"
        )
        while rows := result.fetchmany(1000):
            yield from rows

    def active(self) -> tuple[int, int]:
        """How many ids there are, and how many occur often enough for training."""
        total, active = self._connection.execute(
            "SELECT count(*), count(*) FILTER (n >= ?) FROM "
            "(SELECT count(*) AS n FROM keys GROUP BY id)",
            [limits.MIN_INTERACTIONS_PER_USER],
        ).fetchone()
        return int(total), int(active)


@contextlib.contextmanager
def open_keys() -> Iterator[Keys]:
    """Give an empty table of ids, which needs little memory however many they are.

    Raises:
        OutputError: The disk is full.
        KeyboardInterrupt: Ctrl-C during a query.
    """
    with (
        tempfile.TemporaryDirectory(prefix="nlp_engine-") as folder,
        open_duckdb(
            _MEMORY,
            Path(folder),
            Path(folder) / "keys.duckdb",
            work="comparing ids",
            remedy="free some space, or name another folder in the environment variable TMPDIR",
        ) as connection,
    ):
        yield Keys(connection)
