"""Training that was interrupted: what is needed to go on."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nlp_engine.native.word2vec import Word2VecModel, Word2VecState

Losses = list[tuple[int, float, float]]
"""(words done, mean loss of a pair with its negatives, learning rate) over the training."""

_PREFIX = ".checkpoint-"
_COMPLETE = "state.json"  # written last


@dataclass(slots=True)
class TrainingRun:
    """How far a training is.

    Attributes:
        state: Where the threads stand.
        losses: What was measured so far.
        seconds: Wall time of the training phase.
        cpu_seconds: Its user and system time, of all threads.
    """

    state: Word2VecState
    losses: Losses = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def save_checkpoint(folder: Path, model: Word2VecModel, run: TrainingRun) -> None:
    """Write the matrices and the threads' state into `folder`; older checkpoints are removed.

    A checkpoint counts once it is complete, so that a kill at any moment leaves one to go on with.
    """
    older = _checkpoints(folder)
    place = folder / f"{_PREFIX}{run.state.words_done}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    np.save(place / "input.npy", model.input_rows)
    np.save(place / "output.npy", model.output_rows)
    np.save(place / "threads.npy", run.state.threads)
    rest = {
        "words_done": run.state.words_done,
        "losses": run.losses,
        "seconds": run.seconds,
        "cpu_seconds": run.cpu_seconds,
    }
    partial = place / f"{_COMPLETE}.partial"
    partial.write_text(json.dumps(rest), encoding="utf-8")
    partial.rename(place / _COMPLETE)
    for path in older:
        if path != place:
            shutil.rmtree(path)


def load_checkpoint(folder: Path, model: Word2VecModel) -> TrainingRun | None:
    """Fill the matrices from the newest complete checkpoint; None if there is none."""
    complete = [path for path in _checkpoints(folder) if (path / _COMPLETE).exists()]
    if not complete:
        return None
    place = max(complete, key=lambda path: int(path.name.removeprefix(_PREFIX)))
    rest = json.loads((place / _COMPLETE).read_text(encoding="utf-8"))
    model.input_rows[:] = np.load(place / "input.npy", mmap_mode="r")
    model.output_rows[:] = np.load(place / "output.npy", mmap_mode="r")
    return TrainingRun(
        state=Word2VecState(np.load(place / "threads.npy"), rest["words_done"]),
        losses=[(words, loss, rate) for words, loss, rate in rest["losses"]],
        seconds=rest["seconds"],
        cpu_seconds=rest["cpu_seconds"],
    )


def remove_checkpoints(folder: Path) -> None:
    """Remove what `save_checkpoint` wrote."""
    for path in _checkpoints(folder):
        shutil.rmtree(path)


def _checkpoints(folder: Path) -> list[Path]:
    return [path for path in folder.glob(f"{_PREFIX}*") if path.is_dir()]
