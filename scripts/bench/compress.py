"""What compressed classifiers cost in accuracy: ours beside fastText's `quantize`, of one model.

    python scripts/bench/compress.py [--sets langid8 …] [--seeds 3] [--results FILE]
    python scripts/bench/compress.py --table [--results FILE]

Our trainer makes a model of each set, with settings that suit it, from several seeds; both compress
that model with the same cutoff, dsub and qnorm; each library scores its own file on the test part.
Without a cutoff fastText keeps the rows of all buckets. Sets are the development data's
(NLP_ENGINE_DATA). fastText comes from the Python that runs this: `pip install fasttext-numpy2`.
Seconds are of the processor, so that other work on the machine matters little.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import classify_data
import measure
from classify_data import SETS
from compress_table import print_table
from quality_corpora import data_folder

_RESULTS = Path(__file__).parent / "results" / "compress.jsonl"
_NAMES = ("nlp_engine", "fasttext")
_TRAINING = {"epochs": 25, "learning_rate": 0.5, "min_count": 1, "word_ngrams": 2}
_BUCKETS = 200_000  # without a cutoff fastText keeps all of them, with a code each
_COMPRESSIONS: tuple[dict[str, Any], ...] = (
    {},
    {"qnorm": True},
    {"cutoff": 50_000},
    {"cutoff": 50_000, "qnorm": True},
    {"cutoff": 10_000},
    {"cutoff": 10_000, "qnorm": True},
    {"cutoff": 2000},
    {"cutoff": 2000, "qnorm": True},
    {"cutoff": 10_000, "dsub": 4},
    {"cutoff": 10_000, "dsub": 4, "qnorm": True},
)


def measure_all(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The rows, as they come."""
    from nlp_engine.classification.train import train_classifier

    for name in arguments.sets:
        found = classify_data.prepare(name, arguments.cache, data_folder())
        for seed in range(1, arguments.seeds + 1):
            model = arguments.cache / f"compress-{name}-{seed}"
            if not model.exists():
                options = {**_TRAINING, "buckets": _BUCKETS, "seed": seed}
                train_classifier(found.train, model, **options)
            for options in _COMPRESSIONS:
                for implementation in _NAMES:
                    job = {"model": str(model), "test": str(found.test), "options": options}
                    done = _outcome({"implementation": implementation, **job})
                    described = {"data": name, "seed": seed, "options": options}
                    yield {**described, "implementation": implementation, **done}


def _outcome(job: dict[str, Any]) -> dict[str, Any]:
    script = str(Path(__file__).with_name("compress_run.py"))
    environment = {**os.environ, "MALLOC_PERTURB_": "255"}
    done = subprocess.run(
        [sys.executable, script, json.dumps(job)], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        sys.exit(f"{job} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=_RESULTS, metavar="FILE")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    parser.add_argument("--table", action="store_true", help="run nothing, print the results'")
    arguments = parser.parse_args()
    if not arguments.table:
        arguments.results.parent.mkdir(parents=True, exist_ok=True)
        with arguments.results.open("w", encoding="utf-8", buffering=1) as file:
            about = {
                "machine": measure.machine(),
                "versions": measure.versions(["fasttext-numpy2", "nlp-engine", "numpy"]),
            }
            file.write(json.dumps(about) + "\n")
            for row in measure_all(arguments):
                file.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)
    print_table([json.loads(line) for line in arguments.results.read_text("utf-8").splitlines()])


if __name__ == "__main__":
    main()
