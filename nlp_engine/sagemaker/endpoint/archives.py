"""Unpacking `model.tar.gz` and its like, without trust in who has packed it."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from nlp_engine.errors import FormatError, InputError, OutputError
from nlp_engine.files import open_input

MOST_BYTES = 64 << 30
"""What an archive may unpack to, where the disk has room for it."""
_MOST_MEMBERS = 10_000
_MOST_PARTS = 32  # of a member's path
_OTHER_BYTES = 1 << 20  # of a member's headers, or behind the last one: as a rule a few KiB


def is_archive(path: Path) -> bool:
    """Whether a file is a tar archive, of any compression that `open_input` reads.

    Raises:
        FormatError: It begins as one that is refused.
    """
    try:
        with _opened(path):
            return True
    except FormatError:
        raise
    except (tarfile.TarError, InputError):
        return False


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar archive.

    Args:
        archive: The archive.
        folder: An empty folder, which gets the archive's files and folders.

    Raises:
        FormatError: Damaged; or refused, as it has a member that is neither a file nor a folder or
            lies outside, or far more than a model; the message names it.
        InputError: It is cut short.
        OutputError: It cannot be written; the disk may have no room for it.
    """
    left = MOST_BYTES
    try:
        with _opened(archive) as (stream, opened):
            for number, member in enumerate(opened, 1):
                _check(archive, member)
                left -= abs(member.size)
                if left < 0 or number > _MOST_MEMBERS:
                    raise FormatError(
                        f"{archive} is refused: it has more than {_MOST_MEMBERS:,} files, or more "
                        f"than {MOST_BYTES >> 30} GiB of them; if they are a model, unpack it "
                        "yourself, and name its folder instead"
                    )
                if member.size > shutil.disk_usage(folder).free:
                    raise _no_room(archive, folder)
                stream.allow(member.size + _OTHER_BYTES)
                opened.extract(member, folder, filter="data")
                stream.allow(_OTHER_BYTES)
            if opened.fileobj.read(_OTHER_BYTES).strip(b"\0"):
                raise tarfile.ReadError("there is more behind its end")
            stream.read_to_end()
    except tarfile.FilterError as error:
        raise _refused(archive, error.tarinfo.name, str(error)) from error
    except tarfile.TarError as error:
        raise FormatError(
            f"{archive} is no whole archive ({error}); copy or download it again"
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(archive, folder) from error
        raise OutputError(
            f"{archive} cannot be unpacked to {folder.parent}: {error.strerror}; unpack it "
            "yourself, and name its folder instead"
        ) from error


class _Limited:
    """A stream of which no more may be read than is allowed at the time."""

    def __init__(self, stream: BinaryIO, archive: Path) -> None:
        self._stream, self._archive = stream, archive
        self.allow(_OTHER_BYTES)

    def allow(self, bytes: int) -> None:
        """Let so many bytes be read from now on."""
        self._left = bytes

    def read(self, size: int) -> bytes:
        """Read; what `tarfile` calls."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise FormatError(
                f"{self._archive} is refused: beside its files it has more than "
                f"{_OTHER_BYTES >> 20} MiB; pack it anew"
            )
        return data

    def read_to_end(self) -> None:
        """Read what is behind the last member, so that checksums are compared."""
        while self.read(_OTHER_BYTES):
            pass


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[tuple[_Limited, tarfile.TarFile]]:
    with open_input(archive) as file:
        stream = _Limited(file, archive)
        with tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|") as opened:
            yield stream, opened


def _check(archive: Path, member: tarfile.TarInfo) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise _refused(archive, member.name, "its path leaves the folder")
    if len(path.parts) > _MOST_PARTS:
        raise _refused(archive, member.name[:60], f"its path has more than {_MOST_PARTS} folders")
    if not (member.isfile() or member.isdir()) or member.issparse():
        raise _refused(archive, member.name, "it is a link, a device or sparse")


def _refused(archive: Path, name: str, reason: str) -> FormatError:
    return FormatError(
        f"{archive} is refused for its member {name!r}: {reason}; pack only files and folders"
    )


def _no_room(archive: Path, folder: Path) -> OutputError:
    return OutputError(
        f"{archive} cannot be unpacked to {folder.parent}: the disk has no room; free some space, "
        "or set TMPDIR to a folder with more"
    )
