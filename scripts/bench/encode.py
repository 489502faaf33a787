"""How fast a corpus becomes words and ids, beside the vocabulary phases of fastText and gensim.

    .venv/bin/python scripts/bench/encode.py CORPUS [--rounds 5] [--json FILE]

CORPUS is a text file, one sentence per line. All contenders count the words of the same file with
min_count 5, interleaved in one run; each figure is the median over the rounds, in million words
per CPU-second. The encoder also turns the corpus into ids, which the peers do not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

OURS = """
import sys
from pathlib import Path
from nlp_engine.corpus.vocabulary import encode_corpus
encode_corpus(Path(sys.argv[1]), min_count=5, threads=int(sys.argv[2]))
"""

FASTTEXT = """
import sys, fasttext
fasttext.train_unsupervised(
    sys.argv[1], dim=1, epoch=0, minCount=5, maxn=0, thread=1, verbose=0
)
"""

GENSIM = """
import sys
from gensim.models.word2vec import LineSentence, Word2Vec
Word2Vec(vector_size=1, min_count=5).build_vocab(LineSentence(sys.argv[1]))
"""

NOTHING = {
    OURS: "import nlp_engine.corpus.vocabulary",
    FASTTEXT: "import fasttext",
    GENSIM: "import gensim.models.word2vec",
}

CONTENDERS = {
    "ours, AVX-512, 1 thread": (OURS, "1", "avx512"),
    "ours, AVX2, 1 thread": (OURS, "1", "avx2"),
    "ours, baseline, 1 thread": (OURS, "1", "baseline"),
    "ours, best, 2 threads": (OURS, "2", "best"),
    "fastText": (FASTTEXT, "1", "best"),
    "gensim": (GENSIM, "1", "best"),
}


def cpu_seconds(code: str, corpus: Path, threads: str, instructions: str) -> float:
    """User and system time of one child process."""
    environment = {**os.environ, "NLP_ENGINE_INSTRUCTIONS": instructions}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code, corpus, threads], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()

    words = sum(len(line.split()) for line in arguments.corpus.open("rb"))
    rates: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(arguments.rounds):
        for name, (code, threads, instructions) in CONTENDERS.items():
            importing = cpu_seconds(NOTHING[code], arguments.corpus, threads, instructions)
            seconds = cpu_seconds(code, arguments.corpus, threads, instructions) - importing
            rates[name].append(words / 1e6 / seconds)

    print(f"{arguments.corpus.name}: {words / 1e6:.1f} M words, {arguments.rounds} rounds")
    print(f"{'':28}{'M words per CPU-second':>24}{'spread':>16}")
    for name, values in rates.items():
        spread = f"{min(values):.1f}-{max(values):.1f}"
        print(f"{name:28}{statistics.median(values):24.1f}{spread:>16}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"words": words, "rates": rates}, indent=2) + "\n")


if __name__ == "__main__":
    main()
