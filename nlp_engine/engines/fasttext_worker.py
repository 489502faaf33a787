"""The child process of `nlp_engine.engines.fasttext`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fasttext
import numpy as np

from nlp_engine.engines import scratch, worker


def _work(job: dict[str, Any]) -> None:
    model = getattr(fasttext, job["function"])(**job["arguments"])
    if "folder" in job:
        _write_rows(model, Path(job["folder"]), job["arguments"]["maxn"] > 0)
        return
    model.save_model(job["model"])
    if job["vectors"]:
        words = model.get_words()
        np.save(job["vectors"], np.stack([model.get_word_vector(word) for word in words]))


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
