"""The table of compressed classifiers: size, seconds, and what accuracy they lose."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, median, stdev
from typing import Any

Row = Mapping[str, Any]
_OURS, _PEER = "nlp_engine", "fasttext"


def print_table(lines: Sequence[Row]) -> None:
    """Markdown of results: a line about the run, then rows. What is below the peer is bold."""
    about, *rows = lines
    machine = about["machine"]
    print(f"\n{machine['processor']}, {machine['cores']} cores\n")
    print(
        f"| set, settings | seeds | before | {_OURS} | {_PEER} | difference | MB | {_PEER}'s "
        f"| CPU seconds | {_PEER}'s |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    for (data, options), found in _groups(rows).items():
        ours, theirs = found[_OURS], found[_PEER]
        scores = [[100 * row["accuracy"] for row in its] for its in (ours, theirs)]
        cells = [
            f"{data}, {options or 'all'}",
            str(len(ours)),
            f"{fmean(100 * row['before'] for row in ours):.2f}",
            *(f"{fmean(values):.2f}" for values in scores),
            _difference(*scores),
            *(f"{median(row['bytes'] for row in its) / 1e6:.2f}" for its in (ours, theirs)),
            *(f"{median(row['cpu'] for row in its):.1f}" for its in (ours, theirs)),
        ]
        print(f"| {' | '.join(cells)} |")


def _difference(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Of the same models, so that its error is that of the pairs."""
    pairs = [a - b for a, b in zip(ours, theirs, strict=True)]
    if len(pairs) == 1:
        return f"{pairs[0]:+.2f}"
    error = stdev(pairs) / math.sqrt(len(pairs))
    shown = f"{fmean(pairs):+.2f} ± {error:.2f}"
    return f"**{shown}**" if fmean(pairs) < -error else shown


def _groups(rows: Sequence[Row]) -> dict[tuple[str, str], dict[str, list[Row]]]:
    """Rows by set and settings, then by implementation."""
    found: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in rows:
        options = " ".join(
            name if value is True else f"{name} {value:,}" for name, value in row["options"].items()
        )
        by_name = found.setdefault((row["data"], options), {_OURS: [], _PEER: []})
        by_name[row["implementation"]].append(row)
    return found
