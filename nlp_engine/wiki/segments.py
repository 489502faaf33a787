"""Cutting stored dumps into segments that can be read independently of each other.

Plain XML can be cut anywhere. A bzip2 file can where one of its streams begins: dumps called
"multistream", and what pbzip2 writes, have one every few hundred kilobytes. Streams begin with a
signature at a whole byte, so no index is needed. Everything else is one segment.
"""

from __future__ import annotations

import bz2
import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.errors import InputError
from nlp_engine.files import STANDARD_INPUT, compression, open_input

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How a file in UTF-16 begins."""

_STREAM = re.compile(rb"BZh[1-9]1AY&SY")
_SIGNATURE_BYTES = 10
_CHUNK = 1 << 20
_STORED_CHUNK = 1 << 18  # of compressed bytes: about a megabyte of text
_LOOK_AHEAD = 8 << 20  # where a multistream file has begun its second stream
_SEGMENTS = 16  # of a file, if they are neither too short to be worth it nor too long for a shard
_PLAIN_SEGMENT = (4 << 20, 128 << 20)
_STREAMS_SEGMENT = (1 << 20, 32 << 20)

OnRead = Callable[[int], None]
"""Told how many bytes of the stored file have been read so far."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes `begin` to `end` of a stored file.

    Its pages are those that begin in plain bytes of this range, or in streams that begin there.
    `end` is None if the segment is the whole file, as a stream.
    """

    path: Path
    begin: int
    end: int | None

    @property
    def stored_bytes(self) -> int | None:
        """Its length in the stored file; None for standard input."""
        if self.end is not None:
            return self.end - self.begin
        return None if self.path == STANDARD_INPUT else self.path.stat().st_size


def cut(
    path: Path, *, plain_bytes: int | None = None, stream_bytes: int | None = None
) -> list[Segment]:
    """Cut a file into segments; where depends on the file alone.

    Args:
        path: A dump.
        plain_bytes: Length of a segment of plain XML.
        stream_bytes: Length of a segment of a multistream file.
    """
    whole = [Segment(path, 0, None)]
    if path == STANDARD_INPUT:
        return whole
    with path.open("rb") as file:
        head = file.read(_SIGNATURE_BYTES)
    kind = compression(head)
    if kind is None and not head.startswith(UTF16_MARKS):
        length = plain_bytes or _length(path, *_PLAIN_SEGMENT)
    elif kind == "bzip2" and _stream_start(path, 1, _LOOK_AHEAD) is not None:
        length = stream_bytes or _length(path, *_STREAMS_SEGMENT)
    else:
        return whole
    size = path.stat().st_size
    return [Segment(path, begin, min(begin + length, size)) for begin in range(0, size, length)]


def _length(path: Path, shortest: int, longest: int) -> int:
    return min(max(path.stat().st_size // _SEGMENTS, shortest), longest)


def read_chunks(segment: Segment, on_read: OnRead) -> Iterator[tuple[bytes, bool]]:
    """Decompressed chunks from the segment's begin to the end of the file.

    Each comes with whether it belongs to the segment; what follows is for the page that goes on
    beyond it.

    Raises:
        InputError: The compressed data is damaged or ends early.
    """
    if segment.end is None:
        name = segment.path.name
        with open_input(segment.path, report=lambda p: on_read(p.done), stage=name) as file:
            while chunk := file.read(_CHUNK):
                yield chunk, True
    elif _is_plain(segment.path):
        yield from _read_plain(segment, on_read)
    else:
        yield from _read_streams(segment, on_read)


def _is_plain(path: Path) -> bool:
    with path.open("rb") as file:
        return compression(file.read(_SIGNATURE_BYTES)) is None


def _read_plain(segment: Segment, on_read: OnRead) -> Iterator[tuple[bytes, bool]]:
    assert segment.end is not None
    with segment.path.open("rb") as file:
        file.seek(segment.begin)
        left = segment.end - segment.begin
        while chunk := file.read(min(left, _CHUNK) if left > 0 else _CHUNK):
            yield chunk, left > 0
            left -= len(chunk)
            on_read(file.tell() - segment.begin)


def _read_streams(segment: Segment, on_read: OnRead) -> Iterator[tuple[bytes, bool]]:
    assert segment.end is not None
    start = _stream_start(segment.path, segment.begin, segment.end)
    if start is None:
        on_read(segment.end - segment.begin)
        return
    with segment.path.open("rb") as file:
        file.seek(start)
        decompressor, fresh, own, stored = bz2.BZ2Decompressor(), True, True, b""
        while stored := stored or file.read(_STORED_CHUNK):
            try:
                chunk = decompressor.decompress(stored)
            except OSError as error:
                if fresh and start != file.tell() - len(stored):
                    return  # what follows the last stream is no bzip2; bzip2 ignores it, too
                raise InputError(
                    f"{segment.path}: the compressed data is damaged ({error}); "
                    "copy or download it again"
                ) from error
            fresh, stored = False, decompressor.unused_data
            on_read(file.tell() - len(stored) - segment.begin)
            if chunk:
                yield chunk, own
            if decompressor.eof:
                own = file.tell() - len(stored) < segment.end
                decompressor, fresh = bz2.BZ2Decompressor(), True
        if not fresh:
            raise InputError(
                f"{segment.path}: the compressed file ends early; copy or download it again"
            )


def _stream_start(path: Path, begin: int, end: int) -> int | None:
    """Where the first bzip2 stream that starts in [begin, end) starts."""
    with path.open("rb") as file:
        file.seek(begin)
        position, rest = begin, b""
        while position < end and (chunk := file.read(_CHUNK)):
            window = rest + chunk
            if match := _STREAM.search(window):
                start = position - len(rest) + match.start()
                return start if start < end else None
            position += len(chunk)
            rest = window[-(_SIGNATURE_BYTES - 1) :]
    return None
