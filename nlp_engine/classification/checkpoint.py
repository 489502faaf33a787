"""Training that was interrupted: what is needed to go on after its last whole epoch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.checkpoints import Checkpoints

_MINUTES = 10.0

Rows = Mapping[str, NDArray[np.float32]]
"""Matrices by name."""


@dataclass(slots=True)
class TrainingRun:
    """How a training went.

    Attributes:
        losses: (words done, mean loss of an example, learning rate).
        validation: (epoch from 1, accuracy) where there was validation.
        best_epoch: The epoch whose weights were kept; None without early stopping.
        seconds: Wall time of the training phase.
        cpu_seconds: Its user and system time, of all threads.
    """

    losses: list[tuple[int, float, float]] = field(default_factory=list)
    validation: list[tuple[int, float]] = field(default_factory=list)
    best_epoch: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0


class EpochCheckpoints:
    """Checkpoints of whole epochs, as training within one cannot go on.

    The last one is in memory, and on disk every ten minutes and after an interruption.

    Args:
        checkpoints: Where they go.
        minutes: Between two that are written.
    """

    def __init__(self, checkpoints: Checkpoints, minutes: float = _MINUTES) -> None:
        self._checkpoints = checkpoints
        self._seconds = 60 * minutes
        self._written = time.monotonic()
        self._last: tuple[int, Rows, dict[str, Any]] | None = None

    def keep(self, epoch: int, rows: Rows, run: TrainingRun) -> None:
        """Keep the state after an epoch.

        Args:
            epoch: How many are done.
            rows: What training needs, in arrays that nobody changes any more.
            run: How it went so far; copied.
        """
        self._last = epoch, rows, asdict(run)
        if time.monotonic() - self._written >= self._seconds:
            self.save()
            self._written = time.monotonic()

    def save(self) -> None:
        """Write what `keep` was given last, if anything."""
        if self._last:
            self._checkpoints.save(*self._last)

    def load(self) -> tuple[int, Rows, TrainingRun] | None:
        """What `keep` was given by an earlier call with the same data and settings, or None."""
        found = self._checkpoints.load()
        if found is None:
            return None
        run = TrainingRun(**found.rest)
        run.losses = [(words, loss, rate) for words, loss, rate in run.losses]
        run.validation = [(epoch, accuracy) for epoch, accuracy in run.validation]
        return found.done, found.arrays, run
