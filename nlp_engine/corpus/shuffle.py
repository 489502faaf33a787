"""Shuffling the lines of a file that may be larger than memory."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path
from typing import BinaryIO

_BUCKETS = 256
_HELD_BYTES = 32_000_000


class LineShuffler:
    """Scatters lines over buckets by chance, then shuffles bucket by bucket in memory.

    Every order of the lines is equally probable. The same lines and seed give the same order.

    Args:
        folder: An empty folder for the buckets.
        seed: Start of the random generator.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._random = random.Random(seed)
        self._held: dict[int, list[bytes]] = defaultdict(list)
        self._held_bytes = 0

    def add(self, lines: list[bytes]) -> None:
        """Take lines, each with its line break."""
        buckets = self._random.choices(range(_BUCKETS), k=len(lines))
        for bucket, line in zip(buckets, lines, strict=True):
            self._held[bucket].append(line)
        self._held_bytes += sum(map(len, lines))
        if self._held_bytes > _HELD_BYTES:
            self._put_down()

    def write(self, file: BinaryIO) -> None:
        """Write all lines in their new order."""
        self._put_down()
        for bucket in range(_BUCKETS):
            path = self._path(bucket)
            if path.exists():
                lines = path.read_bytes().splitlines(keepends=True)
                path.unlink()
                self._random.shuffle(lines)
                file.write(b"".join(lines))

    def _put_down(self) -> None:
        for bucket, lines in self._held.items():
            with self._path(bucket).open("ab") as file:
                file.write(b"".join(lines))
        self._held.clear()
        self._held_bytes = 0

    def _path(self, bucket: int) -> Path:
        return self._folder / f"bucket-{bucket:03d}"
