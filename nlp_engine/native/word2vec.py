"""Training word vectors: skip-gram and CBOW with negative sampling, on all threads.

V words, D dimensions, S floats a row: D rounded up to whole cache lines of 16.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native import (  # type: ignore[attr-defined]
    _native,
    chosen_instructions,
    interruptible,
)
from nlp_engine.native.vectors import word_bytes

LAST_LEARNING_RATE: float = _native.LAST_LEARNING_RATE
"""Of the first: where the learning rate ends."""

# Columns of `Word2VecState.threads`: the part of the ids, where in it, and finished epochs.
_BEGIN, _END, _POSITION, _EPOCH = range(4)
_TICK_SECONDS = 0.05
_CHANCES = 2.0**32


def alias_table(weights: NDArray[np.float64]) -> NDArray[np.uint64]:
    """uint64 (V): draws i with probability `weights[i]` / sum in constant time (Vose, 1991)."""
    table: NDArray[np.uint64] = _native.alias_table(np.ascontiguousarray(weights, np.float64))
    return table


def keep_chances(counts: NDArray[np.int64], sampling_threshold: float) -> NDArray[np.uint32]:
    """uint32 (V), the chance of 2^32 that an occurrence of a word stays in the text.

    sqrt(t / f) + t / f with the word's share f of all `counts` and the threshold t, as in
    word2vec.c (Mikolov et al., 2013, give a similar formula).
    """
    ratio = sampling_threshold / (counts / counts.sum())
    chances = np.minimum(np.sqrt(ratio) + ratio, 1.0) * _CHANCES
    return np.asarray(np.minimum(chances, _CHANCES - 1), np.uint32)


def learning_rate_after(done: float, corpus: Word2VecCorpus) -> float:
    """The learning rate when so much of the training is done, 0..1: `Word2VecCorpus` says how."""
    return float(_corpus(corpus).learning_rate_after(done))


@dataclass(frozen=True, kw_only=True, slots=True)
class SubwordTable:
    """Which input rows make up each word, by fastText's rules.

    Attributes:
        offsets: int64 (V + 1) into `rows`.
        rows: int32, each word's own row and those of its n-grams.
        bucket_ids: int64 (B), rising: the bucket of input row V + i.
    """

    offsets: NDArray[np.int64]
    rows: NDArray[np.int32]
    bucket_ids: NDArray[np.int64]


def subword_table(
    words: Sequence[str], *, min_char: int, max_char: int, buckets: int
) -> SubwordTable:
    """The rows of (V) words; only buckets of n-grams that some word has get one."""
    offsets, rows, bucket_ids = _native.subword_table(
        *word_bytes(words), min_char, max_char, buckets
    )
    return SubwordTable(offsets=offsets, rows=rows, bucket_ids=bucket_ids)


@dataclass(frozen=True, kw_only=True, slots=True)
class Word2VecModel:
    """What is trained, and how.

    Attributes:
        mode: `batch_skipgram`, `skipgram` or `cbow`.
        dim: Length D of the vectors.
        window: Words on each side, at most; every centre draws 1 to `window`.
        negatives: Negative samples, of a window or (mode skipgram) of a pair of words.
        batch_size: Words of a window multiplied at once in mode batch_skipgram.
        input_rows: float32 (V + B, S), from `nlp_engine.native.rows.zero_rows`; trained in place.
        output_rows: float32 (V, S), likewise.
        alias: uint64 (V), the distribution of negatives, from `alias_table`.
        subwords: The rows of words with character n-grams, or None.
    """

    mode: str
    dim: int
    window: int
    negatives: int
    batch_size: int
    input_rows: NDArray[np.float32]
    output_rows: NDArray[np.float32]
    alias: NDArray[np.uint64]
    subwords: SubwordTable | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Word2VecCorpus:
    """The words to train on.

    Attributes:
        ids: int32 (N), of words or `LINE_END`; may be a memory map.
        keep: uint32 (V), from `keep_chances`.
        words: How many of the ids are words.
        epochs: Passes over the ids.
        learning_rate: At the start.
        decay_power: The learning rate falls as what is left of the training to this power; 1:
            linearly.
    """

    ids: NDArray[np.int32]
    keep: NDArray[np.uint32]
    words: int
    epochs: int
    learning_rate: float
    decay_power: float = 1.0


@dataclass(slots=True)
class Word2VecState:
    """Where training stands between two sentences of every thread.

    Attributes:
        threads: int64 (T, 7), the threads' own numbers (word2vec.h, `Word2VecThread`).
        words_done: Words read by all threads so far, over all epochs.
    """

    threads: NDArray[np.int64]
    words_done: int = 0

    def finished(self, epochs: int) -> bool:
        """Whether every thread has done all epochs."""
        return bool((self.threads[:, _EPOCH] >= epochs).all())

    def read(self, parts: NDArray[np.int64]) -> None:
        """Let the threads go on with other parts, int64 (T, 2), of the ids, none read yet."""
        self.threads[:, [_BEGIN, _END]] = parts
        self.threads[:, _POSITION] = parts[:, 0]
        self.threads[:, _EPOCH] = 0


OnTick = Callable[[int, float | None], bool]
"""Told of the words done and of the mean loss since the last call, if one was measured; answers
whether to go on."""


def start(corpus: Word2VecCorpus, *, threads: int, seed: int) -> Word2VecState:
    """The state before the first word."""
    return Word2VecState(_native.start_threads(_corpus(corpus), threads, seed))


def cut(corpus: Word2VecCorpus, parts: int) -> NDArray[np.int64]:
    """int64 (parts, 2): where parts of the ids of similar size begin and end.

    They are cut at line ends where there are any nearby.
    """
    threads: NDArray[np.int64] = _native.start_threads(_corpus(corpus), parts, 0)
    return threads[:, [_BEGIN, _END]]


def train(
    model: Word2VecModel,
    corpus: Word2VecCorpus,
    state: Word2VecState,
    *,
    on_tick: OnTick,
    instructions: str | None = None,
) -> None:
    """Train until all epochs are done, or until `on_tick` answers False.

    With one thread the result depends on the arguments alone, however often it is interrupted;
    several threads write into each other's rows (Hogwild).

    Args:
        model: Its rows are changed.
        corpus: The words.
        state: Where to begin; then where it stands.
        on_tick: Called many times a second.
        instructions: `baseline`, `avx2`, `avx512`, or None for the environment's or best choice.

    Raises:
        ValueError: Shapes that do not fit, or an instruction set that this processor lacks.
        KeyboardInterrupt: Passed on after all threads have stopped.
    """
    instructions = instructions or chosen_instructions()
    kernel_model, kernel_corpus = _model(model), _corpus(corpus)
    exchange = _native.TrainingExchange()
    exchange.go_on(state.words_done)

    def tick() -> None:
        loss, pairs = exchange.take_loss()
        if not on_tick(exchange.done, loss / pairs if pairs else None):
            exchange.stop()

    try:
        interruptible(
            lambda: _native.train_word2vec(
                kernel_model, kernel_corpus, state.threads, instructions, exchange
            ),
            cancel=exchange.stop,
            tick=tick,
            seconds=_TICK_SECONDS,
        )
    finally:
        state.words_done = exchange.done


def _model(model: Word2VecModel) -> object:
    table = model.subwords
    return _native.word2vec(
        mode=model.mode,
        dim=model.dim,
        window=model.window,
        negatives=model.negatives,
        batch_size=model.batch_size,
        input=model.input_rows,
        output=model.output_rows,
        alias=model.alias,
        subword_offsets=np.empty(0, np.int64) if table is None else table.offsets,
        subword_rows=np.empty(0, np.int32) if table is None else table.rows,
    )


def _corpus(corpus: Word2VecCorpus) -> Any:
    return _native.word2vec_corpus(
        ids=corpus.ids,
        keep=corpus.keep,
        words=corpus.words,
        epochs=corpus.epochs,
        learning_rate=corpus.learning_rate,
        decay_power=corpus.decay_power,
    )
