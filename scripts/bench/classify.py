"""How fast and how good text classifiers are: ours beside fastText, with the same settings.

    python scripts/bench/classify.py [--quick] [--rounds 3] [--seeds 3] [--results FILE]
    python scripts/bench/classify.py --timed langid8 [--rounds 3] [--results FILE]
    python scripts/bench/classify.py --table [--results FILE]

Training: every round trains everything once, in an order by chance, with 5 epochs and BlazingText's
other defaults; seconds are those of `classify_run.py`. Prediction: both libraries open the same
model, ours, and take turns. Quality: every set with the defaults, and with settings that suit it
better, from several seeds; a difference below zero by more than its standard error is bold. The
sets are the development data's (NLP_ENGINE_DATA) and a synthetic one of 1 million documents, or
with `--quick` of 100,000. fastText comes from the Python that runs this: `pip install
fasttext-numpy2`. It takes some 20 minutes on two cores; run it on a quiet machine. With `--timed`
speed alone is measured, of that set, and takes the place of its rows in the results.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import classify_data
import measure
from classify_data import SETS, SYNTHETIC, LabelledSet
from classify_predict import predictions
from classify_run import OURS, Run
from classify_tables import print_tables
from quality_corpora import data_folder

_RESULTS = Path(__file__).parent / "results" / "classify.jsonl"
_PEER = "fasttext"
_QUICK_DOCUMENTS = 100_000
_TIMED = ("langid8", SYNTHETIC)
_SUITED = {"epochs": 25, "learning_rate": 0.5, "min_count": 1}


def trainings(sets: list[LabelledSet], threads: int) -> list[Run]:
    """What is timed."""
    return [
        _run(found, name, threads=threads, word_ngrams=n)
        for found in sets
        for n in (1, 2)
        for name in (OURS, _PEER)
    ]


def qualities(sets: list[LabelledSet], seeds: int, threads: int) -> Iterator[Run]:
    """What is scored."""
    for seed in range(1, seeds + 1):
        for found in sets:
            for settings in ({}, _SUITED):
                for name in (OURS, _PEER):
                    common = {"threads": threads, "word_ngrams": 2, "seed": seed}
                    yield _run(found, name, **common, **settings)


def _run(found: LabelledSet, implementation: str, **settings: Any) -> Run:
    return Run(
        implementation=implementation,
        data=found.name,
        train=str(found.train),
        test=str(found.test),
        **settings,
    )


def outcome_of(run: Run) -> dict[str, Any]:
    """A row: the run and what came of it."""
    script = str(Path(__file__).with_name("classify_run.py"))
    done = subprocess.run(
        [sys.executable, script, json.dumps(asdict(run))], capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{run} failed:\n{done.stderr[-2000:]}")
    described = {key: value for key, value in asdict(run).items() if key not in ("train", "test")}
    return {**described, **json.loads(done.stdout.splitlines()[-1])}


def measure_all(arguments: argparse.Namespace, data: Path) -> Iterator[dict[str, Any]]:
    """The rows, as they come."""
    documents = _QUICK_DOCUMENTS if arguments.quick else 1_000_000
    sets = {
        name: classify_data.prepare(name, arguments.cache, data, documents)
        for name in arguments.timed or (*SETS, SYNTHETIC)
    }
    timed = [sets[name] for name in arguments.timed or _TIMED]
    order = random.Random(1)
    for number in range(arguments.rounds):
        runs = trainings(timed, arguments.threads)
        for run in order.sample(runs, len(runs)):
            yield {"kind": "training", "round": number, **outcome_of(run)}
    for found in timed:
        for n in (1, 2):
            model = arguments.cache / f"{found.name}{n}" / "model.bin"
            for row in predictions(model, found.test, arguments.rounds):
                yield {"kind": "prediction", "data": found.name, "word_ngrams": n, **row}
    scored = [] if arguments.timed else [sets[name] for name in SETS]
    for run in qualities(scored, arguments.seeds, arguments.threads):
        yield {"kind": "quality", **outcome_of(run)}


def _kept(results: Path, timed: list[str] | None) -> list[dict[str, Any]]:
    """The rows of an earlier run that this one does not repeat."""
    if not timed or not results.exists():
        return []
    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    return [row for row in rows[1:] if row["kind"] == "quality" or row["data"] not in timed]


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="on a smaller synthetic set")
    parser.add_argument("--timed", nargs="+", choices=_TIMED, help="only the speed of these")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", type=Path, default=_RESULTS, metavar="FILE")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    parser.add_argument("--table", action="store_true", help="run nothing, print the results'")
    arguments = parser.parse_args()
    if not arguments.table:
        arguments.results.parent.mkdir(parents=True, exist_ok=True)
        kept = _kept(arguments.results, arguments.timed)
        with arguments.results.open("w", encoding="utf-8", buffering=1) as file:
            about = {
                "machine": measure.machine(),
                "versions": measure.versions(["fasttext-numpy2", "nlp-engine", "numpy"]),
            }
            file.write(json.dumps(about) + "\n")
            file.writelines(json.dumps(row) + "\n" for row in kept)
            for row in measure_all(arguments, data_folder()):
                file.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)
    print_tables([json.loads(line) for line in arguments.results.read_text("utf-8").splitlines()])


if __name__ == "__main__":
    main()
