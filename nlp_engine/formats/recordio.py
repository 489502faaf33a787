"""RecordIO: records one after the other in a stream, as SageMaker's pipes wrap them.

A part of a record is a magic number and a word, both uint32, little-endian; the data; and zeros up
to a multiple of four bytes. The word has the length in its lower 29 bits, and in its upper three
whether the record is whole (0), or whether this is its first part (1), one amid (2) or the last
(3). Source: dmlc-core, `recordio.h`; as there, a record is cut where it has the magic number itself
at a multiple of four, which the cut stands for, so that the magic number begins parts alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from nlp_engine.errors import FormatError

_MAGIC = 0xCED7230A
MAGIC_BYTES = struct.pack("<I", _MAGIC)
"""How a stream of records begins; text in UTF-8 never does."""

_HEADER = struct.Struct("<II")
_LENGTH_BITS = 29
_MAX_LENGTH = (1 << _LENGTH_BITS) - 1
_WHOLE, _FIRST, _AMID, _LAST = range(4)
_ALIGNMENT = 4


def read_records(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The records of a stream, which is read once, to its end.

    Args:
        stream: May be a pipe.
        name: Of the file or pipe, for errors.

    Raises:
        FormatError: It is no RecordIO or ends within a record; the message names the offset.
    """
    parts: list[bytes] = []
    offset = 0
    while header := stream.read(_HEADER.size):
        if len(header) < _HEADER.size:
            raise FormatError(f"{name} ends at byte {offset + len(header)}, within a header")
        magic, word = _HEADER.unpack(header)
        flag, length = word >> _LENGTH_BITS, word & _MAX_LENGTH
        if magic != _MAGIC:
            raise FormatError(
                f"{name}, byte {offset}: a record begins with {MAGIC_BYTES.hex(' ')}, found "
                f"{header[:4].hex(' ')}; is it wrapped as RecordIO?"
            )
        if flag not in ((_AMID, _LAST) if parts else (_WHOLE, _FIRST)):
            raise FormatError(f"{name}, byte {offset}: a record's part {flag} is out of order")
        padded = length + -length % _ALIGNMENT
        data = stream.read(padded)
        if len(data) < padded:
            raise FormatError(
                f"{name} ends at byte {offset + _HEADER.size + len(data)}, within the record at "
                f"byte {offset} of {length} bytes"
            )
        offset += _HEADER.size + padded
        parts.append(data[:length])
        if flag in (_WHOLE, _LAST):
            yield MAGIC_BYTES.join(parts)
            parts = []
    if parts:
        raise FormatError(f"{name} ends at byte {offset}, before the last part of a record")


def write_record(stream: BinaryIO, record: bytes) -> None:
    """Write a record.

    Raises:
        FormatError: It is longer than the format allows.
    """
    parts = _split(record)
    for place, part in enumerate(parts):
        if len(part) > _MAX_LENGTH:
            raise FormatError(f"a record of {len(part)} bytes; RecordIO allows {_MAX_LENGTH}")
        if len(parts) == 1:
            flag = _WHOLE
        elif place == 0:
            flag = _FIRST
        else:
            flag = _LAST if place == len(parts) - 1 else _AMID
        stream.write(_HEADER.pack(_MAGIC, flag << _LENGTH_BITS | len(part)))
        stream.write(part + bytes(-len(part) % _ALIGNMENT))


def _split(record: bytes) -> list[bytes]:
    """The record's parts between magic numbers at multiples of four."""
    parts, begin = [], 0
    found = record.find(MAGIC_BYTES)
    while found >= 0:
        if found % _ALIGNMENT == 0:
            parts.append(record[begin:found])
            begin = found + len(MAGIC_BYTES)
            found = record.find(MAGIC_BYTES, begin)
        else:
            found = record.find(MAGIC_BYTES, found + 1)
    return [*parts, record[begin:]]
