"""Counts of all workers, in Prometheus' text format.

They lie in memory that the workers share: any of them can tell the numbers of all, which nobody has
to collect, and counting takes no locks, files or objects.
"""

from __future__ import annotations

import bisect
import mmap
from collections.abc import Iterator, Sequence

ROUTES = ("invocations", "runtime", "ping", "execution-parameters", "metrics", "other")
STATUSES = (200, 400, 404, 405, 408, 413, 415, 424, 431, 500, 501, 503)
_BOUNDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

_BUCKETS = len(ROUTES) * len(STATUSES)
_SECONDS = _BUCKETS + len(_BOUNDS) + 1
_OTHERS = {
    "nlp_engine_instances_total": ("counter", "Words and texts answered."),
    "nlp_engine_request_bytes_total": ("counter", "Bytes of bodies of requests."),
    "nlp_engine_response_bytes_total": ("counter", "Bytes of bodies of responses."),
    "nlp_engine_connections": ("gauge", "Open connections."),
    "nlp_engine_slow_connections_total": ("counter", "Connections closed for being too slow."),
    "nlp_engine_refused_connections_total": ("counter", "Connections over the limit."),
    "nlp_engine_worker_starts_total": ("counter", "Worker processes started."),
}
INSTANCES, RECEIVED, SENT, CONNECTIONS, SLOW, REFUSED, STARTS = range(
    _SECONDS + 1, _SECONDS + 1 + len(_OTHERS)
)
_SLOTS = STARTS + 1
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The numbers of all workers; make it before they are forked.

    Args:
        workers: How many there are.
    """

    def __init__(self, workers: int) -> None:
        memory = memoryview(mmap.mmap(-1, 8 * _SLOTS * workers)).cast("d")
        self.workers = [WorkerMetrics(memory, i) for i in range(workers)]

    def text(self) -> str:
        """All numbers, summed over the workers."""
        sums = [sum(column) for column in zip(*(w.values for w in self.workers), strict=True)]
        return "\n".join(_lines(sums)) + "\n"


class WorkerMetrics:
    """The numbers of one worker, which alone changes them.

    Args:
        memory: Those of all workers.
        number: Which of them it is.
    """

    def __init__(self, memory: memoryview[float], number: int) -> None:
        self._memory = memory
        self.values = memory[_SLOTS * number : _SLOTS * (number + 1)]

    def is_ahead(self, slot: int) -> bool:
        """Whether another worker has less of something."""
        return self.values[slot] > min(
            self._memory[i] for i in range(slot, len(self._memory), _SLOTS)
        )

    def add(self, slot: int, amount: float = 1) -> None:
        """Change one number, named by its slot."""
        self.values[slot] += amount

    def request(self, route: int, status: int, seconds: float, received: int, sent: int) -> None:
        """Count a request that was answered.

        Args:
            route: Its place in `ROUTES`.
            status: Of the response; one that is not in `STATUSES` counts as 500.
            seconds: From its last byte to the response.
            received: Bytes of its body.
            sent: Bytes of the response's body.
        """
        values = self.values
        at = STATUSES.index(status if status in STATUSES else 500)
        values[route * len(STATUSES) + at] += 1
        if route > 1:
            return
        values[_BUCKETS + bisect.bisect_left(_BOUNDS, seconds)] += 1
        values[_SECONDS] += seconds
        values[RECEIVED] += received
        values[SENT] += sent


def _lines(sums: Sequence[float]) -> Iterator[str]:
    yield from _head("nlp_engine_requests_total", "counter", "Requests answered.")
    for i, count in enumerate(sums[:_BUCKETS]):
        route, status = divmod(i, len(STATUSES))
        if count:
            labels = f'route="{ROUTES[route]}",status="{STATUSES[status]}"'
            yield f"nlp_engine_requests_total{{{labels}}} {count:.0f}"
    name = "nlp_engine_invocation_seconds"
    yield from _head(name, "histogram", "From an invocation's last byte to its response.")
    total = 0.0
    for bound, count in zip((*_BOUNDS, "+Inf"), sums[_BUCKETS:_SECONDS], strict=True):
        total += count
        yield f'{name}_bucket{{le="{bound}"}} {total:.0f}'
    yield f"{name}_sum {sums[_SECONDS]!r}"
    yield f"{name}_count {total:.0f}"
    for (name, (kind, about)), value in zip(_OTHERS.items(), sums[INSTANCES:], strict=True):
        yield from _head(name, kind, about)
        yield f"{name} {value:.0f}"


def _head(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
