"""Downloads that go on where they broke off, are checked, and are kept in a cache folder.

A file takes its name only when it is complete and verified; until then it is `NAME.part`, beside
which `NAME.part.version` holds what tells one version of the server's file from another (its
ETag or Last-Modified), so that pieces of two versions are never joined.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from nlp_engine.corpus.http import BrokenOff, content_length, open_url, read_some, try_again
from nlp_engine.errors import InputError, OutputError
from nlp_engine.progress import Progress, Report, silent

CACHE_VARIABLE = "NLP_ENGINE_CACHE"

_DIGESTS = {32: "md5", 40: "sha1", 64: "sha256"}  # by the number of hexadecimal digits
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteFile:
    """A file on a server.

    Attributes:
        url: Its address.
        checksum: Its hexadecimal MD5, SHA-1 or SHA-256, if known.
    """

    url: str
    checksum: str | None = None

    @property
    def name(self) -> str:
        """Its name, the last part of the address."""
        return urllib.parse.unquote(urllib.parse.urlsplit(self.url).path.rpartition("/")[2])


def cache_folder() -> Path:
    """Where downloads are kept: `NLP_ENGINE_CACHE`, else `~/.cache/nlp_engine`."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else Path.home() / ".cache" / "nlp_engine"


def cached(file: RemoteFile, *, report: Report = silent) -> Path:
    """The path of a file in the cache; it is downloaded if it is not there.

    Raises:
        InputError: See `download`.
        OutputError: See `download`.
    """
    address = urllib.parse.urlsplit(file.url)
    folder = urllib.parse.unquote(address.path).rpartition("/")[0].strip("/")
    if ".." in folder.split("/"):
        raise InputError(f"{file.url}: an address may not go up by ..; write it without")
    return download(file, cache_folder() / address.netloc / folder / file.name, report=report)


def download(file: RemoteFile, target: Path, *, report: Report = silent) -> Path:
    """Download a file, or go on with a download that was interrupted, or reuse it.

    Args:
        file: What to download.
        target: Where to put it; folders are made. What has arrived stays in `TARGET.part` after
            a failure.
        report: Told of the bytes that have arrived.

    Returns:
        `target`.

    Raises:
        InputError: The server cannot be reached, refuses, or gives a file with another checksum.
        OutputError: The disk is full, or another process downloads the same file.
    """
    if target.is_file() and _is_intact(target, file.checksum):
        return target
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _opened(part) as opened:
            _transfer_intact(_Transfer(file, part, opened, report))
            part.replace(target)
            _version_file(part).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write {part}: {error.strerror or error}; what has arrived is kept; free some "
            f"space, or set {CACHE_VARIABLE} to another folder"
        ) from error
    return target


class _Transfer:
    """Fills an open `.part` file with the whole of a remote file."""

    def __init__(self, file: RemoteFile, part: Path, opened: BinaryIO, report: Report) -> None:
        self.file, self._part, self._opened, self._report = file, part, opened, report
        self._stage = f"downloading {file.name}"
        self._total: int | None = None
        self._pieces = 0

    def run(self) -> bool:
        """Transfer what is missing; return whether the file was put together from pieces."""
        self._pieces = 1 if self._size() else 0
        try_again(
            self.file.url, self._attempt, bytes_done=self._size, pausing=self._report_progress
        )
        return self._pieces > 1

    def is_intact(self) -> bool:
        """Whether what has arrived has the file's checksum, if there is one."""
        return _is_intact(self._part, self.file.checksum)

    def start_over(self) -> None:
        """Forget what has arrived."""
        self._opened.truncate(0)
        _version_file(self._part).unlink(missing_ok=True)

    def _size(self) -> int:
        return os.fstat(self._opened.fileno()).st_size

    def _attempt(self) -> None:
        version = _read_version(self._part)
        if self._size() and not (version or self.file.checksum):
            self.start_over()  # nothing would tell whether the pieces belong together
        headers = {"Range": f"bytes={self._size()}-"} if self._size() else {}
        if headers and version:
            headers["If-Range"] = version
        with open_url(self.file.url, headers) as response:
            if self._is_complete(response, version):
                return
            _check_space(self._part, (self._total or 0) - self._size())
            _write_version(self._part, _version(response))
            self._pieces += 1
            while chunk := read_some(response):
                self._opened.write(chunk)
                self._opened.flush()
                self._report_progress()
        if self._total is not None and self._size() < self._total:
            raise BrokenOff(
                f"the connection broke off after {self._size():,} of {self._total:,} bytes"
            )

    def _is_complete(self, response: Any, version: str | None) -> bool:
        """Whether nothing is missing; else the file stands where the response's bytes go."""
        start, total = _range(response)
        if response.status == 206 and start == self._size():
            if version in (None, _version(response)):
                self._total = total
                return False
            self.start_over()  # a server that knows ranges but not If-Range
            raise BrokenOff("the server's file has changed")
        if response.status == 416:
            if total == self._size():
                return True
            self.start_over()
            raise BrokenOff("the server's file has changed")
        if response.status == 206:
            self.start_over()
            raise BrokenOff("the server sent another range than the one asked for")
        self.start_over()
        self._pieces = 0
        self._total = content_length(response)
        return False

    def _report_progress(self, detail: str = "") -> None:
        self._report(Progress(self._stage, self._size(), self._total, "bytes", detail))


def _transfer_intact(transfer: _Transfer) -> None:
    resumed = transfer.run()
    if resumed and not transfer.is_intact():
        # The pieces may be of two versions; a file that comes in one piece is what it is.
        transfer.start_over()
        transfer.run()
    if not transfer.is_intact():
        transfer.start_over()
        raise InputError(
            f"{transfer.file.url} came with another checksum than the expected "
            f"{transfer.file.checksum}; the server's file or its list of checksums is wrong or "
            "just being replaced: try again later"
        )


@contextlib.contextmanager
def _opened(part: Path) -> Iterator[BinaryIO]:
    """Open a file to append to it, for this process alone; it is removed if it stays empty."""
    with part.open("ab") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not part.exists() or not os.path.samestat(part.stat(), os.fstat(opened.fileno())):
                raise BlockingIOError  # the other process has just finished
        except BlockingIOError as error:
            raise OutputError(
                f"another process is downloading {part}; wait for it and start this again"
            ) from error
        try:
            yield opened
        finally:
            if part.exists() and not part.stat().st_size:
                part.unlink()


def _check_space(part: Path, missing: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if missing > free:
        raise OutputError(
            f"{part} needs {missing / 1e6:,.0f} MB more, the disk has {free / 1e6:,.0f} MB free; "
            f"free some space, or set {CACHE_VARIABLE} to another folder"
        )


def _is_intact(path: Path, checksum: str | None) -> bool:
    if checksum is None:
        return True
    name = _DIGESTS.get(len(checksum))
    if name is None:
        raise InputError(f"{checksum!r} is no MD5, SHA-1 or SHA-256 in hexadecimal digits")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.new(name, usedforsecurity=False))
    return digest.hexdigest() == checksum.lower()


def _range(response: Any) -> tuple[int | None, int | None]:
    """The start and the whole length that `Content-Range` tells."""
    match = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if match is None:
        return None, None
    return int(match[1]) if match[1] else None, int(match[2])


def _version(response: Any) -> str | None:
    """What `If-Range` takes: the ETag unless it is a weak one, else the date of change."""
    tag = response.headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return str(tag)
    changed = response.headers.get("Last-Modified")
    return str(changed) if changed else None


def _version_file(part: Path) -> Path:
    return part.with_name(part.name + ".version")


def _read_version(part: Path) -> str | None:
    path = _version_file(part)
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write_version(part: Path, version: str | None) -> None:
    if version:
        _version_file(part).write_text(version, encoding="utf-8")
    else:
        _version_file(part).unlink(missing_ok=True)
