"""How many multiply-adds a mode of training needs per word, and how many the processor can do."""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from training_runs import Training


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is left of a corpus after sub-sampling, per word of its vocabulary that it holds.

    Attributes:
        words: Of the vocabulary, in the corpus.
        positions: Share of words that are kept.
        pairs: Pairs of a kept word and a word in its window.
        rows: Mean number of rows of a kept word with sub-words: its own and its n-grams'.
    """

    words: int
    positions: float
    pairs: float
    rows: float

    def multiply_adds(self, training: Training) -> float:
        """Needed per word by the algorithm; a sum of vectors counts one per element.

        Skip-gram takes a dot product and two updates for each pair and each of its outputs, the
        word and the negatives. cbow takes them for each position, and adds the window's vectors up
        and the gradient to each. With sub-words a position's rows are added up, and updated, once.
        """
        outputs = 3 * (1 + training.negatives)
        mode, _, subwords = training.mode.partition("+")
        vectors = self.positions * 2 * self.rows if subwords else 0.0
        if mode == "cbow":
            vectors += self.positions * outputs + 2 * self.pairs
        else:
            vectors += self.pairs * outputs
        return vectors * training.dim


def corpus_work(corpus: Path, training: Training) -> Work:
    """Count a corpus of one text per line, sub-sampled once by chance."""
    with corpus.open(encoding="utf-8") as file:
        counts = Counter(word for line in file for word in line.split())
    known = [(word, n) for word, n in counts.items() if n >= training.min_count]
    numbers = np.array([n for _, n in known])
    frequency = numbers / numbers.sum() / training.sample
    keep = np.minimum(1, np.sqrt(1 / frequency) + 1 / frequency)
    lengths = _kept_lengths(corpus, {word: i for i, (word, _) in enumerate(known)}, keep)
    kept = keep * numbers
    rows = np.array([1 + _ngrams(word) for word, _ in known])
    words = int(numbers.sum())
    return Work(
        words=words,
        positions=float(lengths.sum() / words),
        pairs=float(_pairs(lengths, training.window).sum() / words),
        rows=float((rows * kept).sum() / kept.sum()),
    )


def _kept_lengths(
    corpus: Path, rows: dict[str, int], keep: NDArray[np.float64]
) -> NDArray[np.int64]:
    """How many words of each line are kept."""
    random = np.random.default_rng(1)
    lengths = []
    with corpus.open(encoding="utf-8") as file:
        for line in file:
            found = [rows[word] for word in line.split() if word in rows]
            lengths.append(int((random.random(len(found)) < keep[found]).sum()) if found else 0)
    return np.array(lengths)


def _pairs(lengths: NDArray[np.int64], window: int) -> NDArray[np.float64]:
    """Expected pairs in lines of so many words: windows of 1 … `window` words are as likely."""
    distances = ((window - d + 1) * np.maximum(lengths - d, 0) for d in range(1, window + 1))
    return 2 / window * sum(distances)


def _ngrams(word: str, shortest: int = 3, longest: int = 6) -> int:
    """N-grams of a word between its boundary marks."""
    length = len(word) + 2
    return sum(max(length - n + 1, 0) for n in range(shortest, longest + 1))


def compile_peak(folder: Path) -> Path:
    """The program of `peak.cpp`.

    Raises:
        OSError: There is no g++.
    """
    source, program = Path(__file__).with_name("peak.cpp"), folder / "peak"
    command = ["g++", "-O2", "-std=c++20", "-pthread", str(source), "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def peak(program: Path, threads: int) -> dict[str, float]:
    """Multiply-adds per second of all threads by instruction set, the widest first."""
    done = subprocess.run([program, str(threads)], check=True, capture_output=True, text=True)
    rates = [line.split() for line in done.stdout.splitlines()]
    return {name: float(rate) for name, rate in reversed(rates)}
