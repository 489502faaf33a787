"""Corpus files as words, counts and word ids."""

from __future__ import annotations

import bisect
import codecs
import itertools
import mmap
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from nlp_engine import native
from nlp_engine.errors import InputError, OutputError
from nlp_engine.files import check_input_file, compression
from nlp_engine.memory import available_memory
from nlp_engine.progress import Progress, Report, silent

_HEAD_BYTES = 1 << 16
_UNPACK = {"bzip2": "bunzip2", "gzip": "gunzip", "xz": "unxz", "zstd": "unzstd"}
_ID = np.dtype(np.int32)


@dataclass(frozen=True, slots=True)
class EncodedCorpus:
    """A corpus as ids: V words are kept, N ids remain.

    Attributes:
        paths: The files, without empty ones.
        words: (V) the kept words, most frequent first.
        counts: int64 (V), their occurrences.
        ids: int32 (N), positions in `words`; `nlp_engine.native.LINE_END` closes every line.
            Memory-mapped from a file that is already unlinked where memory could be too small.
        tokens: Words in the files, rare ones included.
        types: Distinct words in the files, rare ones included.
        lines: Lines in the files.
    """

    paths: tuple[Path, ...]
    words: list[str]
    counts: NDArray[np.int64]
    ids: NDArray[np.int32]
    tokens: int
    types: int
    lines: int


def encode_corpus(
    paths: Path | Sequence[Path],
    *,
    min_count: int = 1,
    always_kept: str = "",
    threads: int | None = None,
    scratch: Path | None = None,
    report: Report = silent,
) -> EncodedCorpus:
    """Read corpus files into one vocabulary and word ids, in one pass over the mapped files.

    Args:
        paths: One file or several, with words separated by white space, UTF-8, uncompressed; one
            sentence per line, or one long line. A file's end closes its line.
        min_count: Rarer words are left out.
        always_kept: Words that begin with this are kept although they are rare; empty for none.
        threads: Threads to use; all processors by default.
        scratch: Folder for the ids where they might not fit into memory; by default the system's
            for temporary files.
        report: Told of the bytes read, then of the words kept.

    Raises:
        InputError: A file is missing, compressed, binary or not UTF-8; all are empty; or no word
            reaches `min_count`, unless some may always be kept.
        OutputError: Neither memory nor `scratch` has room for the ids.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    named = ", ".join(str(path) for path in files)
    if not (files := [path for path in files if check_input_file(path).stat().st_size]):
        raise InputError(f"{named} is empty; a corpus has words separated by spaces")
    for path in files:
        _check_plain_text(path)
    texts = [np.memmap(path, dtype=np.uint8, mode="r") for path in files]
    size = sum(len(text) for text in texts)
    with _Scratch(native.scratch_size(texts), scratch) as ids:
        encoding = native.encode(
            texts,
            min_count=min_count,
            always_kept=always_kept.encode(),
            threads=threads or os.cpu_count() or 1,
            scratch=ids.array,
            on_progress=lambda done: report(Progress("counting words", done, size, "bytes")),
        )
        if encoding.problem is not native.EncodingProblem.NONE:
            raise InputError(_problem(encoding, files))
        kept = ids.shrink(encoding.ids_size)
    if encoding.tokens == 0:
        raise InputError(f"{named} has no words, only white space")
    if len(encoding.counts) == 0 and not always_kept:
        raise InputError(
            f"{named}: no word occurs min_count={min_count} times (the most frequent occurs "
            f"{encoding.max_count} times); lower min_count or use a larger corpus"
        )
    report(Progress("vocabulary", len(encoding.counts), encoding.types, "words"))
    return EncodedCorpus(
        paths=tuple(files),
        words=_words(encoding),
        counts=encoding.counts,
        ids=kept,
        tokens=encoding.tokens,
        types=encoding.types,
        lines=encoding.lines,
    )


class _Scratch:
    """An array that takes only the memory, or disk, that is touched.

    In memory if it would fit there touched in full, which it hardly ever is; else in a sparse file
    that vanishes with its last user, even a killed one.
    """

    def __init__(self, size: int, folder: Path | None) -> None:
        self._file: IO[bytes] | None = None
        if size * _ID.itemsize > available_memory():
            _check_disk(size, Path(folder or tempfile.gettempdir()))
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed in __exit__)
            self._file.truncate(size * _ID.itemsize)
        self._map = self._mapped(size)
        self.array: NDArray[np.int32] = np.frombuffer(self._map, _ID)

    def __enter__(self) -> _Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def shrink(self, size: int) -> NDArray[np.int32]:
        """The first `size` entries; what the others have taken is given back to the system."""
        kept = -(-size * _ID.itemsize // mmap.PAGESIZE) * mmap.PAGESIZE
        if kept < len(self._map):
            self._map.madvise(mmap.MADV_DONTNEED, kept)
        if self._file:
            self._file.truncate(size * _ID.itemsize)
        return self.array[:size]

    def _mapped(self, size: int) -> mmap.mmap:
        # Not np.empty: it asks for huge pages, and where memory is fragmented the search for them
        # takes longer than all the work.
        if self._file:
            return mmap.mmap(self._file.fileno(), size * _ID.itemsize)
        return mmap.mmap(-1, size * _ID.itemsize, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _check_disk(size: int, folder: Path) -> None:
    # A full disk behind mapped memory would end the process without a word. Half of the entries are
    # enough for any lines as soon as words have three bytes on average.
    needed, free = size * _ID.itemsize // 2, shutil.disk_usage(folder).free
    if free < needed:
        raise OutputError(
            f"{folder} has {free / 1e9:.1f} GB free, but the word ids of this corpus may take "
            f"{needed / 1e9:.1f} GB; free some space or choose another folder"
        )


def _check_plain_text(path: Path) -> None:
    """Refuse at once what would else be read to its end as if it were words."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if kind := compression(head):
        raise InputError(f"{path} is compressed with {kind}; unpack it first ({_UNPACK[kind]})")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{path} is UTF-16; convert it with iconv -f UTF-16 -t UTF-8")
    if (position := head.find(b"\0")) >= 0:
        raise InputError(
            f"{path} is a binary file (byte {position} is NUL); a corpus is plain text, "
            "words separated by spaces"
        )


def _problem(encoding: native.Encoding, files: Sequence[Path]) -> str:
    starts = list(itertools.accumulate((path.stat().st_size for path in files), initial=0))
    index = bisect.bisect_right(starts, encoding.problem_position) - 1
    path, position = files[index], encoding.problem_position - starts[index]
    if encoding.problem is native.EncodingProblem.LONG_WORD:
        return (
            f"{path}, byte {position}: more than {native.MAX_WORD_BYTES} bytes without a space; "
            "a corpus is plain text, words separated by spaces (nlp-engine corpus build makes one)"
        )
    with path.open("rb") as file:
        file.seek(position)
        found = file.read(8)
    return f"{path}, byte {position}: {found!r} is not UTF-8; convert the corpus with iconv"


def _words(encoding: native.Encoding) -> list[str]:
    if len(encoding.word_offsets) == 1:
        return []
    ends = encoding.word_offsets[1:-1]  # words have no line feed, so all are decoded at once
    return np.insert(encoding.word_bytes, ends, ord("\n")).tobytes().decode("utf-8").split("\n")
