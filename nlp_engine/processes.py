"""Work that several processes share, with its results in order."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from nlp_engine.errors import EngineError, NlpEngineError

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    pool: ProcessPoolExecutor,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    ahead: int,
) -> Iterator[Result]:
    """What a function makes of each item, in their order; shuts the pool down at the end.

    An error of this package in `items` is raised once what came before it is done.

    Args:
        pool: The processes.
        function: Called in a process of the pool.
        items: Read a little ahead of the results.
        ahead: How many results may wait, so that no process does.

    Raises:
        EngineError: A process was killed.
    """
    waiting: deque[Future[Result]] = deque()
    remaining = iter(items)
    ended: Exception | None = None
    try:
        while waiting or ended is None:
            try:
                while ended is None and len(waiting) <= ahead:
                    waiting.append(pool.submit(function, next(remaining)))
            except (StopIteration, NlpEngineError) as error:
                ended = error
            if waiting:
                yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise EngineError(
            "a worker process was killed, perhaps for want of memory; use fewer --workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
    if isinstance(ended, NlpEngineError):
        raise ended


def end_with_parent() -> None:
    """Have this process, one of a pool, end when the one that started it was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
