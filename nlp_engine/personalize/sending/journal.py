"""What of a put AWS has acknowledged, on disk, so that a killed run goes on where it was.

The first line says whose journal it is; each line after it has the rows of one acknowledged call.
Lines reach the disk before their records count as sent. A line that was cut short by a kill is
dropped: its records are sent again, which changes nothing at AWS.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

from nlp_engine.errors import InputError
from nlp_engine.files import sync_folder

_VERSION = 1


class Journal:
    """An open journal; no other process can have it open.

    Args:
        path: Its file; made if there is none.
        key: What is sent where, as a hash.
        total: Records in all.
        again: Forget what was acknowledged.

    Raises:
        InputError: It is another journal, or no journal, or in use.
    """

    def __init__(self, path: Path, key: str, total: int, *, again: bool = False) -> None:
        self.path = path
        self.acknowledged = 0
        self._done = bytearray()
        self._file = path.open("a+b")
        try:
            self._lock()
            if again:
                self._file.truncate(0)
            self._read(key, total)
        except BaseException:
            self._file.close()
            raise

    def __contains__(self, row: int) -> bool:
        """Whether the row has been acknowledged."""
        return row < len(self._done) and bool(self._done[row])

    def add(self, calls: Iterable[Sequence[int]]) -> None:
        """Keep the rows of acknowledged calls; they are on disk when this returns."""
        lines = bytearray()
        for rows in calls:
            self._mark(rows)
            lines += json.dumps(list(rows), separators=(",", ":")).encode() + b"\n"
        self._write(lines)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{self.path} is in use: the same records are just being sent"
            ) from None

    def _read(self, key: str, total: int) -> None:
        header = {"format": "put journal", "version": _VERSION, "key": key, "records": total}
        self._file.seek(0)
        first = self._file.readline()
        if not first.endswith(b"\n"):  # new, or killed while it was being made
            self._file.truncate(0)
            self._write(json.dumps(header).encode() + b"\n")
            sync_folder(self.path.parent)
            return
        whole = len(first)
        try:
            if json.loads(first) != header:
                raise ValueError("it belongs to other records or another dataset")
            for line in self._file:
                if not line.endswith(b"\n"):
                    break
                self._mark(json.loads(line))
                whole += len(line)
        except (ValueError, TypeError, IndexError) as error:
            raise InputError(
                f"{self.path} is not the journal of this put ({error}); remove it, or name another "
                "with --journal"
            ) from error
        self._file.truncate(whole)

    def _mark(self, rows: Sequence[int]) -> None:
        missing = max(rows, default=0) + 1 - len(self._done)
        self._done.extend(bytes(max(0, missing)))
        for row in rows:
            if not self._done[row]:
                self._done[row] = 1
                self.acknowledged += 1

    def _write(self, data: bytes | bytearray) -> None:
        self._file.write(data)
        self._file.flush()
        os.fsync(self._file.fileno())
