"""Linking many texts in several processes."""

from __future__ import annotations

import multiprocessing
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from nlp_engine.errors import NlpEngineError
from nlp_engine.processes import end_with_parent, map_in_order

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
    pool = _forked(ranker, function, workers)
    for results in map_in_order(pool, _in_worker, _parts(items), ahead=_PARTS_AHEAD * workers):
        yield from results


def _parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    part: list[Item] = []
    try:
        for item in items:
            part.append(item)
            if len(part) == _ITEMS_AT_ONCE:
                yield part
                part = []
    except NlpEngineError:
        if part:  # what comes before is done
            yield part
        raise
    if part:
        yield part


_of_worker: tuple[EntityRanker, Callable[..., Any]]  # in a worker process


def _forked(
    ranker: EntityRanker, function: Callable[..., Any], workers: int
) -> ProcessPoolExecutor:
    """Processes that have the ranker; it cannot be sent to them, so that they begin as copies."""
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(workers, context, _begin_worker, (ranker, function))
    with warnings.catch_warnings():
        # Threads of this process, if any, are none of the ranker's.
        warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)
        pool.submit(int)  # has all of them started
    return pool


def _begin_worker(ranker: EntityRanker, function: Callable[..., Any]) -> None:
    global _of_worker
    _of_worker = ranker, function
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends the others
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()


def _in_worker(items: Sequence[Any]) -> list[Any]:
    ranker, function = _of_worker
    return [function(ranker, item) for item in items]
