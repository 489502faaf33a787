"""A small dump made large: its pages repeated, stored in several ways."""

from __future__ import annotations

import bz2
import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PAGES_PER_STREAM = 100


@dataclass(frozen=True, kw_only=True)
class Dump:
    """The parts of a MediaWiki export: `head`, then `pages`, then `</mediawiki>`."""

    head: bytes
    pages: bytes
    tail: bytes

    def repeated(self, times: int) -> Iterator[bytes]:
        """The export with its pages repeated, in pieces."""
        yield self.head
        for _ in range(times):
            yield self.pages
        yield self.tail

    def size(self, times: int) -> int:
        """Bytes of XML with the pages repeated."""
        return len(self.head) + times * len(self.pages) + len(self.tail)


def read_dump(path: Path) -> Dump:
    """Take a small dump apart."""
    data = path.read_bytes()
    xml = bz2.decompress(data) if data.startswith(b"BZh") else data
    begin, end = xml.index(b"<page>"), xml.rindex(b"</page>") + len(b"</page>")
    return Dump(head=xml[:begin], pages=xml[begin:end], tail=xml[end:])


def write_plain(dump: Dump, path: Path, times: int) -> Path:
    """Uncompressed XML."""
    with path.open("wb") as file:
        file.writelines(dump.repeated(times))
    return path


def write_single_stream(dump: Dump, path: Path, times: int) -> Path:
    """One bzip2 stream, as most dumps were until 2016."""
    with bz2.open(path, "wb") as file:
        for piece in dump.repeated(times):
            file.write(piece)
    return path


def write_multistream(dump: Dump, path: Path, times: int) -> Path:
    """A bzip2 stream for every 100 pages, as in Wikipedia's multistream dumps."""
    ends = [match.end() for match in re.finditer(rb"</page>", dump.pages)]
    cuts = [0, *ends[_PAGES_PER_STREAM - 1 :: _PAGES_PER_STREAM], len(dump.pages)]
    pairs = [(a, b) for a, b in itertools.pairwise(cuts) if a < b]
    streams = b"".join(bz2.compress(dump.pages[a:b]) for a, b in pairs)
    with path.open("wb") as file:
        file.write(bz2.compress(dump.head))
        for _ in range(times):
            file.write(streams)
        file.write(bz2.compress(dump.tail))
    return path


def sha256(path: Path) -> str:
    """Of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
