"""fastText as a trainer."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp_engine.corpus.vocabulary import EncodedCorpus
from nlp_engine.engines import process, scratch
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.errors import require
from nlp_engine.formats.fasttext import FastTextModel, read_model
from nlp_engine.progress import Progress, Report

# It writes piece by piece; what stands before "ETA" is complete.
_PROGRESS = re.compile(
    r"Progress:\s*([\d.]+)%.*?lr:\s*(-?[\d.]+)\s+avg\.loss:\s*(-?[\d.]+|-?nan)\s+ETA",
    re.IGNORECASE,
)
# fastText 0.9.3 initialises a tenth of its input matrix per thread and leaves the rest as it finds
# it (densematrix.cc, `uniform`; matrix.h, `AlignedVector`), so that small models meet NaN at
# random. glibc fills new memory with the complement of this value: zeros, as in fastText 0.9.2.
_ZEROED_MEMORY = {"MALLOC_PERTURB_": "255"}
_FULL_DISK_BYTES = 64 << 10
# No word begins with white space: without this, words with the usual prefix would be labels.
_NO_LABELS = {"label": " "}


def train_classifier(
    *,
    corpus: Path,
    model: Path,
    arguments: Mapping[str, Any],
    words_to_read: int,
    report: Report,
) -> FastTextModel:
    """Train a text classifier with fastText in a child process.

    Args:
        corpus: The training file.
        model: The model file to write.
        arguments: Arguments of `fasttext.train_supervised`, but for `input`.
        words_to_read: Words of the corpus times epochs, for progress.
        report: Told of words, loss and learning rate.

    Returns:
        What the written model file says about itself.

    Raises:
        MissingExtraError: fastText is not installed.
        EngineError: Training failed; the message has fastText's last line.
        OSError: The disk is full.
    """
    job = {"model": str(model), "arguments": {**arguments, "input": str(corpus)}}
    _run(job, str(corpus), words_to_read, report)
    if shutil.disk_usage(model.parent).free < _FULL_DISK_BYTES:
        # fastText writes on without an error and leaves a model that is cut short.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(model))
    return read_model(model)


def train_vectors(
    corpus: EncodedCorpus, *, arguments: Mapping[str, Any], folder: Path, report: Report
) -> TrainedVectors:
    """Train word vectors with fastText in a child process.

    Args:
        corpus: Its files are read again; its words get rows.
        arguments: Arguments of `fasttext.train_unsupervised`, but for `input`, and `seed`.
        folder: An empty folder that lasts as long as the result.
        report: Told of words, loss and learning rate.

    Raises:
        MissingExtraError: fastText is not installed.
        EngineError: Training failed; the message has fastText's last line.
    """
    scratch.write_vocabulary(folder, corpus)
    path = scratch.one_file(folder, corpus)
    job = {
        "folder": str(folder),
        "arguments": {**arguments, **_NO_LABELS, "input": str(path)},
    }
    words_to_read = corpus.tokens * arguments["epoch"]
    losses = _run(job, ", ".join(map(str, corpus.paths)), words_to_read, report)
    return scratch.read_result(folder, corpus, losses)


def _run(
    job: Mapping[str, Any], subject: str, words_to_read: int, report: Report
) -> list[tuple[int, float, float]]:
    """Run a job; return its losses."""
    require("fasttext", "fasttext")
    losses: dict[int, tuple[int, float, float]] = {}

    def on_line(line: str) -> bool:
        match = _PROGRESS.search(line)
        if match:
            share = min(float(match[1]), 100) / 100  # threads overrun the end a little
            done = int(share * words_to_read)
            losses[done] = (done, float(match[3]), float(match[2]))
            detail = f"loss {match[3]}, learning rate {match[2]}"
            report(Progress("training", done, words_to_read, "words", detail))
        return match is not None or line.startswith("Progress:")

    report(Progress("training", 0, words_to_read, "words"))
    process.run(
        "nlp_engine.engines.fasttext_worker",
        job,
        name="fastText",
        subject=subject,
        on_line=on_line,
        environment=_ZEROED_MEMORY,
    )
    return list(losses.values())
