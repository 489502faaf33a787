"""Opening input of any compression, and writing folders that are whole or absent."""

from __future__ import annotations

import bz2
import contextlib
import errno
import glob
import gzip
import hashlib
import io
import lzma
import os
import shutil
import stat
import sys
import time
import tomllib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from nlp_engine.errors import InputError, Interrupted, OutputError
from nlp_engine.progress import Progress, Report, silent

_BUFFER = 1 << 20
_RESUME_KEY = ".resume"
WORTH_KEEPING_SECONDS = 60
"""Work that took longer outlives Ctrl-C where it can go on."""
STANDARD_INPUT = Path("-")
"""What stands for standard input where a file is expected."""


def _open_zstd(file: BinaryIO) -> Any:
    import pyarrow as pa  # its codec reads frames one after the other, too

    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")


_COMPRESSIONS: dict[str, tuple[bytes, Callable[[BinaryIO], Any]]] = {
    "bzip2": (b"BZh", bz2.open),
    "gzip": (b"\x1f\x8b", gzip.open),
    "xz": (b"\xfd7zXZ\x00", lzma.open),
    "zstd": (b"\x28\xb5\x2f\xfd", _open_zstd),
}


class _Counting(io.RawIOBase):
    """A raw file that reports how much of it has been read."""

    def __init__(self, path: Path, report: Report, stage: str) -> None:
        if path == STANDARD_INPUT:
            self._file = io.FileIO(sys.stdin.fileno(), closefd=False)
        else:
            self._file = io.FileIO(path)
        info = os.fstat(self._file.fileno())
        self._size = info.st_size if stat.S_ISREG(info.st_mode) else 0
        self._done = 0
        self._report, self._stage = report, stage

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        count = self._file.readinto(buffer)  # type: ignore[arg-type]
        self._done += count
        self._report(Progress(self._stage, self._done, self._size or None, "bytes"))
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _Decompressed(io.RawIOBase):
    """A decompressed stream whose errors name the file."""

    def __init__(self, inner: BinaryIO, path: Path) -> None:
        self._inner, self._path = inner, path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        try:
            return cast(io.RawIOBase, self._inner).readinto(buffer) or 0  # type: ignore[arg-type]
        except EOFError as error:
            raise InputError(
                f"{self._path}: the compressed file ends early; copy or download it again"
            ) from error
        except (OSError, zlib.error, lzma.LZMAError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise InputError(
                f"{self._path}: the compressed data is damaged ({error}); copy or download it again"
            ) from error

    def close(self) -> None:
        self._inner.close()
        super().close()


def compression(head: bytes) -> str | None:
    """The name of the compression of a file that begins with `head`; None for a plain one."""
    return next(
        (name for name, (magic, _) in _COMPRESSIONS.items() if head.startswith(magic)), None
    )


def check_input_file(path: Path) -> Path:
    """Return `path` if it is a file; `InputError` says what is wrong otherwise."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; a file is expected")
    if not path.exists():
        raise InputError(f"{path} does not exist; check the path")
    return path


@contextlib.contextmanager
def open_input(
    path: Path, *, report: Report = silent, stage: str = "reading"
) -> Iterator[BinaryIO]:
    """Open a plain, bzip2, gzip, xz or zstd file, or standard input, for reading bytes.

    The compression is recognised by content. Reports count compressed bytes.

    Raises:
        InputError: The file is missing, or (while reading) damaged or cut short.
    """
    if path != STANDARD_INPUT:
        check_input_file(path)
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(
            cast(BinaryIO, io.BufferedReader(_Counting(path, report, stage), _BUFFER))
        )
        kind = compression(cast(io.BufferedReader, raw).peek(8))
        if kind is None:
            yield raw
            return
        inner = _Decompressed(_COMPRESSIONS[kind][1](raw), path)
        yield stack.enter_context(cast(BinaryIO, io.BufferedReader(inner, _BUFFER)))


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        InputError: Missing or no TOML.
    """
    try:
        return tomllib.loads(check_input_file(path).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no valid TOML: {error}") from error


def sync_folder(folder: Path) -> None:
    """Have the names of new files in a folder reach the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def new_folder(
    target: Path, *, overwrite: bool = False, resume_key: str | None = None
) -> Iterator[Path]:
    """Give a folder to fill; it takes the name `target` only if the block succeeds.

    The work happens in a hidden folder beside the target, which is renamed at the end and
    removed on any exception. With `overwrite` an existing folder is replaced at that moment.

    With a `resume_key`, a hidden folder that has cost more than a minute outlives Ctrl-C, and any
    that outlived a killed process is given again to the next caller with the same key: the block
    must then find out what is finished.

    Raises:
        OutputError: The target exists, or the disk is full or read-only.
        Interrupted: Ctrl-C, and the folder is kept.
    """
    target = Path(os.path.abspath(target))  # noqa: PTH100 (resolve() would follow a final link)
    _check_free(target, overwrite)
    started = time.monotonic()
    with clear_output_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = _beside(target, "partial")
        adopted = resume_key is not None and _adopt_abandoned(target, partial, resume_key)
        _remove_abandoned(target, but=partial if adopted else None)
        key_file = partial / _RESUME_KEY
        keep = False
        try:
            if not adopted:
                partial.mkdir()
            if resume_key is not None:
                key_file.write_text(resume_key, encoding="utf-8")
            yield partial
            key_file.unlink(missing_ok=True)
            _put_in_place(partial, target)
        except KeyboardInterrupt as interrupt:
            keep = resume_key is not None and time.monotonic() - started >= WORTH_KEEPING_SECONDS
            if not keep:
                raise
            raise Interrupted(
                "interrupted; what is finished is kept: run the same command again to go on, "
                f"or remove {partial}"
            ) from interrupt
        finally:
            if not keep:
                shutil.rmtree(partial, ignore_errors=True)


@contextlib.contextmanager
def new_file(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a file to write; it takes the name `target` only if the block succeeds.

    Raises:
        OutputError: The target exists, or the disk is full or read-only.
    """
    target = Path(os.path.abspath(target))  # noqa: PTH100 (resolve() would follow a final link)
    if target.is_dir():
        raise OutputError(f"{target} is a folder; name a file")
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists; choose another file or pass overwrite (--overwrite)")
    partial = _beside(target, "partial")
    with clear_output_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def _adopt_abandoned(target: Path, partial: Path, resume_key: str) -> bool:
    for path in _abandoned(target, "partial"):
        key_file = path / _RESUME_KEY
        if key_file.is_file() and key_file.read_text(encoding="utf-8") == resume_key:
            path.rename(partial)
            return True
    return False


def _beside(target: Path, role: str) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.{role}")


def _check_free(target: Path, overwrite: bool) -> None:
    if target.is_dir() and overwrite:
        if any(target.iterdir()) and not (target / "manifest.json").exists():
            raise OutputError(
                f"{target} was not written by nlp_engine (it has no manifest.json), "
                "so it is not overwritten; choose another folder"
            )
        return
    if target.exists() or target.is_symlink():
        raise OutputError(f"{target} exists; choose another folder or pass --overwrite")


def _put_in_place(partial: Path, target: Path) -> None:
    if not target.exists():
        partial.rename(target)
        return
    old = _beside(target, "old")
    target.rename(old)
    partial.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _remove_abandoned(target: Path, *, but: Path | None) -> None:
    """Remove what a killed run left beside the target."""
    for role in ("partial", "old"):
        for path in _abandoned(target, role):
            if path != but:
                shutil.rmtree(path, ignore_errors=True)


def _abandoned(target: Path, role: str) -> list[Path]:
    """What processes that are gone, or this one earlier, have left beside the target."""
    if not Path("/proc/self").exists():
        return []
    found = target.parent.glob(f".{glob.escape(target.name)}.*.{role}")
    pids = [(path, path.name.split(".")[-2]) for path in found]
    return [path for path, pid in pids if pid.isdigit() and not _at_work(pid)]


def _at_work(pid: str) -> bool:
    return pid != str(os.getpid()) and Path("/proc", pid).exists()


_OUTPUT_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file would be larger than allowed here; choose another folder",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.EACCES: "no permission to write there; choose another folder",
    errno.EPERM: "no permission to write there; choose another folder",
    errno.ENOTDIR: "part of the path is a file; choose another folder",
    errno.ENOENT: "its parent folder cannot be made; choose another folder",
    errno.EEXIST: "part of the path is a file; choose another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


@contextlib.contextmanager
def clear_output_errors(target: Path) -> Iterator[None]:
    """Have writing say what it was that could not be written, and what to do.

    Raises:
        OutputError: The disk is full or read-only, say.
    """
    try:
        yield
    except OSError as error:
        remedy = _OUTPUT_REMEDIES.get(_error_number(error))
        elsewhere = error.filename and not _is_below(Path(str(error.filename)), target.parent)
        if remedy is None or elsewhere:
            raise
        raise OutputError(f"cannot write {target}: {remedy}") from error


def _error_number(error: OSError) -> int:
    # numpy reports a full disk without errno, as "N requested and M written", or "Not enough free
    # space to write N bytes".
    full = "requested and" in str(error) or "enough free space" in str(error)
    return error.errno or (errno.ENOSPC if full else 0)


def _is_below(path: Path, folder: Path) -> bool:
    # Either may be missing, and the target's parents may be what could not be made.
    return path.is_relative_to(folder) or folder.is_relative_to(path)
