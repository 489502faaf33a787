"""How good the settings are that `tune` finds, beside fastText's autotune with the same time.

    python scripts/bench/tune.py [--sets NAME…] [--minutes 5] [--seeds 1] [--results FILE]
    python scripts/bench/tune.py --table [--results FILE]

A part of each set's training examples is held out to decide between settings, a fifth, or a tenth
of large sets; what is found is scored on the test examples. Both search at the same time, with one
thread each. Defaults are BlazingText's, by our trainer. Every finished run is a line of JSON in the
results and is not repeated. The sets are the development data's (NLP_ENGINE_DATA); fastText comes
from the Python that runs this: `pip install fasttext-numpy2`. Five minutes make half an hour for
one seed; run it on a quiet machine with two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean
from typing import Any

import classify_data
import measure
from classify_data import SETS
from classify_run import OURS
from quality_corpora import data_folder

_RESULTS = Path(__file__).parent / "results" / "tune.jsonl"
_PEER = "fasttext"
_DEFAULTS = "defaults"
_LARGE = 20_000  # examples


def split(name: str, cache: Path, data: Path) -> dict[str, Path]:
    """The files of a set: `train`, `validation` and `test`."""
    found = classify_data.prepare(name, cache, data)
    parts = {part: cache / f"{name}.tune.{part}.txt" for part in ("train", "validation")}
    if not all(path.exists() for path in parts.values()):
        lines = found.train.read_bytes().splitlines(keepends=True)
        random.Random(1).shuffle(lines)
        held_out = len(lines) // (10 if len(lines) > _LARGE else 5)
        parts["validation"].write_bytes(b"".join(lines[:held_out]))
        parts["train"].write_bytes(b"".join(lines[held_out:]))
    return {**parts, "test": found.test}


def measure_one(job: dict[str, Any]) -> dict[str, Any]:
    """Tune or train in this process, and score the validation and the test examples."""
    started = time.monotonic()
    if job["implementation"] == _PEER:
        import fasttext

        model = fasttext.train_supervised(
            job["train"],
            autotuneValidationFile=job["validation"],
            autotuneDuration=round(60 * job["minutes"]),
            thread=job["threads"],
            seed=job["seed"],
            verbose=0,
        )
        accuracy = {part: model.test(job[part])[1] for part in ("validation", "test")}
        used = model.f.getArgs()
        names = ("dim", "lr", "epoch", "wordNgrams", "bucket", "minCount", "minn", "maxn")
        found = {"settings": {name: getattr(used, name) for name in names}}
    else:
        accuracy, found = _ours(job)
    seconds = round(time.monotonic() - started, 1)
    return {"accuracy": accuracy, "seconds": seconds, **found}


def _ours(job: dict[str, Any]) -> tuple[dict[str, float], dict[str, Any]]:
    from nlp_engine.classification.evaluation import evaluate_examples, read_examples
    from nlp_engine.classification.train import train_classifier
    from nlp_engine.classification.tuning.tune import tune_classifier

    out = Path(job["train"]).with_suffix(f".{job['implementation']}")
    common = {
        "validation": job["validation"],
        "seed": job["seed"],
        "threads": job["threads"],
        "overwrite": True,
    }
    found: dict[str, Any] = {}
    if job["implementation"] == _DEFAULTS:
        model = train_classifier(job["train"], out, **common)
    else:
        model = tune_classifier(job["train"], out, minutes=job["minutes"], **common)
        record = json.loads((out / "tuning.json").read_text(encoding="utf-8"))
        best = next(t for t in record["trials"] if t["number"] == record["best_trial"])
        found = {"settings": best["settings"], "trials": len(record["trials"])}
    accuracy = {
        part: evaluate_examples(model, read_examples(Path(job[part])), details=False).accuracy
        for part in ("validation", "test")
    }
    return accuracy, found


def print_table(rows: list[dict[str, Any]]) -> None:
    """Markdown: test accuracy of each set, mean over the seeds."""
    print("\n| test accuracy | seeds | defaults | nlp-engine tune | fastText autotune |")
    print("|---|---|---|---|---|")
    for name in SETS:
        cells = []
        for implementation in (_DEFAULTS, OURS, _PEER):
            of = [r for r in rows if (r["data"], r["implementation"]) == (name, implementation)]
            test = [f"{100 * fmean(r['accuracy']['test'] for r in of):.2f}"] if of else ["–"]
            cells += test
        count = len([r for r in rows if (r["data"], r["implementation"]) == (name, OURS)])
        print(f"| {name} | {count} | {' | '.join(cells)} |")


def main() -> None:
    """Run what is not finished yet, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of each search")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--results", type=Path, default=_RESULTS, metavar="FILE")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    parser.add_argument("--table", action="store_true", help="run nothing, print the results'")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.job:
        print(json.dumps(measure_one(json.loads(arguments.job))))
        return
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    rows = _read(arguments.results)
    for seed in range(1, arguments.seeds + 1):
        for name in () if arguments.table else arguments.sets:
            files = split(name, arguments.cache, data_folder())
            jobs = [
                {
                    "data": name,
                    "implementation": implementation,
                    "seed": seed,
                    "minutes": arguments.minutes,
                    "threads": arguments.threads,
                }
                for implementation in (OURS, _PEER, _DEFAULTS)
            ]
            jobs = [job for job in jobs if not any(job.items() <= row.items() for row in rows)]
            with ThreadPoolExecutor(2) as pool:
                rows += pool.map(lambda job, f=files: _run(job, f, arguments.results), jobs)
    print_table(rows)


def _read(results: Path) -> list[dict[str, Any]]:
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text("utf-8").splitlines()]


def _run(job: dict[str, Any], files: dict[str, Path], results: Path) -> dict[str, Any]:
    """Run a job in a process of its own and add its row."""
    paths = {part: str(path) for part, path in files.items()}
    # fastText leaves a part of its input matrix as the memory was; this makes that part zeros.
    done = subprocess.run(
        [sys.executable, __file__, "--job", json.dumps(job | paths)],
        capture_output=True,
        text=True,
        env={**os.environ, "MALLOC_PERTURB_": "255"},
    )
    if done.returncode:
        sys.exit(f"{job} failed:\n{done.stderr[-2000:]}")
    outcome = json.loads(done.stdout.splitlines()[-1])
    row = {**job, "processor": measure.machine()["processor"], **outcome}
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    print(json.dumps(row), flush=True)
    return row


if __name__ == "__main__":
    main()
