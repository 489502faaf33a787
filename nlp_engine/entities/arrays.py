"""A knowledge base's files: written piece by piece, as they may not fit into memory, and mapped."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nlp_engine.errors import InputError
from nlp_engine.native import entities as kernel

Rows = Iterable[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Pieces of a table of two columns."""

_CHECKED_AT_ONCE = 1 << 18


def write_sorted_strings(folder: Path, name: str, pieces: Iterable[pa.Array]) -> int:
    """Write sorted strings that are all different; give their number.

    The files are `<name>.bin`, `<name>_offsets.npy` and `<name>_heads.npy`.
    """
    sizes: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
    heads: list[NDArray[np.uint64]] = [np.empty(0, np.uint64)]
    count = 0
    with (folder / f"{name}.bin").open("wb") as file:
        for piece in _in_blocks(pieces):
            compressed = kernel.compress_strings(strings_of(piece))
            file.write(compressed.data.tobytes())
            sizes.append(compressed.sizes)
            heads.append(compressed.heads)
            count += len(piece)
    np.save(folder / f"{name}_offsets.npy", np.cumsum(np.concatenate(sizes)))
    np.save(folder / f"{name}_heads.npy", np.concatenate(heads))
    return count


def read_sorted_strings(strings: Any, *, at_once: int = 1 << 18) -> Iterator[pa.Array]:
    """All sorted strings, in pieces."""
    for begin in range(0, len(strings), at_once):
        data, offsets = strings.between(begin, min(begin + at_once, len(strings)))
        yield pa.LargeStringArray.from_buffers(
            len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data)
        )


def write_strings(folder: Path, name: str, pieces: Iterable[pa.Array]) -> None:
    """Write strings in any order to `<name>.bin` and `<name>_offsets.npy`."""
    ends: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
    with (folder / f"{name}.bin").open("wb") as file:
        for piece in pieces:
            strings = strings_of(piece)
            begin, end = strings.offsets[[0, -1]]
            file.write(strings.data[begin:end].tobytes())
            ends.append(strings.offsets[1:] - begin + ends[-1][-1])
    _save_offsets(folder, name, np.concatenate(ends))


def write_number_lists(folder: Path, name: str, rows: int, pairs: Rows) -> int:
    """Write rows of numbers to `<name>.bin` and `<name>_offsets.npy`; give how many numbers.

    Args:
        folder: Where to.
        name: Of the files.
        rows: How many rows there are.
        pairs: Row and number, sorted by both, no pair twice.
    """
    sizes = np.zeros(rows + 1, np.int64)
    last_row, last_number, count = -1, 0, 0
    with (folder / f"{name}.bin").open("wb") as file:
        for row, number in pairs:
            if not len(row):
                continue
            before = np.concatenate([[last_row], row[:-1]])
            previous = np.concatenate([[last_number], number[:-1]])
            distances = number - np.where(row == before, previous, 0)
            data, lengths = kernel.varints(distances.astype(np.uint32))
            file.write(data.tobytes())
            begins = np.flatnonzero(np.concatenate([[True], row[1:] != row[:-1]]))
            sizes[row[begins] + 1] += np.add.reduceat(lengths, begins, dtype=np.int64)
            last_row, last_number = int(row[-1]), int(number[-1])
            count += len(row)
    _save_offsets(folder, name, np.cumsum(sizes))
    return count


class MappedFolder:
    """A folder's files, mapped, so that processes share them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._maps: list[mmap.mmap] = []

    def bytes(self, name: str) -> NDArray[np.uint8]:
        """The bytes of `<name>.bin`."""
        return self._mapped(self._folder / f"{name}.bin", np.dtype(np.uint8), 0)

    def array(self, name: str) -> NDArray[Any]:
        """The array of one dimension in `<name>.npy`."""
        path = self._folder / f"{name}.npy"
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            _, _, dtype = np.lib.format.read_array_header_1_0(file)
            return self._mapped(path, dtype, file.tell())

    def offsets(self, name: str) -> NDArray[Any]:
        """The offsets in `<name>_offsets.npy`, which lead into `<name>.bin`.

        Raises:
            ValueError: They do not rise, so that they may lead anywhere.
        """
        offsets = self.array(f"{name}_offsets")
        for begin in range(0, len(offsets), _CHECKED_AT_ONCE):
            some = offsets[begin : begin + _CHECKED_AT_ONCE + 1]
            if (some[1:] < some[:-1]).any():
                raise ValueError(f"{name}_offsets.npy does not rise")
        return offsets

    def sorted_strings(self, name: str, count: int) -> Any:
        """What `write_sorted_strings` wrote."""
        heads = self.array(f"{name}_heads")
        return kernel.sorted_strings(self.bytes(name), self.offsets(name), heads, count)

    def number_lists(self, name: str) -> Any:
        """What `write_number_lists` wrote."""
        return kernel.number_lists(self.bytes(name), self.offsets(name))

    @property
    def size(self) -> int:
        """Bytes that are mapped."""
        return sum(map(len, self._maps))

    def release(self) -> None:
        """Let go of what reading has made resident; the system keeps it cached."""
        for mapped in self._maps if hasattr(mmap, "MADV_DONTNEED") else ():
            mapped.madvise(mmap.MADV_DONTNEED)

    def _mapped(self, path: Path, dtype: np.dtype[Any], offset: int) -> NDArray[Any]:
        if path.stat().st_size == offset:  # nothing to map
            return np.empty(0, dtype)
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._maps.append(mapped)
        return np.frombuffer(mapped, dtype, offset=offset)


def _save_offsets(folder: Path, name: str, offsets: NDArray[np.int64]) -> None:
    np.save(folder / f"{name}_offsets.npy", short_offsets(offsets, name))


def short_offsets(offsets: NDArray[np.int64], name: str) -> NDArray[np.uint32]:
    """Offsets as a knowledge base stores them.

    Raises:
        InputError: They do not fit.
    """
    if offsets[-1] > np.iinfo(np.uint32).max:
        raise InputError(f"{name} of 4 GiB and more are more than a knowledge base can hold")
    return offsets.astype(np.uint32)


def _in_blocks(pieces: Iterable[pa.Array]) -> Iterator[pa.Array]:
    """The same strings in pieces of whole blocks, but for the last."""
    left = pa.array([], pa.large_string())
    for piece in pieces:
        joined = pa.concat_arrays([left, piece.cast(pa.large_string())])
        whole = len(joined) - len(joined) % kernel.STRINGS_PER_BLOCK
        if whole:
            yield joined.slice(0, whole)
        left = joined.slice(whole)
    if len(left):
        yield left


def strings_of(array: pa.Array) -> kernel.Strings:
    """An Arrow column of strings as the kernels take it."""
    _, places, data = array.buffers()
    kind = np.int64 if pa.types.is_large_string(array.type) else np.int32
    offsets = np.frombuffer(places, kind)[array.offset : array.offset + len(array) + 1]
    found = np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8)
    return kernel.Strings(found, offsets.astype(np.int64))
