"""How near to the processor's peak our training comes with other shapes than the usual.

    python scripts/bench/train_shapes.py [--rounds 3] [--results FILE]
    python scripts/bench/train_shapes.py --table [--results FILE]

Mode batch_skipgram with vectors of other lengths, other numbers of negatives, windows and batches,
on the first 32 MB of the development data's English Wikipedia (NLP_ENGINE_DATA), with the
processor's widest instructions. Medians over the rounds, lowest and highest in brackets; see
`train.py` for what is measured.
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import measure
from quality_corpora import CORPORA, data_folder, prepare
from speed_table import spread
from train import QUICK_BYTES, Contender, time_contender
from training_runs import OURS, PACKAGES, Training
from training_work import compile_peak, corpus_work, peak

_RESULTS = Path(__file__).parent / "results" / "train_shapes.jsonl"
_SHAPES: Sequence[Mapping[str, Any]] = (
    *({"dim": dim} for dim in (32, 50, 64, 100, 128, 200, 256, 300, 512, 768, 1024, 1536, 2048)),
    *({"negatives": negatives} for negatives in (1, 2, 10, 20)),
    *({"window": window, "options": f"--batch-size {2 * window + 1}"} for window in (2, 10, 15)),
    *({"options": f"--batch-size {size}"} for size in (2, 4, 8)),
)


def trainings(threads: int) -> list[Training]:
    """What is timed."""
    return [
        Training(implementation=OURS, mode="batch_skipgram", epochs=1, threads=threads, **shape)
        for shape in _SHAPES
    ]


def measure_all(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Rows of results, as they come; the first is about the run."""
    corpus = prepare(CORPORA["en"], arguments.cache, data_folder(), QUICK_BYTES)
    found = trainings(arguments.threads)
    works = {training.window: corpus_work(corpus, training) for training in found}
    yield {
        "command": shlex.join([Path(sys.executable).name, *sys.argv]),
        "machine": measure.machine(),
        "versions": measure.versions(PACKAGES),
        "words": works[5].words,
    }
    order = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        program = compile_peak(Path(folder))
        level = next(iter(peak(program, arguments.threads)))
        for number in range(arguments.rounds):
            for training in order.sample(found, len(found)):
                timed = time_contender(
                    Contender(training=training, instructions=level), corpus, Path(folder)
                )
                yield {
                    "round": number,
                    **asdict(training),
                    **timed,
                    "multiply_adds": works[training.window].multiply_adds(training),
                    "peak": peak(program, arguments.threads)[level],
                }


def print_table(lines: Sequence[Mapping[str, Any]]) -> None:
    """A line per shape."""
    about, *rows = lines
    highest = max(row["peak"] for row in rows)
    print("\n| | M words per second | of the peak |\n|---|---|---|")
    for training in trainings(rows[0]["threads"]):
        found = [row for row in rows if Training.of(row) == training]
        rates = [about["words"] / row["wall"] / 1e6 for row in found]
        share = 100 * median(rates) * 1e6 * found[0]["multiply_adds"] / highest
        print(f"| {_label(training)} | {spread(rates)} | {share:.0f} % |")


def _label(training: Training) -> str:
    usual = Training(implementation=OURS, mode="batch_skipgram")
    parts = [
        f"{name} {getattr(training, name)}"
        for name in ("dim", "negatives", "window")
        if getattr(training, name) != getattr(usual, name)
    ]
    return ", ".join([*parts, *training.options.split("--")[1:]]) or "the defaults"


def main() -> None:
    """Time every shape and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", type=Path, default=_RESULTS, metavar="FILE")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    parser.add_argument("--table", action="store_true", help="run nothing, print the results'")
    arguments = parser.parse_args()
    if not arguments.table:
        with arguments.results.open("w", encoding="utf-8", buffering=1) as file:
            for row in measure_all(arguments):
                file.write(json.dumps(row) + "\n")
                print(row, flush=True)
    print_table([json.loads(line) for line in arguments.results.read_text("utf-8").splitlines()])


if __name__ == "__main__":
    main()
