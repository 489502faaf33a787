"""What is trained, and the commands that train it: ours, fastText's and gensim's."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

OURS = "nlp_engine"
PEERS = ("fasttext", "gensim")
IMPLEMENTATIONS = (*PEERS, OURS)
PACKAGES = ("nlp-engine", "fasttext-numpy2", "gensim", "numpy")


@dataclass(frozen=True, kw_only=True)
class Training:
    """An implementation and its settings, by default BlazingText's.

    Attributes:
        mode: skipgram or cbow, also with "+subwords"; batch_skipgram for ours alone.
        options: More options of our command; they override the settings here.
    """

    implementation: str
    mode: str
    seed: int = 1
    dim: int = 100
    epochs: int = 5
    learning_rate: float = 0.05
    window: int = 5
    negatives: int = 5
    sample: float = 1e-4
    min_count: int = 5
    threads: int = 2
    options: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Training:
        """The training that a row of results describes."""
        return cls(**{field.name: row[field.name] for field in fields(cls) if field.name in row})

    @property
    def name(self) -> str:
        """For folders and people."""
        options = "-".join(["", *self.options.split()])
        return f"{self.implementation}-{self.mode}{options}-dim{self.dim}-seed{self.seed}"


def peers_mode(mode: str) -> str:
    """What the peers have in place of one of our modes."""
    return mode.replace("batch_skipgram", "skipgram")


def command(training: Training, corpus: Path, out: Path | None) -> list[str]:
    """The command of a process that trains.

    Args:
        training: What to train.
        corpus: One text per line.
        out: The folder to make. A peer may go without: it then writes nothing.
    """
    if training.implementation == OURS:
        assert out is not None
        return _our_command(training, corpus, out)
    job = asdict(training) | {"corpus": str(corpus), "out": str(out) if out else None}
    return [sys.executable, str(Path(__file__).with_name("train_peer.py")), json.dumps(job)]


def _our_command(training: Training, corpus: Path, out: Path) -> list[str]:
    mode, _, subwords = training.mode.partition("+")
    options = {
        "mode": mode,
        "seed": training.seed,
        "vector-dim": training.dim,
        "epochs": training.epochs,
        "learning-rate": training.learning_rate,
        "window-size": training.window,
        "negative-samples": training.negatives,
        "sampling-threshold": training.sample,
        "min-count": training.min_count,
        "threads": training.threads,
    }
    settings = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    settings += ["--subwords"] if subwords else []
    words = ["train", str(corpus), "-o", str(out), "--overwrite", "--quiet", "--no-evaluation"]
    words += ["--no-report"]
    settings += ["--engine", "native", *shlex.split(training.options)]
    return [sys.executable, "-m", "nlp_engine", *words, *settings]
