"""Lines of text files: any compression, any encoding, nothing lost in silence."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from nlp_engine.corpus.settings import SourceSettings
from nlp_engine.errors import InputError, SettingError
from nlp_engine.files import open_input
from nlp_engine.progress import Report, silent

Line = tuple[int, str, bool]
"""The line's number from 1, its text without line break, whether its bytes were damaged."""

TAB = r"\t"
"""How a tab is written on a command line."""

_CHUNK = 1 << 20
_UTF8_MARK = b"\xef\xbb\xbf"
# In this order: the mark of UTF-32 begins with the one of UTF-16.
_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32-le",
    b"\x00\x00\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
_COUNTED_AS = {"replace": "replaced_lines", "skip": "skipped_lines"}


def check_reading(reading: SourceSettings) -> None:
    """`SettingError` if there is no such encoding, or no such delimiter can be."""
    try:
        "".encode(reading.encoding)
    except LookupError as error:
        raise SettingError(
            f"encoding is {reading.encoding!r}, which is unknown; use a name such as utf-8, "
            "latin-1, cp1252, utf-16, shift_jis or gb18030"
        ) from error
    delimiter = reading.delimiter
    if delimiter not in (None, TAB) and (len(delimiter) != 1 or delimiter in '\r\n"'):
        raise SettingError(
            f"delimiter is {delimiter!r}; it must be one character such as ; or {TAB}"
        )


def all_lines(
    path: Path, reading: SourceSettings, damaged: Counter[str], report: Report = silent
) -> Iterator[Line]:
    """Every line of a file; lines end with LF or CRLF, and a byte-order mark is dropped.

    A byte-order mark of UTF-16 or UTF-32 is believed where UTF-8 is expected. Bytes that are not
    in the encoding become U+FFFD and are counted in `damaged`, unless errors are strict.

    Raises:
        InputError: Missing, cut short, or not in the encoding; the message names line and byte.
    """
    with open_input(path, report=report, stage=f"reading {path.name}") as file:
        encoding, raw_lines = _raw_lines(file, reading.encoding)
        for number, raw in enumerate(raw_lines, 1):
            try:
                yield number, raw.decode(encoding).rstrip("\r\n"), False
            except UnicodeDecodeError as error:
                if reading.encoding_errors == "strict":
                    raise InputError(
                        f"{path}, line {number}, byte {error.start + 1}: not {encoding.upper()} "
                        f"({error.reason}); convert the file with iconv, or where the command has "
                        "these options, name its --encoding or choose --encoding-errors replace"
                    ) from error
                damaged[_COUNTED_AS[reading.encoding_errors]] += 1
                yield number, raw.decode(encoding, "replace").rstrip("\r\n"), True


def kept_lines(
    path: Path, reading: SourceSettings, damaged: Counter[str], report: Report = silent
) -> Iterator[tuple[int, str]]:
    """The numbered lines of a file, without damaged ones if those are to be skipped."""
    for number, text, is_damaged in all_lines(path, reading, damaged, report):
        if not (is_damaged and reading.encoding_errors == "skip"):
            yield number, text


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, plain or compressed.

    Raises:
        InputError: Missing, cut short, or not UTF-8; the message names the line.
    """
    return (text for _, text, _ in all_lines(path, SourceSettings(), Counter()))


def _raw_lines(file: BinaryIO, encoding: str) -> tuple[str, Iterator[bytes]]:
    """The encoding that the file's first bytes confirm, and the lines as bytes."""
    encoding = codecs.lookup(encoding).name
    head = file.readline()
    if encoding in ("utf-8", "utf-8-sig"):
        encoding = "utf-8"
        for mark, name in _MARKS.items():
            if head.startswith(mark):
                return name, _split_at(file, head[len(mark) :], "\n".encode(name))
        head = head.removeprefix(_UTF8_MARK)
    if encoding in ("utf-16", "utf-32"):
        marks = {m: n for m, n in _MARKS.items() if n.startswith(encoding) and head.startswith(m)}
        mark, name = next(iter(marks.items()), (b"", f"{encoding}-le"))
        return name, _split_at(file, head[len(mark) :], "\n".encode(name))
    newline = "\n".encode(encoding)
    if newline != b"\n":
        return encoding, _split_at(file, head, newline)
    return encoding, _all(head, file)


def _all(head: bytes, file: BinaryIO) -> Iterator[bytes]:
    if head:
        yield head
    yield from file


def _split_at(file: BinaryIO, head: bytes, newline: bytes) -> Iterator[bytes]:
    """Lines in an encoding whose line break is not the byte LF."""
    width = len(newline)
    buffer = head
    while True:
        chunk = file.read(_CHUNK)
        buffer += chunk
        start = position = 0
        while (found := buffer.find(newline, position)) >= 0:
            if found % width:  # the second half of one character and the first of the next
                position = found + 1
                continue
            start_of_next = found + width
            yield buffer[start:start_of_next]
            start = position = start_of_next
        buffer = buffer[start:]
        if not chunk:
            if buffer:
                yield buffer
            return
