"""Many short lists of numbers, kept on the disk: memory does not grow with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

_NONE = np.empty(0, np.int32)


class NumberLists(Sequence[NDArray[np.int32]]):
    """N lists of int32 numbers, one after the other.

    Attributes:
        numbers: int32, all of them; may be a memory map.
        begins: int64 (N + 1), where each list begins.
    """

    def __init__(self, numbers: NDArray[np.int32], begins: NDArray[np.int64]) -> None:
        self.numbers, self.begins = numbers, begins

    def __len__(self) -> int:
        return len(self.begins) - 1

    @overload
    def __getitem__(self, index: int) -> NDArray[np.int32]: ...
    @overload
    def __getitem__(self, index: slice) -> NumberLists: ...
    def __getitem__(self, index: int | slice) -> NDArray[np.int32] | NumberLists:
        """One list, or those of a slice without steps."""
        if isinstance(index, slice):
            begin, end, _ = index.indices(len(self))
            begins = self.begins[begin : end + 1]
            numbers = self.numbers[begins[0] : begins[-1]]
            return NumberLists(numbers, begins - begins[0])
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.numbers[self.begins[index] : self.begins[index + 1]]


class NumberListWriter:
    """Writes lists to a file.

    Args:
        path: The file, which holds the numbers alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self._sizes: list[NDArray[np.int64]] = []

    def add(self, numbers: NDArray[np.int32], sizes: NDArray[np.int64]) -> None:
        """Add lists: their numbers one after the other, and the lists' sizes."""
        self._file.write(np.ascontiguousarray(numbers, np.int32).tobytes())
        self._sizes.append(sizes)

    def finish(self) -> NumberLists:
        """The lists, mapped into memory."""
        self._file.close()
        sizes = np.concatenate([np.zeros(1, np.int64), *self._sizes])
        empty = self._path.stat().st_size == 0
        numbers = _NONE if empty else np.memmap(self._path, np.int32, "r")
        return NumberLists(np.asarray(numbers), np.cumsum(sizes))
