"""How good and how fast items for Personalize are: quality, Factorization Machines, speed.

    python scripts/bench/items.py quality [--quick]          MovieLens (ml-latest-small), new items
    python scripts/bench/items.py factorization [--quick] [--ml-100k FOLDER]
    python scripts/bench/items.py speed [--quick]            build and check of 1 M items
    python scripts/bench/items.py kmeans [--quick]           k-means of 1 M vectors
    python scripts/bench/items.py all [--quick]

Data comes from the development data (NLP_ENGINE_DATA). Every row that is printed is a line of JSON
in results/items.jsonl, too, but for --quick. ml-100k, beside ml-latest-small, is a folder with
`ml-100k.inter` and `ml-100k.item`, as RecBole has it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import items_factorization
import items_quality
import items_speed
import measure
from quality_corpora import data_folder

RESULTS = Path(__file__).parent / "results" / "items.jsonl"


def rows_of(part: str, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The rows of one part, as they are measured."""
    quick = arguments.quick
    if part == "quality":
        yield from items_quality.rows(data_folder(), quick=quick)
    elif part == "factorization":
        yield from items_factorization.rows(data_folder(), arguments.ml_100k, quick=quick)
    elif part == "speed":
        yield from items_speed.build_and_check(quick=quick)
    else:
        yield from items_speed.kmeans(quick=quick)


def main() -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ("quality", "factorization", "speed", "kmeans")
    parser.add_argument("part", choices=(*parts, "all"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--ml-100k", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    for part in parts if arguments.part == "all" else (arguments.part,):
        found = []
        for row in rows_of(part, arguments):
            print("  ".join(f"{name} {_shown(value)}" for name, value in row.items()), flush=True)
            found.append({"part": part, **row})
        if not arguments.quick:
            _keep(part, found)


def _keep(part: str, found: list[dict[str, Any]]) -> None:
    """Replace the part's lines of the results, those of the same data if it has several."""
    measured = {(part, row.get("data")) for row in found}
    kept = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    before = [(line, json.loads(line)) for line in kept]
    others = [line for line, row in before if (row["part"], row.get("data")) not in measured]
    machine = measure.machine()
    lines = [json.dumps({**row, "machine": machine}) for row in found]
    RESULTS.write_text("\n".join([*others, *lines]) + "\n", encoding="utf-8")


def _shown(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
