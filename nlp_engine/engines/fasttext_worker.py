"""The child process of `nlp_engine.engines.fasttext`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fasttext

from nlp_engine.engines import scratch, worker


def _work(job: dict[str, Any]) -> None:
    arguments = job["arguments"]
    if "model" in job:
        fasttext.train_supervised(**arguments).save_model(job["model"])
        return
    # `train_unsupervised` takes no such argument, but looks for it here.
    fasttext.FastText.unsupervised_default["seed"] = arguments.pop("seed", 0)
    model = fasttext.train_unsupervised(**arguments)
    _write_rows(model, Path(job["folder"]), arguments["maxn"] > 0)


def _write_rows(model: Any, folder: Path, subwords: bool) -> None:
    words, _ = scratch.read_vocabulary(folder)
    ids = [model.get_word_id(word) for word in words]  # all but that of the line's end
    if min(ids) < 0:
        raise ValueError(f"it does not know the word {words[ids.index(-1)]!r}")
    rows = model.get_input_matrix()
    buckets = rows[len(model.get_words()) :] if subwords else None
    scratch.write_rows(folder, rows[ids], model.get_output_matrix()[ids], buckets)


if __name__ == "__main__":
    worker.run(_work)
