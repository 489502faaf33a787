"""Commands as a user types them, without the time that a new interpreter takes for each."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import IO
from unittest import mock

from nlp_engine.cli import main

PROGRAM = [sys.executable, "-m", "nlp_engine"]
"""The program in a process of its own, for signals, terminals, pipes and what is imported."""


@contextlib.contextmanager
def started(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """The program in a process that has pipes, and that is killed if the block fails."""
    with subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
            process.wait(60)
        finally:
            process.kill()


def run(*arguments: object, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in this process: all of the program but the interpreter's start and end."""
    command = ["nlp-engine", *map(str, arguments)]
    with contextlib.ExitStack() as files:
        streams = [
            files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline=""))
            for _ in range(3)
        ]
        streams[0].write(text or "")
        streams[0].seek(0)
        with as_a_process(command, *streams):
            try:
                main()
            except SystemExit as end:
                code = end.code
        printed = []
        for stream in streams[1:]:
            stream.seek(0)
            printed.append(stream.read())
    assert isinstance(code, int)
    return subprocess.CompletedProcess(command, code, *printed)


@contextlib.contextmanager
def as_a_process(
    command: list[str], standard_input: IO[str], output: IO[str], errors: IO[str]
) -> Iterator[None]:
    """Give `main` what it finds in a process of its own; put back all that it sets there."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    on_sigterm = signal.getsignal(signal.SIGTERM)
    root.handlers.clear()
    try:
        with (
            mock.patch.multiple(sys, argv=command, stdin=standard_input, stdout=output,
                                stderr=errors),
            mock.patch.dict(os.environ),
        ):  # fmt: skip
            yield
    finally:
        signal.signal(signal.SIGTERM, on_sigterm)
        root.handlers[:] = handlers
        root.setLevel(level)


def run_program(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def succeed(*arguments: object, text: str | None = None) -> str:
    """Run a command that must succeed without a word on standard error; return what it prints."""
    done = run(*arguments, text=text)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def fail(*arguments: object, code: int = 2) -> str:
    """Run a command that must fail with one clear line; return that line."""
    done = run(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("nlp-engine: ")
    return line
