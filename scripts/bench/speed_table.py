"""Tables of training speed, beside each peer's, and the share of the processor's peak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from training_runs import OURS, PEERS, Training, peers_mode
from training_work import Work

Row = Mapping[str, Any]


def print_tables(lines: Sequence[Row]) -> None:
    """Markdown of results: a line about the run, then rows."""
    about, *rows = lines
    work = Work(**about["work"])
    peaks = {
        level: max(row["peak"][level] for row in rows)
        for level in (rows[0]["peak"] if rows else ())
    }
    machine, given = about["machine"], about["input"]
    print(f"\n{machine['processor']}, {machine['cores']} cores; {given['name']}: ", end="")
    print(f"{given['bytes'] / 1e6:.1f} MB, {work.words / 1e6:.2f} M words")
    for level, rate in peaks.items():
        print(f"peak, {level}: {rate / 1e9:.1f} thousand million multiply-adds per second")
    for key, title in (("wall", "per second"), ("cpu", "per CPU-second")):
        columns = [*PEERS, *(f"ours / {name}" for name in PEERS), "of the peak"]
        print(f"\n| M words {title} | {OURS} | {' | '.join(columns)} |")
        print("|---|---|" + "---|" * len(columns))
        for ours in _variants(rows, list(peaks)):
            share = _share(ours, work, peaks) if key == "wall" else ""
            print(f"| {_label(ours[0])} | {_comparison(rows, ours, work.words, key)} | {share} |")


def _variants(rows: Sequence[Row], levels: Sequence[str]) -> list[list[Row]]:
    """The rows of each of our contenders, in the tables' order."""
    found = dict[tuple[Any, ...], list[Row]]()
    for row in rows:
        if row["implementation"] == OURS:
            level = levels.index(row["instructions"])
            found.setdefault((row["whole"], row["mode"], row["dim"], level), []).append(row)
    return [found[key] for key in sorted(found)]


def _comparison(rows: Sequence[Row], ours: Sequence[Row], words: int, key: str) -> str:
    """Our rate, the peers', and ratios of medians."""
    rate = _rates(ours, words, key)
    cells, ratios = [spread(rate)], []
    for name in PEERS:
        wanted = (name, peers_mode(ours[0]["mode"]), ours[0]["dim"], ours[0]["whole"])
        theirs = _rates([row for row in rows if _identity(row) == wanted], words, key)
        cells.append(spread(theirs))
        ratios.append(f"{median(rate) / median(theirs):.1f} x" if theirs else "")
    return " | ".join([*cells, *ratios])


def _identity(row: Row) -> tuple[str, str, int, bool]:
    return row["implementation"], row["mode"], row["dim"], row["whole"]


def _rates(rows: Sequence[Row], words: int, key: str) -> list[float]:
    """Million words per second of each row; `key` is wall or cpu."""
    return [words * row["epochs"] / row[key] / 1e6 for row in rows]


def _share(ours: Sequence[Row], work: Work, peaks: Mapping[str, float]) -> str:
    """How much of the peak the multiply-adds of the median run are."""
    if ours[0]["whole"]:
        return ""
    rate = median(_rates(ours, work.words, "wall")) * 1e6
    needed = work.multiply_adds(Training.of(ours[0])) * rate
    return f"{100 * needed / peaks[ours[0]['instructions']]:.0f} %"


def spread(rates: Sequence[float]) -> str:
    """The median, and the lowest and highest in brackets."""
    if not rates:
        return ""
    digits = 2 if median(rates) < 5 else 1
    low, high = (f"{value:.{digits}f}" for value in (min(rates), max(rates)))
    return f"{median(rates):.{digits}f} ({low}–{high})"


def _label(row: Row) -> str:
    parts = ["end to end"] if row["whole"] else []
    parts += [row["mode"]] + ([f"dim {row['dim']}"] if row["dim"] != 100 else [])
    return ", ".join([*parts, {"avx512": "AVX-512", "avx2": "AVX2"}[row["instructions"]]])
