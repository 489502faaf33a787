"""Writing a corpus file: without duplicates, up to a size, and shuffled."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from nlp_engine import settings
from nlp_engine.corpus.seen import SeenDigests
from nlp_engine.corpus.settings import CorpusSettings
from nlp_engine.corpus.shuffle import LineShuffler
from nlp_engine.corpus.tokenize import Piece


class CorpusFile:
    """Takes pieces and writes those that belong into the corpus; a context manager.

    Attributes:
        full: Whether the corpus has reached its size; what comes now is dropped.
    """

    def __init__(self, path: Path, chosen: CorpusSettings) -> None:
        self.full = False
        self._file = path.open("wb")
        self._separator = b" " if chosen.format == "text8" else b"\n"
        self._seen = SeenDigests() if chosen.deduplicate else None
        self._left = settings.byte_size("max_bytes", chosen.max_bytes) if chosen.max_bytes else None
        self._buckets = path.with_name("buckets")
        self._shuffler: LineShuffler | None = None
        self._written = 0
        if chosen.shuffle:
            self._buckets.mkdir()
            self._shuffler = LineShuffler(self._buckets, chosen.seed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shuffler and error is None:
            self._shuffler.write(self._file)
            shutil.rmtree(self._buckets)
        self._file.close()

    def add(self, piece: Piece) -> None:
        """Write a piece, or as many of its lines (or words) as there is room for."""
        if self.full or (self._seen is not None and not self._seen.add(piece.digest)):
            return
        data = piece.text.encode("utf-8")
        if self._separator == b" " and self._written:
            data = b" " + data
        if self._left is not None:
            data = self._what_fits(data)
        self._written += len(data)
        if self._shuffler:
            self._shuffler.add(data.splitlines(keepends=True))
        else:
            self._file.write(data)

    def _what_fits(self, data: bytes) -> bytes:
        assert self._left is not None
        self.full = len(data) >= self._left
        if len(data) > self._left:
            if self._separator == b"\n":
                data = data[: data.rfind(b"\n", 0, self._left) + 1]
            else:
                data = data[: max(data.rfind(b" ", 0, self._left + 1), 0)]
        self._left -= len(data)
        return data
