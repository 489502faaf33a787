"""Training jobs as SageMaker lays them out, for tests of the container."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp_engine.formats.recordio import write_record

LABELLED = (
    "__label__fruit apples and pears grow on old trees\n"
    "__label__metal iron and copper melt in hot furnaces\n"
) * 40
SUPERVISED = {"mode": "supervised", "vector_dim": "8", "buckets": "1000", "epochs": "10",
              "learning_rate": "0.5", "min_count": "1"}  # fmt: skip
VECTORS = {"mode": "skipgram", "vector_dim": "6", "min_count": "1", "evaluation": "False"}


def make_root(tmp_path: Path, hyperparameters: object, **channels: str) -> Path:
    """What stands for `/opt/ml`, with a file `NAME.txt` in each channel."""
    root = tmp_path / "ml"
    (root / "input" / "config").mkdir(parents=True)
    (root / "input" / "config" / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    for name, text in channels.items():
        folder = root / "input" / "data" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return root


def describe(root: Path, name: str, content: object) -> None:
    """Write `input/config/NAME.json`."""
    (root / "input" / "config" / f"{name}.json").write_text(json.dumps(content))


def start(root: Path, **environment: str) -> subprocess.Popen[str]:
    """The container as a process; what it prints comes from its `stdout`."""
    return subprocess.Popen(
        [sys.executable, "-m", "nlp_engine.sagemaker.container"],
        env={**os.environ, "NLP_ENGINE_ML_ROOT": str(root), "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def failure_of(root: Path) -> str:
    """The failure file."""
    return (root / "output" / "failure").read_text(encoding="utf-8")


class Pipes:
    """Writes to the pipes of channels as SageMaker does: epoch after epoch, for each reader.

    Args:
        root: What stands for `/opt/ml`.
        contents: The bytes of a pass, by channel.
    """

    def __init__(self, root: Path, contents: Mapping[str, bytes]) -> None:
        self._data = root / "input" / "data"
        self._data.mkdir(parents=True, exist_ok=True)
        self.passes = dict.fromkeys(contents, 0)
        for name, content in contents.items():
            os.mkfifo(self._data / f"{name}_0")
            threading.Thread(target=self._write, args=(name, content), daemon=True).start()

    def _write(self, name: str, content: bytes) -> None:
        for epoch in range(100):
            path = self._data / f"{name}_{epoch}"
            if epoch:
                os.mkfifo(path)
            with path.open("wb") as pipe:  # waits for a reader, for ever if none comes
                pipe.write(content)
                pipe.flush()
                self.passes[name] += 1  # before the reader sees its end


def wrapped(*values: Any) -> bytes:
    """Values as the records of a pipe, those that are no texts as JSON."""
    stream = io.BytesIO()
    for value in values:
        write_record(stream, (value if isinstance(value, str) else json.dumps(value)).encode())
    return stream.getvalue()
