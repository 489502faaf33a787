"""Training progress in the lines that BlazingText prints, which people and platforms look for.

Source: public logs of its container. `#train_accuracy` and `#validation_accuracy` are metrics of
the platform; `#mean_rho`, the third, has a time before it and stands in the container.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp_engine.progress import Progress

_SECONDS_BETWEEN_LINES = 5.0
_LEARNING_RATE = re.compile(r"learning rate (\d\S*)")

_log = logging.getLogger(__name__)


class TrainingLog:
    """Takes a trainer's reports and logs a line now and then.

    Args:
        epochs: Passes over the data.
        threads: Threads to predict with; by default all processors.
        validation: The file of validation data, or None.
        hosts: How many instances train.
    """

    def __init__(
        self,
        epochs: int,
        threads: int | None = None,
        *,
        validation: Path | None = None,
        hosts: int = 1,
    ) -> None:
        self._epochs = epochs
        self._threads = threads or os.cpu_count() or 1
        self._validation_data = validation
        self._around = "" if hosts > 1 else "#####"
        self._vocabulary = 0
        self._started: float | None = None
        self._logged = self._last = 0.0
        self._words = self._words_before = 0

    def report(self, progress: Progress) -> None:
        """Log what BlazingText would: the vocabulary once, then the training's progress."""
        if progress.stage == "vocabulary":
            self._vocabulary = progress.done
        elif progress.stage == "reading examples" and self._validation_data:
            _log.info("Loading validation data from %s", self._validation_data)
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
        rate = (self._words - self._words_before) / 1e6 / seconds if seconds else 0.0
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
            self._words_before = progress.done  # of an earlier run, from its checkpoint
            _log.info("Read %dM words", total // self._epochs // 1_000_000)
            _log.info("Number of words:  %d", self._vocabulary)
            if self._validation_data:
                _log.info("Loaded validation data.")
        self._last, self._words = now, progress.done
        if now - self._logged < _SECONDS_BETWEEN_LINES:
            return
        self._logged = now
        found = _LEARNING_RATE.search(progress.detail)
        rate = (progress.done - self._words_before) / 1e6 / (now - self._started)
        line = (
            f"{self._around} Alpha: {float(found[1]) if found else 0.0:.4f}"
            f"  Progress: {100 * progress.done / total:.2f}%"
            f"  Million Words/sec: {rate:.2f} {self._around}"
        )
        _log.info(line.strip())


def log_accuracies(results: Mapping[str, Any]) -> None:
    """Log a classifier's metrics.

    Args:
        results: Its `eval.json`.
    """
    for fold in ("train", "validation"):
        if fold in results:
            _log.info("#%s_accuracy: %s", fold, round(results[f"{fold}_accuracy"], 4))
            _log.info("Number of %s examples: %s", fold, results[fold]["examples"])


def log_evaluation(vectors: Path, results: Mapping[str, Any]) -> None:
    """Log how word vectors were evaluated.

    Args:
        vectors: Their file.
        results: Their `eval.json`.
    """
    _log.info("Evaluating word embeddings....")
    _log.info("Vectors read from: %s", vectors)
    _log.info(json.dumps(results, indent=4, sort_keys=True))
