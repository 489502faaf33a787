"""Events on disk until AWS has them.

A spool is a folder of segments to which lines are only ever appended, a cursor (everything before
it has been delivered), and the events that AWS refuses. Each line carries a checksum, so that one
cut short by a kill is passed over; nobody was told that such a line is safe.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nlp_engine.errors import InputError, OutputError
from nlp_engine.files import sync_folder

_SEGMENT_SHARE = 8  # of these make a full spool
_MOST_SEGMENT_BYTES = 16_000_000
_REFUSED = "refused.jsonl"


class SpoolFull(OutputError):
    """No further event fits until AWS has taken some."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the spool: a segment's number, and bytes from its beginning."""

    segment: int
    offset: int


class Spool:
    """An open spool; no other process can have it open. Any thread may call it.

    Args:
        folder: Its folder; made if there is none.
        most_bytes: What it may hold.

    Raises:
        InputError: Another process has it open.
        OutputError: It cannot be written.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self.damaged = 0
        self._segment_bytes = max(1, min(_MOST_SEGMENT_BYTES, most_bytes // _SEGMENT_SHARE))
        self._appending, self._state = threading.Lock(), threading.Condition()
        self._file: BinaryIO | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / "lock").open("ab")
        except OSError as error:
            raise OutputError(f"cannot write the spool {folder}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise InputError(f"the spool {folder} is in use by another collector") from None
        self._sizes = {int(path.stem): path.stat().st_size for path in folder.glob("*.events")}
        self._refused_bytes = _size(folder / _REFUSED)
        self._head = self._read_cursor()
        self._newest = max(self._head.segment, *self._sizes, 0)
        for number in sorted(self._sizes):
            if number < self._head.segment:  # killed between the cursor and this
                self._remove(number)

    @property
    def stored_bytes(self) -> int:
        """What is on disk."""
        with self._state:
            return sum(self._sizes.values()) + self._refused_bytes

    @property
    def waiting_bytes(self) -> int:
        """What has not been delivered."""
        with self._state:
            return self._waiting()

    @property
    def is_full(self) -> bool:
        """Whether hardly anything more fits."""
        return self.stored_bytes + self._segment_bytes // 100 >= self.most_bytes

    def append(self, lines: Sequence[bytes]) -> None:
        """Add events; they are on disk when this returns.

        Raises:
            SpoolFull: They do not fit; none is added.
            OSError: They cannot be written; none counts as added.
        """
        data = b"".join(b"%08x %b\n" % (zlib.crc32(line), line) for line in lines)
        with self._appending:
            if self.stored_bytes + len(data) > self.most_bytes:
                raise SpoolFull(f"the spool holds {self.stored_bytes} of {self.most_bytes} bytes")
            try:
                _write(self._writable(), data)
            except OSError:
                self._abandon()
                raise
            with self._state:
                self._sizes[self._newest] += len(data)
                self._state.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until something is to be delivered; gives whether that is so."""
        with self._state:
            return self._state.wait_for(lambda: self._waiting() > 0, timeout=seconds)

    def read(self, most: int) -> tuple[list[bytes], Position]:
        """Events that have not been delivered, oldest first.

        Args:
            most: How many at most.

        Returns:
            The events, and the position behind them, for `advance`.
        """
        with self._state:
            position, sizes = self._head, dict(self._sizes)
        lines: list[bytes] = []
        for number in sorted(sizes):
            if number < position.segment:
                continue
            offset = position.offset if number == position.segment else 0
            position = Position(
                number, self._read_segment(number, offset, sizes[number], most, lines)
            )
            if len(lines) == most:
                break
        return lines, position

    def advance(self, position: Position) -> None:
        """Count everything before a position as delivered."""
        self._write_cursor(position)
        with self._state:
            self._head = position
            done = [number for number in self._sizes if number < position.segment]
            if position.offset >= self._sizes.get(position.segment, 0):
                done.append(position.segment)
        for number in done:
            with self._appending:
                if number == self._newest and self._sizes.get(number, 0) > position.offset:
                    continue  # something has been added meanwhile
                if number == self._newest and self._file is not None:
                    self._file.close()
                    self._file = None
                self._remove(number)

    def refuse(self, lines: Sequence[bytes]) -> None:
        """Keep events that AWS refuses, in `refused.jsonl`."""
        with (self.folder / _REFUSED).open("ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
            with self._state:
                self._refused_bytes = file.tell()

    def close(self) -> None:
        """Let others open it."""
        with self._appending:
            if self._file is not None:
                self._file.close()
                self._file = None
            self._lock.close()

    def _read_segment(
        self, number: int, offset: int, size: int, most: int, lines: list[bytes]
    ) -> int:
        """Add a segment's events to `lines`; gives the offset behind them."""
        try:
            with self._path(number).open("rb") as file:
                file.seek(offset)
                while (
                    len(lines) < most and offset < size and (line := file.readline(size - offset))
                ):
                    offset += len(line)
                    if (content := _content(line)) is not None:
                        lines.append(content)
                    else:
                        self.damaged += 1
        except FileNotFoundError:
            self.damaged += 1
        # What somebody has removed or cut is passed over, or nothing would ever be delivered again.
        return offset if len(lines) == most else size

    def _waiting(self) -> int:
        return sum(
            size - (self._head.offset if number == self._head.segment else 0)
            for number, size in self._sizes.items()
            if number >= self._head.segment
        )

    def _writable(self) -> BinaryIO:
        """The newest segment, or a new one: those of earlier processes stay as they are."""
        if self._file is not None and self._sizes[self._newest] >= self._segment_bytes:
            self._file.close()
            self._file = None
        if self._file is None:
            number = self._newest + 1
            self._file = self._path(number).open("xb", buffering=0)
            with self._state:
                self._newest = number
                self._sizes[number] = 0
            sync_folder(self.folder)
        return self._file

    def _abandon(self) -> None:
        """Leave a segment to which something could not be written; what was whole stays."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.truncate(self._sizes[self._newest])
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
            if self._sizes[self._newest] == 0:
                self._remove(self._newest)

    def _remove(self, number: int) -> None:
        self._path(number).unlink(missing_ok=True)
        with self._state:
            self._sizes.pop(number, None)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012d}.events"

    def _read_cursor(self) -> Position:
        try:
            found = json.loads((self.folder / "cursor").read_bytes())
            return Position(int(found["segment"]), int(found["offset"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Position(0, 0)  # everything is sent again, which changes nothing

    def _write_cursor(self, position: Position) -> None:
        partial = self.folder / "cursor.partial"
        with partial.open("wb") as file:
            content = {"segment": position.segment, "offset": position.offset}
            file.write(json.dumps(content).encode())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / "cursor")


def _content(line: bytes) -> bytes | None:
    """What a line of a segment holds; None if it is damaged."""
    head, _, content = line.partition(b" ")
    if not content.endswith(b"\n"):
        return None
    content = content[:-1]
    return content if head == b"%08x" % zlib.crc32(content) else None


def _write(file: BinaryIO, data: bytes) -> None:
    """Write all of it through to the disk."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
    os.fsync(file.fileno())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
