"""Training progress in the lines that BlazingText prints, which people and platforms look for.

Source: public logs of its container. `#mean_rho`, `#train_accuracy` and `#validation_accuracy` are
the platform's metrics and stand in `nlp_engine.sagemaker.container`.
"""

from __future__ import annotations

import logging
import os
import re
import time

from nlp_engine.progress import Progress

_SECONDS_BETWEEN_LINES = 5.0
_LEARNING_RATE = re.compile(r"learning rate (\d\S*)")

_log = logging.getLogger(__name__)


class TrainingLog:
    """Takes a trainer's reports and logs a line now and then."""

    def __init__(self, epochs: int, threads: int | None = None) -> None:
        self._epochs = epochs
        self._threads = threads or os.cpu_count() or 1
        self._vocabulary = 0
        self._started: float | None = None
        self._logged = self._last = 0.0
        self._words = 0

    def report(self, progress: Progress) -> None:
        """Log what BlazingText would: the vocabulary once, then the training's progress."""
        if progress.stage == "vocabulary":
            self._vocabulary = progress.done
        elif progress.stage == "training" and progress.total:
            self._training(progress, progress.total, time.monotonic())
        elif progress.stage == "validation":
            self._validation(progress)

    def finish(self, end: str) -> None:
        """Log throughput and time.

        Args:
            end: How the line that says so ends: a full stop for classifiers, `!` for vectors.
        """
        _log.info("Training finished%s", end)
        seconds = 0.0 if self._started is None else self._last - self._started
        rate = self._words / 1e6 / seconds if seconds else 0.0
        _log.info("Average throughput in Million words/sec: %.2f", rate)
        _log.info("Total training time in seconds: %.2f", seconds)

    def _validation(self, progress: Progress) -> None:
        accuracy, _, found = progress.detail.partition(", ")
        _log.info("-------------- End of epoch: %d", progress.done)
        _log.info("Using %d threads for prediction!", self._threads)
        _log.info("Validation %s", accuracy.replace(" ", ": "))
        if found == "improved":
            _log.info("Validation accuracy improved! Storing best weights...")
        else:
            _log.info("Validation accuracy has %s.", found.replace("for", "for last"))

    def _training(self, progress: Progress, total: int, now: float) -> None:
        if self._started is None:
            self._started = self._logged = now
            _log.info("Read %dM words", total // self._epochs // 1_000_000)
            _log.info("Number of words:  %d", self._vocabulary)
        self._last, self._words = now, progress.done
        if now - self._logged < _SECONDS_BETWEEN_LINES:
            return
        self._logged = now
        found = _LEARNING_RATE.search(progress.detail)
        _log.info(
            "##### Alpha: %.4f  Progress: %.2f%%  Million Words/sec: %.2f #####",
            float(found[1]) if found else 0.0,
            100 * progress.done / total,
            progress.done / 1e6 / (now - self._started),
        )
