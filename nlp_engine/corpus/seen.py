"""Which texts have been seen before, in about 16 bytes each."""

from __future__ import annotations

import hashlib
from array import array

_FREE = 0
_MOST_FULL = 0.7


def digest(text: str) -> int:
    """A text as a number of 64 bits, never 0.

    Two different texts share theirs with a probability of 2**-64: among a hundred million
    paragraphs, one is taken for another in three runs of ten thousand.
    """
    hashed = hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest()
    return int.from_bytes(hashed, "little") or 1


class SeenDigests:
    """A set of digests: a hash table with open addressing in one array of numbers."""

    def __init__(self) -> None:
        self._size = 0
        self._table = array("Q", bytes(8 * 1024))

    def __len__(self) -> int:
        return self._size

    def add(self, digest: int) -> bool:
        """Put a digest in; False if it was there."""
        table = self._table
        place = _place(table, digest)
        if table[place] == digest:
            return False
        table[place] = digest
        self._size += 1
        if self._size > _MOST_FULL * len(table):
            self._table = _larger(table)
        return True


def _place(table: array[int], digest: int) -> int:
    """Where a digest stands in a table, or the free place where it belongs."""
    last = len(table) - 1  # sizes are powers of two
    place = digest & last
    while table[place] != _FREE and table[place] != digest:
        place = (place + 1) & last
    return place


def _larger(table: array[int]) -> array[int]:
    larger = array("Q", bytes(8 * 2 * len(table)))
    for digest in table:
        if digest != _FREE:
            larger[_place(larger, digest)] = digest
    return larger
