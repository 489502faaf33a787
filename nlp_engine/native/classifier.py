"""Kernels for text classification: fastText's features, its model, training and prediction.

N texts or examples, V words, L labels, D dimensions, S floats a row: D rounded up to whole cache
lines of 16.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native import (  # type: ignore[attr-defined]
    _native,
    chosen_instructions,
    interruptible,
)
from nlp_engine.native.vectors import bytes_of, word_bytes

P = TypeVar("P", bound=tuple[str, float])

_TICK_SECONDS = 0.05
_PROBABILITIES_AT_ONCE = 1 << 22  # 16 MB


@dataclass(frozen=True, kw_only=True, slots=True)
class Examples:
    """Examples as features and labels: those of example i from `offsets[i]` to `offsets[i + 1]`.

    Attributes:
        rows: int32, rows of the input matrix.
        row_offsets: int64 (N + 1) into `rows`.
        labels: int32, labels by number.
        label_offsets: int64 (N + 1) into `labels`.
        unknown_labels: int32 (N), labels of each example that the model lacks.
        tokens: Words and labels of all examples, lines' ends included.
    """

    rows: NDArray[np.int32]
    row_offsets: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_offsets: NDArray[np.int64]
    unknown_labels: NDArray[np.int32]
    tokens: int

    def __len__(self) -> int:
        return len(self.row_offsets) - 1

    def part(self, begin: int, end: int) -> Examples:
        """Those from `begin` up to `end`; `tokens` stays that of all."""
        end = min(end, len(self))
        return replace(
            self,
            rows=self.rows[: self.row_offsets[end]],
            row_offsets=self.row_offsets[begin : end + 1],
            labels=self.labels[: self.label_offsets[end]],
            label_offsets=self.label_offsets[begin : end + 1],
            unknown_labels=self.unknown_labels[begin:end],
        )

    @property
    def view(self) -> object:
        """As the kernels take them."""
        return _native.example_view(self.rows, self.row_offsets, self.labels, self.label_offsets)


class LineFeatures:
    """What fastText makes of a line: rows for its words and n-grams, and its labels.

    Args:
        words: (V) words; the model's rows begin with theirs.
        labels: (L) label words, with prefix.
        word_ngrams: Longest word n-gram.
        buckets: Rows of n-grams, which are hashed to them.
        min_char: Shortest character n-gram.
        max_char: Longest character n-gram; 0: none.
        kept_buckets: int32, the buckets that a pruned model still has, by row; None: all.
    """

    def __init__(
        self,
        words: Sequence[str],
        labels: Sequence[str],
        *,
        word_ngrams: int,
        buckets: int,
        min_char: int = 0,
        max_char: int = 0,
        kept_buckets: NDArray[np.int32] | None = None,
    ) -> None:
        self.kernel = _native.LineFeatures(
            *word_bytes([*words, *labels]),
            len(words),
            word_ngrams,
            max(buckets, 1),
            min_char,
            max_char,
            kept_buckets,
        )

    def read_examples(self, text: NDArray[np.uint8], threads: int | None = None) -> Examples:
        """The examples of a labelled text, one per line.

        Args:
            text: uint8, its bytes; may be a memory map.
            threads: Threads to use; by default all processors.
        """
        return Examples(**self.kernel.read_examples(text, threads or os.cpu_count() or 1))

    def read_line(
        self, text: str
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """A line's rows, and of each the first of its words and the one behind its last.

        Words are those between spaces but for labels, and behind them the line's end.
        """
        rows, first, last = self.kernel.read_line(text)
        return rows, first, last


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizedMatrix:
    """(rows, D) values as fastText's product quantiser keeps them.

    Attributes:
        dim: D.
        part_dim: Values of a part; the last part of a row may be shorter.
        codes: uint8 (rows, parts), a centroid of each part.
        centroids: uint8 (1024 * D), the bytes of float32 values: 256 centroids for each part.
        norm_codes: uint8 (rows), a norm that multiplies each row, or None.
        norm_centroids: uint8 (1024), the bytes of 256 float32 norms, or None.
    """

    dim: int
    part_dim: int
    codes: NDArray[np.uint8]
    centroids: NDArray[np.uint8]
    norm_codes: NDArray[np.uint8] | None = None
    norm_centroids: NDArray[np.uint8] | None = None

    @property
    def kernel(self) -> object:
        """As the kernels take it."""
        return _native.quantized_matrix(
            self.dim, self.part_dim, self.codes, self.centroids, self.norm_codes,
            self.norm_centroids,
        )  # fmt: skip


ClassifierMatrix = NDArray[np.float32] | QuantizedMatrix
"""float32 (rows, D), which may be mapped and unaligned, or quantised."""


class ClassifierModel:
    """A linear classifier of the mean of a text's rows.

    It refers to the matrices: where these are trained, it predicts by what they are then.

    Args:
        input_matrix: Rows that `LineFeatures` names.
        output_matrix: (L, D) or more rows.
        loss: `softmax`, `one_vs_all` or `hierarchical_softmax`.
        label_counts: int64 (L), falling, of which a hierarchy is made.
    """

    def __init__(
        self,
        input_matrix: ClassifierMatrix,
        output_matrix: ClassifierMatrix,
        *,
        loss: str,
        label_counts: NDArray[np.int64],
    ) -> None:
        self._labels = len(label_counts)
        self._instructions = chosen_instructions()
        self.kernel = _native.ClassifierModel(
            _matrix(input_matrix), _matrix(output_matrix), loss, label_counts
        )

    def keep_row_scores(self) -> None:
        """From now on keep what rows add to the labels' scores, for many texts to come.

        With few labels that is far less to read than the rows. It takes memory as rows are used, at
        most a quarter of what dense rows have (with more labels nothing is kept); processes forked
        later share it. The matrices must not change any more. Probabilities are the same up to
        rounding.
        """
        self.kernel.keep_row_scores()

    def predict(
        self,
        features: LineFeatures,
        texts: Sequence[str],
        k: int,
        threshold: float,
        threads: int,
        names: list[str],
        prediction: type[P],
    ) -> list[list[P]]:
        """The `k` most probable labels of each of (N) texts.

        Args:
            features: The model's.
            texts: A line feed in them is like a space.
            k: Labels of a text, at most.
            threshold: Less probable labels are left out.
            threads: Threads to use, for many texts.
            names: (L) names of the labels.
            prediction: A named tuple of a name and a probability.

        Returns:
            (N) lists of predictions, best first. fastText adds 1e-5 to probabilities, and so they
            are here, but not over 1. A text without any row has none.
        """
        found: list[list[P]] = self.kernel.predict(
            features.kernel, list(texts), k, threshold, threads, self._instructions, names,
            prediction,
        )  # fmt: skip
        return found

    def probabilities(
        self, features: LineFeatures, texts: Sequence[str], threads: int
    ) -> NDArray[np.float32]:
        """float32 (N, L), the probabilities of all labels; arguments as in `predict`."""
        out = np.empty((len(texts), self._labels), np.float32)
        self.kernel.probabilities(features.kernel, list(texts), threads, self._instructions, out)
        return out

    def example_probabilities(
        self, examples: Examples, threads: int
    ) -> Iterator[NDArray[np.float32]]:
        """The probabilities of all labels for examples, in parts: float32 (n, L), N rows in all."""
        size = max(1, _PROBABILITIES_AT_ONCE // self._labels)
        for begin in range(0, len(examples), size):
            part = examples.part(begin, begin + size)
            out = np.empty((len(part), self._labels), np.float32)
            self.kernel.example_probabilities(part.view, threads, self._instructions, out)
            yield out


class JsonLabels:
    """Answers requests as BlazingText's endpoint has them, from bytes to bytes.

    Args:
        model: The model.
        features: Its features.
        labels: (L) what answers call its labels.
        threads: Threads to use, for many texts.
    """

    def __init__(
        self, model: ClassifierModel, features: LineFeatures, labels: Sequence[str], threads: int
    ) -> None:
        encoded = [json.dumps(label, ensure_ascii=False).encode() for label in labels]
        self._threads = threads
        self._instructions = chosen_instructions()
        self._kernel = _native.JsonLabels(model.kernel, features.kernel, encoded)

    def answer(self, body: bytes, most_labels: int) -> tuple[bytes, int] | None:
        """The answer to a request, and how many texts it is for.

        Args:
            body: `{"instances": ["…", …], "configuration": {"k": 1}}`.
            most_labels: That an answer may have.

        Returns:
            None for any other body, even one with further keys, and for one that asks for more.
        """
        found: tuple[bytes, int] | None = self._kernel.answer(
            body, most_labels, self._threads, self._instructions
        )
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassifierTraining:
    """What is trained, and how.

    Attributes:
        input_rows: float32 (rows, S), from `nlp_engine.native.rows.zero_rows`; trained in
            place.
        output_rows: float32 (L, S), likewise.
        groups_from: Rows from there on are sums of several features' rows; an example has at most
            one, its last.
        group_sizes: int32, of how many.
        loss: `softmax`, which draws one of an example's labels, or `one_vs_all`.
        label_weights: float32 (L), factors of the learning rate of a label's examples.
        learning_rate: At the start; it falls linearly to 0.
        epochs: How often `train_epoch` will be called at most.
    """

    input_rows: NDArray[np.float32]
    output_rows: NDArray[np.float32]
    groups_from: int
    group_sizes: NDArray[np.int32]
    loss: str
    label_weights: NDArray[np.float32]
    learning_rate: float
    epochs: int


OnTick = Callable[[int, float | None], None]
"""Told of the examples done, over all epochs, and of the mean loss since the last call, if one was
measured."""


def train_epoch(
    training: ClassifierTraining,
    examples: Examples,
    *,
    epoch: int,
    seed: int,
    threads: int,
    on_tick: OnTick,
    instructions: str | None = None,
) -> None:
    """Train on all examples once, in random order.

    With one thread the result depends on the arguments alone; several threads write into each
    other's rows (Hogwild).

    Args:
        training: Its rows are changed.
        examples: Those without row or label are left out.
        epoch: From 0.
        seed: Together with `epoch` it gives the order.
        threads: Threads to use.
        on_tick: Called many times a second.
        instructions: `baseline`, `avx2`, `avx512`, or None for the environment's or best choice.

    Raises:
        ValueError: Shapes that do not fit, or an instruction set that this processor lacks.
        KeyboardInterrupt: Passed on after all threads have stopped.
    """
    exchange = _native.TrainingExchange()
    exchange.go_on(epoch * len(examples))

    def tick() -> None:
        loss, count = exchange.take_loss()
        on_tick(exchange.done, loss / count if count else None)

    interruptible(
        lambda: _native.train_epoch(
            input=training.input_rows,
            groups_from=training.groups_from,
            group_sizes=training.group_sizes,
            output=training.output_rows,
            loss=training.loss,
            label_weights=training.label_weights,
            learning_rate=training.learning_rate,
            total=max(training.epochs * len(examples), 1),
            examples=examples.view,
            seed=(seed << 20) + epoch,
            threads=threads,
            instructions=instructions or chosen_instructions(),
            exchange=exchange,
        ),
        cancel=exchange.stop,
        tick=tick,
        seconds=_TICK_SECONDS,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleBuckets:
    """Buckets of n-grams that examples have: V words, B shared buckets, G groups.

    What only one example has always moves alike, and only the sum is read: it is trained as one
    row, the sum of its group.

    Attributes:
        shared: int32 (B), rising: buckets that occur several times, each with a row of its own.
        lone: int32 (M), those that occur once, group by group.
        lone_offsets: int64 (G + 1), where a group's begin in `lone`.
    """

    shared: NDArray[np.int32]
    lone: NDArray[np.int32]
    lone_offsets: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """Rows that they have: B + G."""
        return len(self.shared) + len(self.lone_offsets) - 1

    @property
    def group_sizes(self) -> NDArray[np.int32]:
        """int32 (G), buckets of each group."""
        return np.diff(self.lone_offsets).astype(np.int32)


def gather_buckets(
    examples: Examples, *, words: int, buckets: int, also: NDArray[np.int32]
) -> tuple[Examples, ExampleBuckets]:
    """Give buckets that occur the rows behind the words': shared ones, then groups.

    Args:
        examples: Not to be used any more; the answer has their memory.
        words: V; rows from there on are buckets.
        buckets: How many there are.
        also: int32, rows of other examples; their buckets count as shared.
    """
    found = _native.gather_buckets(examples.rows, examples.row_offsets, words, buckets, also)
    rows = examples.rows[: found.pop("rows_size")]
    return replace(examples, rows=rows), ExampleBuckets(**found)


def matrix_rows(matrix: ClassifierMatrix, rows: NDArray[np.integer]) -> NDArray[np.float32]:
    """float32 (R, D), some rows of a matrix."""
    if not isinstance(matrix, QuantizedMatrix):
        return np.asarray(matrix[rows], np.float32)
    values = np.empty((len(rows), matrix.dim), np.float32)
    centroids = np.frombuffer(matrix.centroids.tobytes(), np.float32)
    codes = matrix.codes[rows]
    for part, begin in enumerate(range(0, matrix.dim, matrix.part_dim)):
        end = min(begin + matrix.part_dim, matrix.dim)
        table = centroids[256 * begin : 256 * end].reshape(256, end - begin)
        values[:, begin:end] = table[codes[:, part]]
    if matrix.norm_codes is not None and matrix.norm_centroids is not None:
        norms = np.frombuffer(matrix.norm_centroids.tobytes(), np.float32)
        values *= norms[matrix.norm_codes[rows]][:, None]
    return values


def _matrix(matrix: ClassifierMatrix) -> object:
    if isinstance(matrix, QuantizedMatrix):
        return matrix.kernel
    return _native.dense_matrix(bytes_of(matrix))
