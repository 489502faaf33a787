"""What the collector counts, in Prometheus' text format."""

from __future__ import annotations

import threading
from collections import Counter

from nlp_engine.personalize.collector.spool import Spool

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ACCEPTED, REJECTED, FORWARDED, REFUSED, FAILED = (
    "accepted",
    "rejected",
    "forwarded",
    "refused",
    "failed_calls",
)
_COUNTERS = {
    ACCEPTED: "Events taken: they are on disk.",
    REJECTED: "Events answered with an error, because they break a rule.",
    FORWARDED: "Events that AWS has acknowledged.",
    REFUSED: "Events that AWS refuses; they are in refused.jsonl.",
    FAILED: "Calls of AWS that failed and are tried again.",
}


class Metrics:
    """Counts; any thread may add."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, name: str, amount: int = 1) -> None:
        """Add to a count."""
        with self._lock:
            self._counts[name] += amount

    def text(self, spool: Spool) -> str:
        """All numbers."""
        lines = []
        for name, about in _COUNTERS.items():
            lines += _metric(f"{name}_total", "counter", about, self._counts[name])
        for name, about, value in (
            ("spool_bytes", "Bytes on disk.", spool.stored_bytes),
            ("spool_limit_bytes", "Bytes that may be on disk.", spool.most_bytes),
            ("spool_waiting_bytes", "Bytes that AWS does not have yet.", spool.waiting_bytes),
            ("spool_damaged_lines", "Lines that a kill or the disk has damaged.", spool.damaged),
        ):
            lines += _metric(name, "gauge", about, value)
        return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, about: str, value: int) -> list[str]:
    name = f"nlp_engine_events_{name}"
    return [f"# HELP {name} {about}", f"# TYPE {name} {kind}", f"{name} {value}"]
