"""Signals that would break work off anywhere, noted for a better moment."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@contextlib.contextmanager
def noted_signals() -> Iterator[list[int]]:
    """Note signals to stop, where handlers in Python wait for them, instead of calling these.

    They are called when the block ends: without any exception of theirs if it ends by one itself.
    Signals come to the main thread alone; in another one nothing is changed.

    Yields:
        The signals that have come.
    """
    received: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if callable(handler := signal.getsignal(number)):
                handlers[number] = handler
                signal.signal(number, lambda number, _: received.append(number))
    ended = False
    try:
        yield received
        ended = True
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for came in dict.fromkeys(received):
            with contextlib.nullcontext() if ended else contextlib.suppress(KeyboardInterrupt):
                handlers[signal.Signals(came)](came, None)
