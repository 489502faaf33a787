"""The child process of `nlp_engine.engines.fasttext`: one job from standard input.

Its parent holds standard input open; when that closes, the parent is gone and the worker stops.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

import fasttext
import numpy as np


def _stop_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _run(job: dict[str, Any]) -> None:
    train = getattr(fasttext, job["function"])
    model = train(**job["arguments"])
    model.save_model(job["model"])
    if job["vectors"]:
        words = model.get_words()
        np.save(job["vectors"], np.stack([model.get_word_vector(word) for word in words]))


def main() -> int:
    """Run the job; 0 if it succeeded."""
    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    try:
        _run(job)
    except (ValueError, RuntimeError, OSError, MemoryError) as error:
        sys.stderr.write(f"\n{type(error).__name__}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.stderr.flush()
    status = main()
    sys.stderr.flush()
    os._exit(status)  # the watching thread still waits for standard input
