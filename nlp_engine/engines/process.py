"""A trainer in a child process.

In this process a trainer of others could not be interrupted, would print its own progress, and
would take the interpreter down with it if it ran out of memory. Here is the parent's side;
`nlp_engine.engines.worker` is the child's.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any

from nlp_engine.errors import EngineError

_KILLED = -9


def run(
    worker: str,
    job: Mapping[str, Any],
    *,
    name: str,
    subject: str,
    on_line: Callable[[str], bool],
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a job in a child process, which dies with this one.

    Args:
        worker: The module to run, whose main function is `nlp_engine.engines.worker.run`.
        job: What the worker is to do, as JSON has it.
        name: The trainer's name, for errors.
        subject: What it is trained on, for errors.
        on_line: Takes each line of the worker's standard error; whether it was progress.
        environment: Variables added to this process's.

    Raises:
        EngineError: The worker failed; the message has its last line that was no progress.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", worker],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    assert child.stdin is not None and child.stderr is not None
    try:
        with contextlib.suppress(BrokenPipeError):  # it died at once; its status tells more
            child.stdin.write(json.dumps(job).encode() + b"\n")
            child.stdin.flush()  # left open: the worker stops when it closes
        last_line = _follow(child.stderr, on_line)
        status = child.wait()
    finally:
        child.kill()
        child.wait()
        child.stderr.close()
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
    if status != 0:
        reason = "it was killed; is there enough memory?" if status == _KILLED else last_line
        raise EngineError(f"{name} failed on {subject}: {reason}")


def _follow(stream: IO[bytes], on_line: Callable[[str], bool]) -> str:
    """Hand on each line; return the last one that was no progress."""
    last_line, pending = "", b""
    while chunk := stream.read1(1 << 16):  # type: ignore[attr-defined]
        *lines, pending = re.split(rb"[\r\n]+", pending + chunk)
        for line in [*lines, pending]:  # fastText ends its progress lines late
            text = line.decode("utf-8", "replace").strip()
            if text and not on_line(text):
                last_line = text
    return last_line
