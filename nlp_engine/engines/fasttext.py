"""fastText as a trainer, in a child process.

In this process fastText could not be interrupted, would print its own progress, and would take
the interpreter down with it if it ran out of memory.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from nlp_engine.errors import EngineError, require
from nlp_engine.formats.fasttext import FastTextModel, read_model
from nlp_engine.progress import Progress, Report

_PROGRESS = re.compile(
    r"Progress:\s*([\d.]+)%.*?lr:\s*(-?[\d.]+)\s+avg\.loss:\s*(-?[\d.]+|-?nan)", re.IGNORECASE
)
_KILLED = -9
# fastText 0.9.3 initialises a tenth of its input matrix per thread and leaves the rest as it finds
# it (densematrix.cc, `uniform`; matrix.h, `AlignedVector`), so that small models meet NaN at
# random. glibc fills new memory with the complement of this value: zeros, as in fastText 0.9.2.
_ZEROED_MEMORY = {"MALLOC_PERTURB_": "255"}
_FULL_DISK_BYTES = 64 << 10


def train(
    *,
    corpus: Path,
    model: Path,
    supervised: bool,
    arguments: Mapping[str, Any],
    words_to_read: int,
    report: Report,
    vectors: Path | None = None,
) -> FastTextModel:
    """Train a fastText model in a child process.

    Args:
        corpus: The training file.
        model: The model file to write.
        supervised: Whether to train a classifier instead of word vectors.
        arguments: Arguments of `fasttext.train_supervised` or `train_unsupervised`.
        words_to_read: Words of the corpus times epochs, for progress.
        report: Told of words, loss and learning rate.
        vectors: A `.npy` file to write with the vectors of all words, (V, D).

    Returns:
        What the written model file says about itself.

    Raises:
        MissingExtraError: fastText is not installed.
        EngineError: Training failed; the message has fastText's last line.
        OSError: The disk is full.
    """
    require("fasttext", "fasttext")
    job = {
        "function": "train_supervised" if supervised else "train_unsupervised",
        "arguments": {**arguments, "input": str(corpus)},
        "model": str(model),
        "vectors": str(vectors) if vectors else None,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "nlp_engine.engines.fasttext_worker"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **_ZEROED_MEMORY},
    )
    assert child.stdin is not None and child.stderr is not None
    try:
        report(Progress("training", 0, words_to_read, "words"))
        with contextlib.suppress(BrokenPipeError):  # it died at once; its status tells more
            child.stdin.write(json.dumps(job).encode() + b"\n")
            child.stdin.flush()  # left open: the worker stops when it closes
        last_line = _follow(child.stderr, words_to_read, report)
        status = child.wait()
    finally:
        child.kill()
        child.wait()
        child.stderr.close()
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
    if shutil.disk_usage(model.parent).free < _FULL_DISK_BYTES:
        # fastText writes on without an error and leaves a model that is cut short.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(model))
    if status != 0:
        reason = "it was killed; is there enough memory?" if status == _KILLED else last_line
        raise EngineError(f"fastText failed on {corpus}: {reason}")
    return read_model(model)


def _follow(stream: IO[bytes], words_to_read: int, report: Report) -> str:
    """Turn fastText's progress output into reports; return its last other line."""
    last_line, pending = "", b""
    while chunk := stream.read1(1 << 16):  # type: ignore[attr-defined]
        *lines, pending = re.split(rb"[\r\n]+", pending + chunk)
        for line in [*lines, pending]:
            text = line.decode("utf-8", "replace").strip()
            match = _PROGRESS.search(text)
            if match:
                share = min(float(match[1]), 100) / 100  # threads overrun the end a little
                done = int(share * words_to_read)
                detail = f"loss {match[3]}, learning rate {match[2]}"
                report(Progress("training", done, words_to_read, "words", detail))
            elif text:
                last_line = text
    return last_line
