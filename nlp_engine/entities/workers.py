"""Linking many texts in several processes."""

from __future__ import annotations

import multiprocessing
import signal
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.pool import AsyncResult, Pool
from typing import TYPE_CHECKING, Any, TypeVar

from nlp_engine.errors import NlpEngineError

if TYPE_CHECKING:
    from nlp_engine.entities.ranking import EntityRanker

Item = TypeVar("Item")
Result = TypeVar("Result")

_ITEMS_AT_ONCE = 64  # for each worker
_PARTS_AHEAD = 2  # for each worker, so that none waits for the one who takes the results


def map_in_workers(
    ranker: EntityRanker,
    function: Callable[[EntityRanker, Item], Result],
    items: Iterable[Item],
    workers: int,
) -> Iterator[Result]:
    """What a function makes of a ranker and each item, in their order.

    The more of the work the function does, the less is left to this process; what it gives should
    be small.

    Args:
        ranker: The ranker; its knowledge base is mapped, so that the processes share it.
        function: What to do.
        items: Read a little ahead of the results.
        workers: Processes to use; 1: this one alone, each item as it comes.
    """
    if workers <= 1:
        for item in items:
            yield function(ranker, item)
        return
    waiting: deque[AsyncResult[list[Result]]] = deque()
    remaining = iter(items)
    ended: Exception | None = None
    with _forked(ranker, function, workers) as pool:
        while ended is None:
            part: list[Item] = []
            try:
                while len(part) < _ITEMS_AT_ONCE:
                    part.append(next(remaining))
            except (StopIteration, NlpEngineError) as error:
                ended = error
            if part:
                waiting.append(pool.apply_async(_in_worker, (part,)))
            while waiting and (ended or len(waiting) > _PARTS_AHEAD * workers):
                yield from waiting.popleft().get()
        pool.close()
        pool.join()
    if isinstance(ended, NlpEngineError):
        raise ended  # what comes before is done


_of_worker: tuple[EntityRanker, Callable[..., Any]]  # in a worker process


def _forked(ranker: EntityRanker, function: Callable[..., Any], workers: int) -> Pool:
    """Processes that have the ranker; it cannot be sent to them, so that they begin as copies."""
    with warnings.catch_warnings():
        # Threads of this process, if any, are none of the ranker's.
        warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)
        context = multiprocessing.get_context("fork")
        return context.Pool(workers, _begin_worker, (ranker, function))


def _begin_worker(ranker: EntityRanker, function: Callable[..., Any]) -> None:
    global _of_worker
    _of_worker = ranker, function
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends the others
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _in_worker(items: Sequence[Any]) -> list[Any]:
    ranker, function = _of_worker
    return [function(ranker, item) for item in items]
