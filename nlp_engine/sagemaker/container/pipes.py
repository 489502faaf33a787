"""Reading a channel's pipe once, without waiting for ever."""

from __future__ import annotations

import io
import os
import select
import time
from pathlib import Path

from nlp_engine.errors import InputError

PATIENCE_SECONDS = 300.0
"""A pipe must be there and bring its first bytes in this time."""

_BUFFER = 1 << 20
_POLL_SECONDS = 0.1


def open_pipe(path: Path, patience: float | None = None) -> io.BufferedReader:
    """Open a pipe when its first bytes, or its end, are there.

    Args:
        path: The pipe, which may be made later.
        patience: Seconds to wait; by default `PATIENCE_SECONDS`.

    Raises:
        InputError: Nothing comes, or it is a folder.
    """
    patience = PATIENCE_SECONDS if patience is None else patience
    deadline = time.monotonic() + patience
    while not path.exists():
        if time.monotonic() >= deadline:
            raise InputError(f"the pipe {path} has not appeared in {patience:g} seconds")
        time.sleep(_POLL_SECONDS)
    if path.is_dir():
        raise InputError(f"{path} is a folder; a channel in Pipe mode has a pipe there")
    # Opened in the usual way, a pipe that nobody writes to would block here.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(1000 * max(deadline - time.monotonic(), 0)):
        os.close(descriptor)
        raise InputError(f"nothing has come through the pipe {path} in {patience:g} seconds")
    os.set_blocking(descriptor, True)
    return io.BufferedReader(io.FileIO(descriptor), _BUFFER)
