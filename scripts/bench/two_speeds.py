"""Does training take twice as long at times because the threads' cores are far apart?

    python scripts/bench/two_speeds.py [--rounds 12] [--corpus FILE]

Again and again: how long a cache line takes from core to core (`core_to_core.cpp`, the median of
five; it takes a g++), then a pass of skip-gram by pairs over English Wikipedia of the development
data (NLP_ENGINE_DATA) with one thread, and one with two, which write into the same rows. A virtual
machine's processors may lie in one core complex of the host, whose cores share a cache, or in
several, and this changes while it runs. Printed: every round, and rank correlations.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from quality_corpora import CORPORA, data_folder, prepare
from scipy.stats import spearmanr
from train import Contender, time_contender
from training_runs import OURS, Training

_THREADS = (1, 2)


def main() -> None:
    """Alternate and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--corpus", type=Path, help="instead: a file with one text per line")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    arguments = parser.parse_args()
    corpus = arguments.corpus or prepare(CORPORA["en"], arguments.cache, data_folder())
    nanoseconds = list[float]()
    seconds: dict[int, list[float]] = {threads: [] for threads in _THREADS}
    print("| core to core, ns | 1 thread, s | 2 threads, s |\n|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        source, program = Path(__file__).with_name("core_to_core.cpp"), folder / "core_to_core"
        subprocess.run(["g++", "-O2", "-std=c++20", "-pthread", source, "-o", program], check=True)
        for _ in range(arguments.rounds):
            nanoseconds.append(median(_core_to_core(program) for _ in range(5)))
            for threads in _THREADS:
                training = Training(implementation=OURS, mode="skipgram", epochs=1, threads=threads)
                timed = time_contender(Contender(training=training), corpus, folder)
                seconds[threads].append(timed["wall"])
            last = [nanoseconds[-1], *(seconds[threads][-1] for threads in _THREADS)]
            print("| {:.0f} | {:.2f} | {:.2f} |".format(*last), flush=True)
    for threads, found in seconds.items():
        correlation = spearmanr(nanoseconds, found).statistic
        print(f"rank correlation of core to core with {threads} threads: {correlation:.2f}")


def _core_to_core(program: Path) -> float:
    done = subprocess.run([program], check=True, capture_output=True, text=True)
    return float(done.stdout)


if __name__ == "__main__":
    main()
