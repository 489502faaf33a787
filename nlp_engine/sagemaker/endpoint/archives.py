"""Unpacking `model.tar.gz` and its like, without trust in who has packed it."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath

from nlp_engine.errors import FormatError


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar archive, of any compression that `tarfile` reads.

    Args:
        archive: The archive.
        folder: An empty folder, which gets the archive's files and folders.

    Raises:
        FormatError: No archive, cut short, or with a member that is neither a file nor a folder or
            lies outside; the message names it.
    """
    try:
        with tarfile.open(archive) as opened:
            for member in opened:
                _check(archive, member)
                opened.extract(member, folder, filter="data")
    except tarfile.FilterError as error:
        raise _refused(archive, error.tarinfo.name, str(error)) from error
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FormatError(
            f"{archive} is no whole archive ({error}); copy or download it again"
        ) from error


def _check(archive: Path, member: tarfile.TarInfo) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise _refused(archive, member.name, "its path leaves the folder")
    if not (member.isfile() or member.isdir()):
        raise _refused(archive, member.name, "it is a link or a device")


def _refused(archive: Path, name: str, reason: str) -> FormatError:
    return FormatError(
        f"{archive} is refused for its member {name!r}: {reason}; pack only files and folders"
    )
