"""How fast the nearest words are found, beside gensim's `KeyedVectors.most_similar`.

    .venv/bin/python scripts/bench/similar.py [--words 100000] [--dim 100] [--rounds 15]
    .venv/bin/python scripts/bench/similar.py --vectors MODEL       vectors of your own

By default the vectors are random. Both sides answer the same queries for 10 neighbours, in turns,
in one process, after a first query each that builds what they keep: one word after the other, and
100 words at once. gensim has no call for many words, so there it is one call per word. The figures
are medians over the rounds of milliseconds per word, wall time, all processors; other work on the
machine disturbs them. What they found is compared before anything is measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nlp_engine.embeddings.vectors import WordVectors

BATCH = 100
NEIGHBOURS = 10


def random_vectors(words: int, dim: int) -> WordVectors:
    """Vectors of so many words."""
    matrix = np.random.default_rng(0).standard_normal((words, dim), np.float32)
    return WordVectors([f"w{number}" for number in range(words)], matrix)


def milliseconds(work: Callable[[], object]) -> float:
    """Wall time."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()

    vectors = (
        WordVectors.open(arguments.vectors)
        if arguments.vectors
        else random_vectors(arguments.words, arguments.dim)
    )
    keyed = vectors.to_gensim()
    chosen = np.random.default_rng(1).choice(len(vectors), BATCH, replace=False)
    words = [vectors.words[index] for index in chosen]
    building = milliseconds(lambda: vectors.most_similar(words[0]))
    for ours, word in zip(vectors.most_similar(words, NEIGHBOURS), words, strict=True):
        theirs = keyed.most_similar(word, topn=NEIGHBOURS)
        if not np.allclose([hit[1] for hit in ours], [hit[1] for hit in theirs], atol=1e-5):
            raise SystemExit(f"the neighbours of {word} differ")

    contenders: dict[str, Callable[[], object]] = {
        "ours, word by word": lambda: [vectors.most_similar(word, NEIGHBOURS) for word in words],
        "ours, 100 at once": lambda: vectors.most_similar(words, NEIGHBOURS),
        "gensim": lambda: [keyed.most_similar(word, topn=NEIGHBOURS) for word in words],
    }
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(arguments.rounds):
        for name, work in contenders.items():
            found[name].append(milliseconds(work) / BATCH)

    print(
        f"{len(vectors):,} words, {vectors.vector_dim} dimensions, {arguments.rounds} rounds; ",
        end="",
    )
    print(f"first query {building:.0f} ms")
    print(f"{'':20}{'ms per word':>12}{'spread':>18}{'gensim / it':>13}")
    for name, values in found.items():
        spread = f"{min(values):.3f}-{max(values):.3f}"
        median = statistics.median(values)
        ratio = statistics.median(found["gensim"]) / median
        print(f"{name:20}{median:12.3f}{spread:>18}{ratio:12.1f}x")
    if arguments.json:
        arguments.json.write_text(json.dumps({"milliseconds per word": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
