"""How fast word vectors are trained: ours, fastText and gensim, with the same settings and threads.

    python scripts/bench/train.py [--quick] [--modes MODE…] [--rounds 4] [--results FILE]
    python scripts/bench/train.py --table [--results FILE]

Every round trains everything once, in an order by chance; run it on a quiet machine. Rates are
million words of the corpus (those of the vocabulary) times epochs per second: medians over the
rounds, lowest and highest in brackets. They are those of the training phase, without start-up,
vocabulary and writing; `train_peer.py` says how the peers' is measured. "End to end" is the whole
process from its start to written vectors with 5 epochs; the peers write only a NumPy array, ours
the folder but for evaluation and report.

The share of the peak is that of the multiply-adds a mode needs (`training_work.py`) in what the
processor can do with the same instructions and threads (`peak.cpp`, measured again and again, the
highest counts; it takes a g++). The text is the development data's (NLP_ENGINE_DATA): the first
part of English Wikipedia, or with `--quick` its first 32 MB. Peers come from the Python that runs
this: `pip install gensim fasttext-numpy2`. A round takes some 15 minutes on two cores, a third of
that with `--quick`.
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import measure
from quality_corpora import CORPORA, data_folder, file_sha256, prepare
from speed_table import print_tables
from training_runs import IMPLEMENTATIONS, OURS, PACKAGES, Training, command, peers_mode
from training_work import compile_peak, corpus_work, peak

_RESULTS = Path(__file__).parent / "results" / "train.jsonl"
QUICK_BYTES = 32_000_000
_END_TO_END_EPOCHS = 5
_MODES = (
    ("batch_skipgram", 100),
    ("batch_skipgram", 300),
    ("skipgram", 100),
    ("cbow", 100),
    ("skipgram+subwords", 100),
)


@dataclass(frozen=True, kw_only=True)
class Contender:
    """Something to time in every round.

    Attributes:
        instructions: The set that our kernels are held to; "" for peers.
        whole: Time the whole process instead of the training phase.
    """

    training: Training
    instructions: str = ""
    whole: bool = False


def contenders(
    implementations: Sequence[str],
    modes: Sequence[str] | None,
    instructions: Sequence[str],
    threads: int,
) -> list[Contender]:
    """All that is timed; a peer's mode stands once, whichever of ours are compared with it."""
    found = dict[Contender, None]()
    for mode, dim in _MODES:
        for name in implementations if not modes or mode in modes else ():
            training = _training(name, mode, threads, dim=dim, epochs=1)
            for level in instructions if name == OURS else ("",):
                found[Contender(training=training, instructions=level)] = None
    for name in implementations if not modes else ():
        training = _training(name, "batch_skipgram", threads, epochs=_END_TO_END_EPOCHS)
        level = instructions[0] if name == OURS else ""
        found[Contender(training=training, instructions=level, whole=True)] = None
    return list(found)


def _training(name: str, mode: str, threads: int, **settings: int) -> Training:
    mode = mode if name == OURS else peers_mode(mode)
    return Training(implementation=name, mode=mode, threads=threads, **settings)


def time_contender(contender: Contender, corpus: Path, folder: Path) -> dict[str, float]:
    """Run it once: seconds of wall time and of processors."""
    name = contender.training.implementation
    out = folder / name if name == OURS or contender.whole else None
    words = ["env", f"NLP_ENGINE_INSTRUCTIONS={contender.instructions or 'best'}"]
    words += command(contender.training, corpus, out)
    if contender.whole:
        used = measure.run([words])
        return {"wall": used.wall, "cpu": used.cpu}
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{contender} failed:\n{done.stderr[-2000:]}")
    if name != OURS:
        told = json.loads(done.stdout.splitlines()[-1])
        return {"wall": told["wall"], "cpu": told["cpu"]}
    told = json.loads((folder / name / "training.json").read_text("utf-8"))
    return {"wall": told["seconds"], "cpu": told["cpu_seconds"]}


def rounds_of(
    found: Sequence[Contender], rounds: int, corpus: Path, folder: Path
) -> Iterator[dict[str, Any]]:
    """Rows of results, as they come."""
    order = random.Random(1)
    for number in range(rounds):
        for contender in order.sample(found, len(found)):
            timed = time_contender(contender, corpus, folder)
            load = measure.machine()["load"]
            described = {"instructions": contender.instructions, "whole": contender.whole}
            yield {
                "round": number,
                **asdict(contender.training),
                **described,
                **timed,
                "load": load,
            }


def measure_all(arguments: argparse.Namespace, data: Path) -> None:
    """Write the results, line by line."""
    quick = QUICK_BYTES if arguments.quick else None
    corpus = arguments.corpus or prepare(CORPORA["en"], arguments.cache, data, quick)
    basis = Training(implementation=OURS, mode="skipgram", threads=arguments.threads)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        program = compile_peak(Path(folder))
        levels = list(peak(program, arguments.threads))
        about = {
            "command": shlex.join([Path(sys.executable).name, *sys.argv]),
            "machine": measure.machine(),
            "versions": measure.versions(PACKAGES),
            "input": {"name": corpus.name, "bytes": corpus.stat().st_size},
            "corpus_sha256": file_sha256(corpus),
            "work": asdict(corpus_work(corpus, basis)),
        }
        found = contenders(arguments.only, arguments.modes, levels, arguments.threads)
        arguments.results.parent.mkdir(parents=True, exist_ok=True)
        with arguments.results.open("w", encoding="utf-8", buffering=1) as file:
            file.write(json.dumps(about) + "\n")
            for row in rounds_of(found, arguments.rounds, corpus, Path(folder)):
                row["peak"] = peak(program, arguments.threads)
                file.write(json.dumps(row) + "\n")
                print(_line(row), flush=True)


def _line(row: dict[str, Any]) -> str:
    """What has been measured just now."""
    seconds = f"{row['wall']:.1f} s, {row['cpu']:.1f} CPU-seconds, load {row['load']}"
    names = [row["implementation"], row["mode"], f"dim {row['dim']}", row["instructions"]]
    names += ["end to end"] if row["whole"] else []
    return f"round {row['round']}: {' '.join(filter(None, names))}: {seconds}"


def main() -> None:
    """Time everything and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="on the first 32 MB")
    parser.add_argument("--corpus", type=Path, help="instead: a file with one text per line")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=IMPLEMENTATIONS, default=IMPLEMENTATIONS)
    parser.add_argument(
        "--modes", nargs="+", choices=sorted({mode for mode, _ in _MODES}), help="only these"
    )
    parser.add_argument("--results", type=Path, default=_RESULTS, metavar="FILE")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    parser.add_argument("--table", action="store_true", help="run nothing, print the results'")
    arguments = parser.parse_args()
    if not arguments.table:
        measure_all(arguments, data_folder())
    print_tables([json.loads(line) for line in arguments.results.read_text("utf-8").splitlines()])


if __name__ == "__main__":
    main()
