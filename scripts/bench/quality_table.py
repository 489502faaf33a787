"""Tables of scores with standard errors, and whether we are behind the better peer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev, variance
from typing import Any

from training_runs import IMPLEMENTATIONS, OURS, PEERS, peers_mode

_COLUMNS = ("mean_rho", "WS-ALL", "WS-REL", "WS-SIM", "SimLex", "MEN", "analogy")
_MODES = ("skipgram", "batch_skipgram", "cbow", "skipgram+subwords", "cbow+subwords")
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Ours less the better peer's.

    Attributes:
        mean: Of points.
        error: Standard error of the difference; None if nothing has two seeds.
        peer: The better one's name.
    """

    mean: float
    error: float | None
    peer: str

    @property
    def behind(self) -> bool:
        """Whether ours is lower by more than a standard error."""
        return self.mean < -(self.error or 0)


def spread(rows: Rows, corpus: str, mode: str, column: str) -> float | None:
    """Standard deviation over seeds, pooled over the implementations of a mode.

    Three seeds tell a standard deviation badly; pooled over the implementations it rests on three
    times as many. None if nothing has two seeds.
    """
    squares, freedom = 0.0, 0
    for name in IMPLEMENTATIONS:
        found = values(rows, corpus, name, mode, column)
        if len(found) > 1:
            squares += (len(found) - 1) * variance(found)
            freedom += len(found) - 1
    return math.sqrt(squares / freedom) if freedom else None


def values(rows: Rows, corpus: str, name: str, mode: str, column: str) -> list[float]:
    """One score of all seeds of an implementation."""
    mode = mode if name == OURS else peers_mode(mode)
    return [
        row["scores"][column]
        for row in rows
        if (row["corpus"], row["implementation"], row["mode"]) == (corpus, name, mode)
        and column in row["scores"]
    ]


def difference(rows: Rows, corpus: str, mode: str, column: str) -> Difference | None:
    """Ours beside the better peer; None if one of them was not run."""
    ours = values(rows, corpus, OURS, mode, column)
    peers = {name: values(rows, corpus, name, mode, column) for name in PEERS}
    peers = {name: found for name, found in peers.items() if found}
    if not ours or not peers:
        return None
    best = max(peers, key=lambda name: fmean(peers[name]))
    deviation = spread(rows, corpus, mode, column)
    return Difference(
        mean=fmean(ours) - fmean(peers[best]),
        error=deviation and deviation * math.sqrt(1 / len(ours) + 1 / len(peers[best])),
        peer=best,
    )


def print_tables(rows: Rows) -> None:
    """A table of every corpus in Markdown, a verdict, and ours with other settings."""
    others = [row for row in rows if row.get("options")]
    _print_equal([row for row in rows if row not in others])
    for corpus in dict.fromkeys(row["corpus"] for row in others):
        _print_others([row for row in others if row["corpus"] == corpus], corpus)


def _print_others(others: Rows, corpus: str) -> None:
    columns = [name for name in _COLUMNS if name in others[0]["scores"]]
    print(f"\n| {corpus}, {OURS} with | seeds | {' | '.join(columns)} |")
    print("|---|---|" + "---|" * len(columns))
    for mode, options in dict.fromkeys((row["mode"], row["options"]) for row in others):
        chosen = [row for row in others if (row["mode"], row["options"]) == (mode, options)]
        found = [[row["scores"][name] for row in chosen] for name in columns]
        cells = [_mean(column, stdev(column) if len(column) > 1 else None) for column in found]
        print(f"| {mode} `{options}` | {len(chosen)} | {' | '.join(cells)} |")


def _print_equal(rows: Rows) -> None:
    behind = list[str]()
    for corpus in dict.fromkeys(row["corpus"] for row in rows):
        columns = [name for name in _COLUMNS if any(_has(row, corpus, name) for row in rows)]
        print(f"\n{_counts(rows, corpus)}\n")
        print(f"| {corpus} | | seeds | {' | '.join(columns)} |")
        print("|---|---|---|" + "---|" * len(columns))
        for mode in _MODES:
            _print_mode(rows, corpus, mode, columns)
            for column in columns:
                found = difference(rows, corpus, mode, column)
                if found and found.behind:
                    behind.append(f"{corpus} {mode} {column} ({_signed(found)} to {found.peer})")
    print(
        f"\nbehind by more than a standard error of the difference: {', '.join(behind) or 'none'}"
    )


def _has(row: Mapping[str, Any], corpus: str, column: str) -> bool:
    return row["corpus"] == corpus and column in row["scores"]


def _counts(rows: Rows, corpus: str) -> str:
    """What the scores rest on, by the largest vocabulary."""
    counts = max(
        (r["counts"] for r in rows if r["corpus"] == corpus), key=lambda c: c["vocabulary"]
    )
    return "pairs, questions: " + ", ".join(f"{name} {n:,}" for name, n in counts.items())


def _print_mode(rows: Rows, corpus: str, mode: str, columns: Sequence[str]) -> None:
    """The lines of a mode: the peers where they share it, ours, then the difference."""
    for name in IMPLEMENTATIONS if mode == peers_mode(mode) else (OURS,):
        found = {column: values(rows, corpus, name, mode, column) for column in columns}
        if seeds := max(map(len, found.values())):
            spreads = {column: spread(rows, corpus, mode, column) for column in columns}
            cells = [_mean(found[column], spreads[column]) for column in columns]
            print(f"| {mode} | {name} | {seeds} | {' | '.join(cells)} |")
    differences = [difference(rows, corpus, mode, column) for column in columns]
    if any(differences):
        cells = [_cell(found) for found in differences]
        print(f"| | ours less the better peer | | {' | '.join(cells)} |")


def _mean(found: Sequence[float], deviation: float | None) -> str:
    if not found:
        return ""
    return f"{fmean(found):.1f}" + (
        f" ± {deviation / math.sqrt(len(found)):.1f}" if deviation else ""
    )


def _cell(found: Difference | None) -> str:
    """Bold where we are behind."""
    if found is None:
        return ""
    return f"**{_signed(found)}**" if found.behind else _signed(found)


def _signed(found: Difference) -> str:
    return f"{found.mean:+.1f}" + (f" ± {found.error:.1f}" if found.error else "")
