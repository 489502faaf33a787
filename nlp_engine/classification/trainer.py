"""The trainer: text classifiers by this package's own kernels."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.checkpoints import Checkpoints
from nlp_engine.classification.bucket_rows import BucketRows, begin_rows
from nlp_engine.classification.checkpoint import EpochCheckpoints, TrainingRun
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.errors import EngineError, SettingError
from nlp_engine.formats.fasttext import Entries
from nlp_engine.formats.stored_vectors import FillRows
from nlp_engine.memory import available_memory
from nlp_engine.native import classifier as kernels
from nlp_engine.native.rows import fill_uniform, row_floats, zero_rows
from nlp_engine.progress import Progress, Report

_LOSSES = {"softmax": "softmax", "ova": "one_vs_all"}
_LOSS_POINTS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainedClassifier:
    """Trained matrices: V words, L labels, D dimensions.

    Attributes:
        loss: `softmax` or `ova`.
        input_rows: float32 (V, D), the words' rows.
        buckets: The rows of buckets that some example has; all others are zero.
        output_rows: float32 (L, D).
    """

    loss: str
    input_rows: NDArray[np.float32]
    buckets: BucketRows
    output_rows: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingData:
    """Examples as rows: those of words, and behind them those of the buckets that occur.

    Attributes:
        examples: To train on.
        validation: Held out, or None; rows of buckets that no example to train on has are one row
            of zeros, the last.
        buckets: The buckets that occur.
    """

    examples: kernels.Examples
    validation: kernels.Examples | None
    buckets: kernels.ExampleBuckets

    @property
    def several_labels(self) -> bool:
        """Whether some example has several labels."""
        return bool((np.diff(self.examples.label_offsets) > 1).any())


def read_data(
    path: Path,
    validation: Path | None,
    entries: Entries,
    chosen: ClassifierSettings,
    report: Report,
) -> TrainingData:
    """Read the examples of a labelled file, and of one to validate on.

    Raises:
        SettingError: There is no validation file for early stopping.
    """
    if chosen.early_stopping and validation is None:
        raise SettingError(
            "early_stopping is True, but there is no validation file; name one, or leave it False"
        )
    buckets = chosen.buckets if chosen.has_ngrams else 0
    features = kernels.LineFeatures(
        entries.words,
        entries.labels,
        word_ngrams=chosen.word_ngrams,
        buckets=buckets,
        min_char=chosen.min_char if chosen.subwords else 0,
        max_char=chosen.max_char if chosen.subwords else 0,
    )
    report(Progress("reading examples", 0, None, "bytes"))
    words = len(entries.words)
    held_out = _read(features, validation, chosen) if validation else None
    examples, found = kernels.gather_buckets(
        _read(features, path, chosen),
        words=words,
        buckets=buckets,
        also=held_out.rows if held_out else np.empty(0, np.int32),
    )
    if held_out:
        row_of = np.full(buckets, words + found.rows, np.int32)
        row_of[found.shared] = words + np.arange(len(found.shared), dtype=np.int32)
        hashed = held_out.rows >= words
        held_out.rows[hashed] = row_of[held_out.rows[hashed] - words]
    return TrainingData(examples=examples, validation=held_out, buckets=found)


HeldOutProbabilities = Callable[[], Iterator[NDArray[np.float32]]]
"""Gives the probabilities of all labels for the validation examples as they are now, in parts:
float32 (n, L)."""

AfterEpoch = Callable[[int, HeldOutProbabilities], bool]
"""Told of a finished epoch, from 1; answers whether to go on."""


def train(
    data: TrainingData,
    entries: Entries,
    chosen: ClassifierSettings,
    *,
    weights: NDArray[np.float32],
    report: Report,
    pretrained: FillRows | None = None,
    after_epoch: AfterEpoch | None = None,
    checkpoints: Checkpoints | None = None,
) -> tuple[TrainedClassifier, TrainingRun]:
    """Train a classifier on all threads.

    Args:
        data: The examples, read with these settings.
        entries: Their words and labels.
        chosen: The settings.
        weights: float32 (L), from `label_weights`.
        report: Told of words, loss and learning rate, and of validation.
        pretrained: Gives words the vectors to start from.
        after_epoch: Called after each epoch; by default training goes on.
        checkpoints: Where they go, and where one of an earlier, interrupted call may be; by
            default there are none.

    Raises:
        KeyboardInterrupt: After a checkpoint of the last whole epoch.
        SettingError: The matrices would not fit into memory.
        EngineError: The numbers grew beyond all bounds.
    """
    loss = chosen.loss or ("ova" if data.several_labels else "softmax")
    kept = EpochCheckpoints(checkpoints) if checkpoints else None
    _check_memory(data, entries, chosen, copies=1 + chosen.early_stopping + bool(kept))
    model = _start(data, entries, chosen, _LOSSES[loss], weights, pretrained)
    training = _Training(model, data, entries, chosen, report, after_epoch, kept)
    training.run()
    words, rows = len(entries.words), model.input_rows[:, : chosen.vector_dim]
    trained = TrainedClassifier(
        loss=loss,
        input_rows=rows[:words],
        buckets=BucketRows(
            rows[words : words + data.buckets.rows], data.buckets, words, chosen.seed
        ),
        output_rows=model.output_rows[:, : chosen.vector_dim],
    )
    return trained, training.measured


def _read(
    features: kernels.LineFeatures, path: Path, chosen: ClassifierSettings
) -> kernels.Examples:
    text = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)
    return features.read_examples(text, chosen.threads)


def _start(
    data: TrainingData,
    entries: Entries,
    chosen: ClassifierSettings,
    loss: str,
    weights: NDArray[np.float32],
    pretrained: FillRows | None,
) -> kernels.ClassifierTraining:
    """Rows as they are before the first example."""
    words, dim = len(entries.words), chosen.vector_dim
    rows = words + data.buckets.rows
    input_rows = zero_rows(rows + 1, dim)
    fill_uniform(input_rows[:words, :dim], chosen.seed)
    begin_rows(input_rows[words:rows, :dim], data.buckets, words, chosen.seed)
    if pretrained:
        pretrained(entries.words, input_rows[:words, :dim])
    return kernels.ClassifierTraining(
        input_rows=input_rows,
        output_rows=zero_rows(len(entries.labels), dim),
        groups_from=words + len(data.buckets.shared),
        group_sizes=data.buckets.group_sizes,
        loss=loss,
        label_weights=weights,
        learning_rate=chosen.learning_rate,
        epochs=chosen.epochs,
    )


def _check_memory(
    data: TrainingData, entries: Entries, chosen: ClassifierSettings, *, copies: int
) -> None:
    rows = len(entries.words) + data.buckets.rows + 1 + len(entries.labels)
    needed, free = 4 * row_floats(chosen.vector_dim) * rows * copies, available_memory()
    if needed > free:
        raise SettingError(
            f"vector_dim is {chosen.vector_dim}; with {rows:,} words, n-grams and labels the "
            f"matrices need {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free; "
            "lower vector_dim, word_ngrams or buckets, or raise min_count"
        )


class _Training:
    """The epochs, with their validation."""

    def __init__(
        self,
        model: kernels.ClassifierTraining,
        data: TrainingData,
        entries: Entries,
        chosen: ClassifierSettings,
        report: Report,
        after_epoch: AfterEpoch | None,
        checkpoints: EpochCheckpoints | None,
    ) -> None:
        self._model = model
        self._data = data
        self._chosen = chosen
        self.measured = TrainingRun()
        self._report = report
        self._after_epoch = after_epoch
        self._checkpoints = checkpoints
        self._threads = chosen.threads or os.cpu_count() or 1
        self._words = data.examples.tokens  # of an epoch
        self._predicting = kernels.ClassifierModel(
            model.input_rows,
            model.output_rows,
            loss=model.loss,
            label_counts=np.asarray(entries.label_counts, np.int64),
        )
        self._best: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    def run(self) -> None:
        try:
            self._epochs(self._resume())
        except KeyboardInterrupt:
            if self._checkpoints:
                self._checkpoints.save()
            raise
        if self._best:
            self._model.input_rows[:], self._model.output_rows[:] = self._best

    def _epochs(self, done: int) -> None:
        for epoch in range(done + 1, self._chosen.epochs + 1):
            self._train(epoch)
            if not np.isfinite(self._model.output_rows).all():
                raise EngineError(
                    f"training met numbers that are not finite in epoch {epoch}; lower "
                    f"learning_rate, which is {self._chosen.learning_rate:g}"
                )
            go_on = True
            if self._chosen.early_stopping and epoch >= self._chosen.min_epochs:
                go_on = self._validate(epoch)
            if self._after_epoch:
                go_on = self._after_epoch(epoch, self.probabilities) and go_on
            if not go_on:
                break
            if self._checkpoints:
                self._checkpoints.keep(epoch, self._rows(), self.measured)

    def _rows(self) -> dict[str, NDArray[np.float32]]:
        """What a checkpoint has to have; the best weights are never changed, only replaced."""
        rows = {"input": self._model.input_rows.copy(), "output": self._model.output_rows.copy()}
        if self._best:
            rows |= {"best_input": self._best[0], "best_output": self._best[1]}
        return rows

    def _resume(self) -> int:
        """Take over what an earlier call has done; how many epochs."""
        found = self._checkpoints.load() if self._checkpoints else None
        if found is None or found[1]["input"].shape != self._model.input_rows.shape:
            return 0  # none, or one of another release
        done, rows, self.measured = found
        self._model.input_rows[:], self._model.output_rows[:] = rows["input"], rows["output"]
        if "best_input" in rows:
            self._best = rows["best_input"], rows["best_output"]
        return done

    def probabilities(self) -> Iterator[NDArray[np.float32]]:
        """Of the weights as they are, for the validation examples, in parts."""
        assert self._data.validation is not None
        return self._predicting.example_probabilities(self._data.validation, self._threads)

    def accuracy(self) -> float:
        """On the validation examples that have labels."""
        held_out = self._data.validation
        assert held_out is not None
        best = np.concatenate([part.argmax(axis=1) for part in self.probabilities()])
        counts = np.diff(held_out.label_offsets)
        example_of = np.repeat(np.arange(len(held_out)), counts)
        right = example_of[best[example_of] == held_out.labels]
        labelled = (counts > 0) | (held_out.unknown_labels > 0)
        return len(np.unique(right)) / max(int(labelled.sum()), 1)

    def _train(self, epoch: int) -> None:
        began, cpu_began = time.monotonic(), _cpu_seconds()
        kernels.train_epoch(
            self._model,
            self._data.examples,
            epoch=epoch - 1,
            seed=self._chosen.seed,
            threads=self._threads,
            on_tick=self._tick,
        )
        self.measured.seconds += time.monotonic() - began
        self.measured.cpu_seconds += _cpu_seconds() - cpu_began

    def _tick(self, done: int, loss: float | None) -> None:
        total = self._words * self._chosen.epochs
        share = done / max(len(self._data.examples) * self._chosen.epochs, 1)
        words, rate = int(share * total), self._chosen.learning_rate * (1 - share)
        detail = ""
        if loss is not None:
            detail = f"loss {loss:.3f}, learning rate {rate:.4f}"
            if share * _LOSS_POINTS >= len(self.measured.losses) + 1:
                self.measured.losses.append((words, round(loss, 4), round(rate, 6)))
        self._report(Progress("training", words, total, "words", detail))

    def _validate(self, epoch: int) -> bool:
        """Keep the weights if they are the best so far; whether there is hope for better ones."""
        accuracy = self.accuracy()
        if accuracy > max((earlier for _, earlier in self.measured.validation), default=-1.0):
            self._best = self._model.input_rows.copy(), self._model.output_rows.copy()
            self.measured.best_epoch = epoch
        self.measured.validation.append((epoch, accuracy))
        waited = epoch - (self.measured.best_epoch or epoch)
        found = "improved" if waited == 0 else f"not improved for {waited} epochs"
        detail = f"accuracy {accuracy:.6f}, {found}"
        self._report(Progress("validation", epoch, self._chosen.epochs, "epochs", detail))
        return waited < self._chosen.patience


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system
