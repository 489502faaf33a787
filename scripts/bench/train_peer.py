"""Train word vectors with fastText or gensim, in a process of its own.

    python scripts/bench/train_peer.py '{"implementation": "gensim", …}'

The argument is a `Training` as JSON, with the corpus and the folder to write (or null); the answer,
on standard output, is a `Trained` as JSON. Seconds are those of training alone, after the
vocabulary and before writing: gensim's are around `train`. fastText does all in one call, so its
own progress lines tell: it prints one 0.1 s after its threads began, and one when they have ended,
which it notices within 0.1 s.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training_runs import Training

_LINE_END = "</s>"  # fastText counts it as a word
_FIRST_LINE = 0.1  # seconds from the start of fastText's threads to its first line of progress


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What came of it.

    Attributes:
        words: Of the corpus that are in the vocabulary.
        vocabulary: Words with a vector.
        wall: Seconds of training.
        cpu: User and system seconds of training.
    """

    words: int
    vocabulary: int
    wall: float
    cpu: float


@dataclass(frozen=True, kw_only=True)
class _Moment:
    wall: float
    cpu: float

    @classmethod
    def now(cls) -> _Moment:
        return cls(wall=time.monotonic(), cpu=time.process_time())


def train_gensim(training: Training, corpus: str, out: str | None) -> Trained:
    """Gensim from a file, the way in which it is fastest."""
    from gensim.models import FastText, Word2Vec

    cbow, subwords = _architecture(training.mode)
    arguments: dict[str, Any] = {
        "vector_size": training.dim,
        "alpha": training.learning_rate,
        "window": training.window,
        "negative": training.negatives,
        "sample": training.sample,
        "min_count": training.min_count,
        "workers": training.threads,
        "seed": training.seed,
        "sg": 0 if cbow else 1,
        "epochs": training.epochs,
    }
    if subwords:
        model = FastText(**arguments, min_n=3, max_n=6, bucket=2_000_000)
    else:
        model = Word2Vec(**arguments)
    model.build_vocab(corpus_file=corpus)
    start = _Moment.now()
    model.train(
        corpus_file=corpus,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=training.epochs,
    )
    end = _Moment.now()
    vectors = model.wv
    if out:
        _write(Path(out), vectors.index_to_key, vectors.vectors)
    return Trained(
        words=int(sum(vectors.get_vecattr(word, "count") for word in vectors.index_to_key)),
        vocabulary=len(vectors),
        wall=end.wall - start.wall,
        cpu=end.cpu - start.cpu,
    )


def train_fasttext(training: Training, corpus: str, out: str | None) -> Trained:
    """FastText by its Python binding."""
    if os.environ.get("MALLOC_PERTURB_") != "255":
        # It leaves a part of its input matrix as the memory was; this makes that part zeros.
        environment = {**os.environ, "MALLOC_PERTURB_": "255"}
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
    import fasttext.FastText as fasttext

    cbow, subwords = _architecture(training.mode)
    fasttext.unsupervised_default["seed"] = training.seed  # its function takes no such argument
    arguments: dict[str, Any] = {
        "input": corpus,
        "model": "cbow" if cbow else "skipgram",
        "dim": training.dim,
        "lr": training.learning_rate,
        "ws": training.window,
        "neg": training.negatives,
        "t": training.sample,
        "minCount": training.min_count,
        "thread": training.threads,
        "epoch": training.epochs,
        "minn": 3 if subwords else 0,
        "maxn": 6 if subwords else 0,
        "bucket": 2_000_000 if subwords else 0,
    }
    with _Progress() as progress:
        model = fasttext.train_unsupervised(**arguments)
    first, last = progress.moments[0], progress.moments[-1]
    counts = dict(zip(*model.get_words(include_freq=True), strict=True))
    counts.pop(_LINE_END, None)
    if out:
        import numpy as np

        vectors = np.array([model.get_word_vector(word) for word in counts])
        _write(Path(out), list(counts), vectors)
    return Trained(
        words=int(sum(counts.values())),
        vocabulary=len(counts),
        wall=last.wall - first.wall + _FIRST_LINE,
        cpu=last.cpu - first.cpu + _FIRST_LINE * training.threads,
    )


def _architecture(mode: str) -> tuple[bool, bool]:
    """Whether it is cbow, and whether it has sub-words."""
    name, _, subwords = mode.partition("+")
    return name == "cbow", bool(subwords)


class _Progress:
    """When each line of progress came on standard error, read in a thread.

    The process's other end of the pipe is standard error itself while this is entered.
    """

    def __init__(self) -> None:
        self.moments: list[_Moment] = []

    def __enter__(self) -> _Progress:
        self._screen = os.dup(2)
        reading, writing = os.pipe()
        os.dup2(writing, 2)
        os.close(writing)
        self._thread = threading.Thread(target=self._read, args=(reading,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.dup2(self._screen, 2)  # the last writing end of the pipe closes
        os.close(self._screen)
        self._thread.join()

    def _read(self, reading: int) -> None:
        while chunk := os.read(reading, 1 << 16):
            if b"Progress:" in chunk:
                self.moments.append(_Moment.now())
        os.close(reading)


def _write(out: Path, words: list[str], vectors: Any) -> None:
    import numpy as np

    out.mkdir(parents=True, exist_ok=True)
    (out / "words.txt").write_text("\n".join(words) + "\n", "utf-8")
    np.save(out / "vectors.npy", np.asarray(vectors, dtype=np.float32))


def main() -> None:
    """Train what the argument says."""
    given = json.loads(sys.argv[1])
    train = {"gensim": train_gensim, "fasttext": train_fasttext}[given["implementation"]]
    trained = train(Training.of(given), given["corpus"], given["out"])
    print(json.dumps(asdict(trained)))


if __name__ == "__main__":
    main()
