"""How good word vectors are after the same epochs: ours, fastText's and gensim's.

    python scripts/bench/train_quality.py [--only NAME…] [--modes MODE…] [--seeds 3]
    python scripts/bench/train_quality.py --table

Every finished run is a line of JSON in the results; a run whose line is there is not repeated, so
the command goes on where it was stopped (to repeat a run, delete its line). In the end, or at once
with `--table`, the tables are printed in Markdown. Settings are BlazingText's defaults for all. The
texts and evaluation sets come from the development data (NLP_ENGINE_DATA), peers from the Python
that runs this: `pip install gensim fasttext-numpy2`. One seed of every mode comes first, then the
others, then German and Russian. The peers take some two hours on two cores; other work on the
machine does not matter.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from measure import machine, versions
from numpy.typing import NDArray
from quality_corpora import CORPORA, data_folder, file_sha256, prepare
from quality_table import print_tables
from training_runs import IMPLEMENTATIONS, OURS, PACKAGES, Training, command
from vector_scores import score

_RESULTS = Path(__file__).parent / "results" / "train_quality.jsonl"
_MODES = ("skipgram", "batch_skipgram", "cbow")
_ENGLISH_MODES = (*_MODES, "skipgram+subwords")
# What ours gives with other settings, beside the tables of equal ones; the first is --preset best.
_OTHERS = (
    ("en", "batch_skipgram", "--epochs 10 --learning-rate 0.03"),
    ("en", "batch_skipgram", "--ns-exponent 0.75"),
    ("en", "batch_skipgram", "--decay-power 1"),
    ("en", "cbow", "--decay-power 1"),
    ("en", "skipgram+subwords", "--decay-power 1"),
    ("en", "skipgram+subwords", "--decay-power 1.3"),
    ("de", "skipgram", "--ns-exponent 0.75"),
    ("de", "batch_skipgram", "--ns-exponent 0.75"),
    ("ru", "skipgram", "--decay-power 1"),
    ("ru", "batch_skipgram", "--decay-power 1.3"),
)


def planned(
    implementations: Sequence[str], modes: Sequence[str] | None, seeds: int
) -> Iterator[tuple[str, Training]]:
    """Corpora and what to train on them, that which tells most first; named modes in English."""
    for seed in range(1, seeds + 1):
        yield from _runs("en", modes or _ENGLISH_MODES, seed, implementations)
    if modes:
        return
    for seed in range(1, seeds + 1):
        for corpus, mode, options in _OTHERS if OURS in implementations else ():
            yield corpus, Training(implementation=OURS, mode=mode, seed=seed, options=options)
    for seed in range(1, seeds + 1):
        for corpus in ("de", "ru"):
            yield from _runs(corpus, _MODES, seed, implementations)


def _runs(
    corpus: str, modes: Sequence[str], seed: int, implementations: Sequence[str]
) -> Iterator[tuple[str, Training]]:
    for mode in modes:
        for name in implementations:
            if name == OURS or not mode.startswith("batch_"):
                yield corpus, Training(implementation=name, mode=mode, seed=seed)


def read_rows(results: Path) -> list[dict[str, Any]]:
    """The rows of runs that are done."""
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text("utf-8").splitlines()]


def measure(name: str, training: Training, cache: Path, data: Path) -> dict[str, Any]:
    """Train on the corpus called `name`, score, and describe the run in a row.

    Raises:
        subprocess.CalledProcessError: Training failed; its `stderr` says why.
    """
    corpus = CORPORA[name]
    path, out = prepare(corpus, cache, data), cache / f"{name}-{training.name}"
    started = time.monotonic()
    subprocess.run(command(training, path, out), check=True, capture_output=True, text=True)
    seconds = time.monotonic() - started
    words, vectors = read_vectors(out)
    scores, counts = score(words, vectors, corpus.sets, data / "words" / "eval_words")
    return {
        "corpus": name,
        **asdict(training),
        "corpus_sha256": file_sha256(path),
        "versions": versions(PACKAGES),
        "processor": machine()["processor"],
        "scores": {name: round(value, 3) for name, value in scores.items()},
        "counts": counts | {"vocabulary": len(words)},
        "seconds": round(seconds, 1),
    }


def read_vectors(folder: Path) -> tuple[list[str], NDArray[np.float32]]:
    """V words, most frequent first, and (V, D) vectors, as a peer or our engine wrote them."""
    if (folder / "vectors.npy").exists():
        words = (folder / "words.txt").read_text("utf-8").split("\n")[:-1]
        return words, np.load(folder / "vectors.npy")
    from nlp_engine.formats.word2vec import read_text

    return read_text(folder / "vectors.txt")


def main() -> None:
    """Run what is not finished yet, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, default=_RESULTS, metavar="FILE")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    parser.add_argument("--only", nargs="+", choices=IMPLEMENTATIONS, default=IMPLEMENTATIONS)
    parser.add_argument("--modes", nargs="+", choices=_ENGLISH_MODES, help="English only, of these")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="run nothing")
    arguments = parser.parse_args()

    if not arguments.table:
        arguments.results.parent.mkdir(parents=True, exist_ok=True)
        for name, training in planned(arguments.only, arguments.modes, arguments.seeds):
            done = [(row["corpus"], Training.of(row)) for row in read_rows(arguments.results)]
            if (name, training) not in done:
                _finish(name, training, arguments.cache, arguments.results)
    print_tables(read_rows(arguments.results))


def _finish(name: str, training: Training, cache: Path, results: Path) -> None:
    """Run and add the row; say so if it failed and leave it to the next call."""
    label = f"{name} {training.name}"
    try:
        row = measure(name, training, cache, data_folder())
    except subprocess.CalledProcessError as error:
        print(f"{label} failed:\n{error.stderr[-2000:]}", file=sys.stderr)
        return
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    print(f"{label}: {row['scores']}, {row['seconds']} s", flush=True)


if __name__ == "__main__":
    main()
