"""The trainer: word vectors by this package's own kernels."""

from __future__ import annotations

import os
import time

import numpy as np

from nlp_engine.checkpoints import Checkpoints
from nlp_engine.corpus.vocabulary import EncodedCorpus
from nlp_engine.embeddings.checkpoint import TrainingRun, load_checkpoint, save_checkpoint
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.errors import EngineError, SettingError
from nlp_engine.formats.stored_vectors import FillRows
from nlp_engine.memory import available_memory
from nlp_engine.native import word2vec
from nlp_engine.native.rows import fill_uniform, row_floats, zero_rows
from nlp_engine.progress import Progress, Report

_LOSS_POINTS = 200


def train(
    corpus: EncodedCorpus,
    chosen: Word2VecSettings,
    *,
    checkpoints: Checkpoints,
    report: Report,
    pretrained: FillRows | None = None,
) -> tuple[TrainedVectors, TrainingRun]:
    """Train word vectors on all threads.

    Args:
        corpus: Encoded with the settings' `min_count`.
        chosen: The settings.
        checkpoints: Where they go, and where one of an earlier, interrupted call may be.
        report: Told of words, loss and learning rate.
        pretrained: Gives words the vectors to start from.

    Returns:
        The matrices and what was measured.

    Raises:
        SettingError: The matrices would not fit into memory.
        EngineError: The vectors have numbers that are not finite.
        KeyboardInterrupt: After a checkpoint, if it was worth one.
    """
    model, words = new_model(corpus, chosen), words_to_read(corpus, chosen)
    run = load_checkpoint(checkpoints, model)
    if run is None:
        fill_rows(model, corpus, chosen.seed, pretrained)
        threads = chosen.threads or os.cpu_count() or 1
        run = TrainingRun(word2vec.start(words, threads=threads, seed=chosen.seed))
    _run(model, words, run, checkpoints, minutes=chosen.checkpoint_minutes, report=report)
    return trained_vectors(corpus, model, run, chosen), run


def new_model(corpus: EncodedCorpus, chosen: Word2VecSettings) -> word2vec.Word2VecModel:
    """A model of zeros.

    Raises:
        SettingError: The matrices would not fit into memory.
    """
    subwords = None
    rows = vocabulary = len(corpus.words)
    if chosen.subwords:
        subwords = word2vec.subword_table(
            corpus.words,
            min_char=chosen.min_char,
            max_char=chosen.max_char,
            buckets=chosen.buckets,
        )
        rows += len(subwords.bucket_ids)
    _check_memory(rows, vocabulary, chosen)
    return word2vec.Word2VecModel(
        mode=chosen.mode,
        dim=chosen.vector_dim,
        window=chosen.window_size,
        negatives=chosen.negative_samples,
        batch_size=chosen.batch_size,
        input_rows=zero_rows(rows, chosen.vector_dim),
        output_rows=zero_rows(vocabulary, chosen.vector_dim),
        alias=word2vec.alias_table(corpus.counts.astype(np.float64) ** chosen.ns_exponent),
        subwords=subwords,
    )


def words_to_read(corpus: EncodedCorpus, chosen: Word2VecSettings) -> word2vec.Word2VecCorpus:
    """All words of the corpus."""
    count = int(corpus.counts.sum())
    return word2vec.Word2VecCorpus(
        ids=corpus.ids,
        keep=word2vec.keep_chances(corpus.counts, chosen.sampling_threshold),
        words=count,
        epochs=chosen.epochs,
        learning_rate=chosen.learning_rate,
        decay_power=chosen.decay(count * chosen.epochs),
    )


def fill_rows(
    model: word2vec.Word2VecModel, corpus: EncodedCorpus, seed: int, pretrained: FillRows | None
) -> None:
    """Give the input rows what training begins with."""
    fill_uniform(model.input_rows[:, : model.dim], seed)
    if pretrained:
        pretrained(corpus.words, model.input_rows[: len(corpus.words), : model.dim])


def _check_memory(input_rows: int, output_rows: int, chosen: Word2VecSettings) -> None:
    copies = 2 if chosen.distributed else 1  # averaging needs the rows as they were before
    needed = 4 * row_floats(chosen.vector_dim) * (input_rows + output_rows) * copies
    free = available_memory()
    if needed > free:
        raise SettingError(
            f"vector_dim is {chosen.vector_dim}; with {output_rows:,} words the matrices need "
            f"{needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free; lower vector_dim "
            "or raise min_count"
        )


def _run(
    model: word2vec.Word2VecModel,
    corpus: word2vec.Word2VecCorpus,
    run: TrainingRun,
    checkpoints: Checkpoints,
    *,
    minutes: float,
    report: Report,
) -> None:
    """Train to the end, with a checkpoint every so many minutes."""
    watch = Watch(corpus, run, report)
    while not run.state.finished(corpus.epochs):
        pause_at = time.monotonic() + 60 * minutes
        began, cpu_began = time.monotonic(), cpu_seconds()

        def on_tick(words_done: int, loss: float | None, pause_at: float = pause_at) -> bool:
            watch.tick(words_done, loss)
            return time.monotonic() < pause_at

        try:
            word2vec.train(model, corpus, run.state, on_tick=on_tick)
        except KeyboardInterrupt:
            if time.monotonic() - watch.began >= checkpoints.worth_seconds:
                save_checkpoint(checkpoints, model, run)
            raise
        finally:
            run.seconds += time.monotonic() - began
            run.cpu_seconds += cpu_seconds() - cpu_began
        if not run.state.finished(corpus.epochs):
            save_checkpoint(checkpoints, model, run)


def cpu_seconds() -> float:
    """User and system time of this process so far."""
    times = os.times()
    return times.user + times.system


class Watch:
    """Reports progress and gathers the loss curve."""

    def __init__(self, corpus: word2vec.Word2VecCorpus, run: TrainingRun, report: Report) -> None:
        self.began = time.monotonic()
        self._corpus = corpus
        self._total = corpus.words * corpus.epochs
        self._run = run
        self._report = report
        self._sums = [0.0, 0.0]  # of losses since the last point, and their number
        self._detail = ""

    def tick(self, words_done: int, loss: float | None) -> None:
        """Take note of the words done and of the mean loss since the last call, if any."""
        share = min(words_done / self._total, 1.0)
        rate = word2vec.learning_rate_after(share, self._corpus)
        if loss is not None:
            self._sums = [self._sums[0] + loss, self._sums[1] + 1]
            self._detail = f"loss {loss:.3f}, learning rate {rate:.4f}"
            if share * _LOSS_POINTS >= len(self._run.losses) + 1:
                mean = self._sums[0] / self._sums[1]
                self._run.losses.append((words_done, round(mean, 4), round(rate, 6)))
                self._sums = [0.0, 0.0]
        self._report(Progress("training", words_done, self._total, "words", self._detail))


def trained_vectors(
    corpus: EncodedCorpus,
    model: word2vec.Word2VecModel,
    run: TrainingRun,
    chosen: Word2VecSettings,
) -> TrainedVectors:
    """The result: views of the model's rows.

    Raises:
        EngineError: They have numbers that are not finite.
    """
    if not all(np.isfinite(m.sum(dtype=np.float64)) for m in (model.input_rows, model.output_rows)):
        raise EngineError(
            "training met numbers that are not finite; lower learning_rate, which is "
            f"{chosen.learning_rate:g}"
        )
    words = len(corpus.words)
    rows = model.input_rows[:, : model.dim]
    return TrainedVectors(
        words=corpus.words,
        counts=corpus.counts,
        input_rows=rows[:words],
        output_rows=model.output_rows[:, : model.dim],
        bucket_ids=model.subwords.bucket_ids if model.subwords else None,
        bucket_rows=rows[words:] if model.subwords else None,
        losses=run.losses,
    )
