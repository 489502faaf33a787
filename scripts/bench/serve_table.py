"""The README's tables of `serve.py`'s results."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

OURS = "nlp_engine serve"
PEER = "fasttext, Flask, gunicorn"
Row = dict[str, Any]


def print_tables(rows: Sequence[Row]) -> None:
    """Print them in Markdown."""
    rows = [row for row in rows if "kind" in row]
    print("| requests per second | words, 1 sentence | words, 100 | 2-grams, 1 | 2-grams, 100 |")
    print("|---|---|---|---|---|")
    servers = list(dict.fromkeys(row["server"] for row in rows))
    for server in servers:
        _line(server, (_rate(_of(rows, "full", server, *case)) for case in _CASES))
    for server in servers[1:]:
        _line(f"ours / {server}", (_ratio(rows, server, case) for case in _CASES))
    for server in servers:
        _line(f"{server}, processor µs a request", _medians(rows, "full", server, "cpu"))
    for server, kind, load in _LATENCIES:
        for name, key in (("median", "p50"), ("95 %", "p95"), ("99 %", "p99")):
            _line(f"{server}, ms at {load}, {name}", _latencies(rows, kind, server, key))
    failed = sum(row["failed"] for row in rows if row["server"] == OURS)
    print(f"\nFailed requests of {OURS}: {failed}")
    for row in rows:
        if row["kind"] == "soak":
            memory = row["memory"]
            print(
                f"Soak: {row['seconds']} s at {row['rate']:,.0f} requests/s, {row['failed']} "
                f"failed, p99 {row['p99']:.1f} ms, memory {memory[0]} MB at first, {memory[-1]} "
                f"MB at last, {max(memory)} MB at most"
            )


_LATENCIES = (
    (OURS, "half", "half load"),
    (PEER, "half", "half load"),
    (OURS, "peer's half", "the same load"),
)
_CASES = ((1, 1), (1, 100), (2, 1), (2, 100))


def _of(rows: Sequence[Row], kind: str, server: str, ngrams: int, size: int) -> list[Row]:
    return [
        row
        for row in rows
        if (row["kind"], row["server"], row["word_ngrams"], row["sentences"])
        == (kind, server, ngrams, size)
    ]


def _line(name: str, cells: Iterable[str]) -> None:
    print(f"| {name} | " + " | ".join(cells) + " |")


def _rate(rows: Sequence[Row]) -> str:
    rates = sorted(row["rate"] for row in rows)
    if not rates:
        return ""
    return f"{statistics.median(rates):,.0f} ({rates[0]:,.0f}–{rates[-1]:,.0f})"


def _ratio(rows: Sequence[Row], server: str, case: tuple[int, int]) -> str:
    """The median of the rounds' ratios."""
    theirs = _of(rows, "full", server, *case)
    if not theirs:
        return ""
    pairs = zip(_of(rows, "full", OURS, *case), theirs, strict=True)
    ratios = [ours["rate"] / peer["rate"] for ours, peer in pairs]
    return f"{statistics.median(ratios):.1f} x"


def _latencies(rows: Sequence[Row], kind: str, server: str, key: str) -> Iterator[str]:
    for case in _CASES:
        found = [row["probe"][key] for row in _of(rows, kind, server, *case)]
        yield _short(statistics.median(found)) if found else ""


def _medians(rows: Sequence[Row], kind: str, server: str, key: str) -> Iterator[str]:
    for case in _CASES:
        found = [row[key] for row in _of(rows, kind, server, *case)]
        yield _short(statistics.median(found)) if found else ""


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
