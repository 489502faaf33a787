"""Whether other threads can run while a kernel works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def ticks_per_second(work: Callable[[], object]) -> float:
    """How often another thread that sleeps for a millisecond at a time wakes during `work`."""
    ticks, stop = 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not stop.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    stop.set()
    thread.join()
    return ticks / seconds
