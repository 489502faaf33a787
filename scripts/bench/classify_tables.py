"""Tables of classification: seconds, microseconds, accuracy with standard errors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, median, stdev
from typing import Any

from classify_run import OURS
from speed_table import spread

Row = Mapping[str, Any]
_PEER = "fasttext"


def print_tables(lines: Sequence[Row]) -> None:
    """Markdown of results: a line about the run, then rows."""
    about, *rows = lines
    machine = about["machine"]
    print(f"\n{machine['processor']}, {machine['cores']} cores")
    _print_training([row for row in rows if row["kind"] == "training"])
    _print_prediction([row for row in rows if row["kind"] == "prediction"])
    _print_quality([row for row in rows if row["kind"] == "quality"])


def _print_training(rows: Sequence[Row]) -> None:
    print(f"\n| training, seconds | {OURS} | {_PEER} | ours is | accuracy | {_PEER}'s |")
    print("|---|---|---|---|---|---|")
    for key, found in _groups(rows, "data", "word_ngrams"):
        seconds = {name: [row["wall"] for row in found[name]] for name in (OURS, _PEER)}
        ratio = median(seconds[_PEER]) / median(seconds[OURS])
        accuracy = [f"{fmean(r['accuracy'] for r in found[name]):.3f}" for name in (OURS, _PEER)]
        cells = [spread(seconds[OURS]), spread(seconds[_PEER]), f"{ratio:.1f} x faster", *accuracy]
        print(f"| {key[0]}, {_ngrams(key[1])} | {' | '.join(cells)} |")


def _print_prediction(rows: Sequence[Row]) -> None:
    print(
        f"\n| prediction, microseconds per text | {OURS} | {_PEER} | ours is |\n|---|---|---|---|"
    )
    for key, found in _groups(rows, "data", "word_ngrams", "what"):
        times = {name: [row["microseconds"] for row in found[name]] for name in (OURS, _PEER)}
        ratio = median(times[_PEER]) / median(times[OURS])
        cells = [spread(times[OURS]), spread(times[_PEER]), f"{ratio:.1f} x faster"]
        print(f"| {key[0]}, {_ngrams(key[1])}, {key[2]} | {' | '.join(cells)} |")


def _print_quality(rows: Sequence[Row]) -> None:
    print(f"\n| accuracy | seeds | {OURS} | {_PEER} | difference |\n|---|---|---|---|---|")
    for key, found in _groups(rows, "data", "epochs", "learning_rate", "min_count"):
        values = {name: [100 * row["accuracy"] for row in found[name]] for name in (OURS, _PEER)}
        difference = fmean(values[OURS]) - fmean(values[_PEER])
        error = math.hypot(*(_standard_error(values[name]) for name in (OURS, _PEER)))
        shown = f"{difference:+.2f} ± {error:.2f}"
        shown = f"**{shown}**" if difference < -error else shown
        cells = [f"{fmean(v):.2f} ± {_standard_error(v):.2f}" for v in values.values()]
        label = f"{key[0]}, epochs {key[1]}, learning_rate {key[2]:g}, min_count {key[3]}"
        print(f"| {label} | {len(found[OURS])} | {' | '.join(cells)} | {shown} |")


def _groups(
    rows: Sequence[Row], *names: str
) -> Iterable[tuple[tuple[Any, ...], dict[str, list[Row]]]]:
    """Rows by the values of some columns, then by implementation."""
    found: dict[tuple[Any, ...], dict[str, list[Row]]] = {}
    for row in rows:
        by_name = found.setdefault(tuple(row[name] for name in names), {OURS: [], _PEER: []})
        by_name[row["implementation"]].append(row)
    return sorted(found.items())


def _standard_error(values: Sequence[float]) -> float:
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _ngrams(n: int) -> str:
    return "words" if n == 1 else f"{n}-grams"
