"""Ids of any number, in a database on the disk: which occur twice, and who is active."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nlp_engine.errors import OutputError
from nlp_engine.personalize import limits

_MEMORY = "256MB"


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
    """
    with tempfile.TemporaryDirectory(prefix="nlp_engine-") as folder:
        path = Path(folder)
        try:
            with duckdb.connect(str(path / "keys.duckdb")) as connection:
                connection.execute(f"SET memory_limit = '{_MEMORY}'")
                connection.execute("SET threads = 1")
                connection.execute("SET preserve_insertion_order = false")
                connection.execute("SET enable_progress_bar = false")  # it goes to standard output
                connection.execute("SET temp_directory = ?", [str(path / "spilled")])
                yield Keys(connection)
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            reason = str(error).partition("\n")[0]
            raise OutputError(
                f"comparing ids failed in {folder}: {reason}; free some space, or name another "
                "folder in the environment variable TMPDIR"
            ) from error
