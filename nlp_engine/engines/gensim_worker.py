"""The child process of `nlp_engine.engines.gensim`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gensim.models
from gensim.models.callbacks import CallbackAny2Vec

from nlp_engine.engines import scratch, worker


class _Progress(CallbackAny2Vec):  # type: ignore[misc]
    """Tells the parent of each finished epoch."""

    def __init__(self) -> None:
        self.done = 0

    def on_epoch_end(self, _model: Any) -> None:
        self.done += 1
        sys.stderr.write(f"epochs done: {self.done}.\n")
        sys.stderr.flush()


def _work(job: dict[str, Any]) -> None:
    folder = Path(job["folder"])
    words, counts = scratch.read_vocabulary(folder)
    model = getattr(gensim.models, job["model"])(**job["arguments"], min_count=1)
    model.build_vocab_from_freq(dict(zip(words, counts.tolist(), strict=True)))
    model.train(
        corpus_file=job["corpus"],
        total_words=job["words"],
        epochs=model.epochs,
        callbacks=[_Progress()],
    )
    rows = [model.wv.key_to_index[word] for word in words]
    subwords = job["model"] == "FastText"
    own = model.wv.vectors_vocab if subwords else model.wv.vectors
    buckets = model.wv.vectors_ngrams if subwords else None
    scratch.write_rows(folder, own[rows], model.syn1neg[rows], buckets)


if __name__ == "__main__":
    worker.run(_work)
