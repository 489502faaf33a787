"""Checkpoints: arrays and numbers on disk, from which interrupted work goes on."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.files import clear_output_errors

_PREFIX = "checkpoint-"
_COMPLETE = "state.json"  # written last

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """What was saved.

    Attributes:
        done: How far the work was, in its own unit.
        arrays: By name, memory-mapped.
        rest: Further state, as JSON has it.
    """

    done: int
    arrays: Mapping[str, NDArray[Any]]
    rest: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoints:
    """The checkpoints of one piece of work, in a folder that may have those of other work.

    A checkpoint counts once it is complete, so that a kill at any moment, or a copy of the folder
    that lacks some files, leaves an older one or none.

    Attributes:
        folder: Where they are.
        key: What must be equal for a checkpoint to be of use: settings and data.
        worth_seconds: Interrupted work that took less is not saved.
    """

    folder: Path
    key: str
    worth_seconds: float = 0.0

    def save(self, done: int, arrays: Mapping[str, NDArray[Any]], rest: Mapping[str, Any]) -> None:
        """Write a checkpoint; all others in the folder are removed, those of other work, too.

        Raises:
            KeyboardInterrupt: After the checkpoint is written.
            OutputError: The disk is full or read-only; earlier checkpoints are still there.
        """
        with clear_output_errors(self.folder / f"{_PREFIX}{done}"):
            try:
                self._write(done, arrays, rest)
            except KeyboardInterrupt:
                self._write(done, arrays, rest)
                raise

    def load(self) -> Checkpoint | None:
        """The newest complete checkpoint of this work, or None."""
        states = {place: state for place in _places(self.folder) if (state := _state(place))}
        own = {place: state for place, state in states.items() if state["key"] == self.key}
        if len(own) < len(states):
            _log.warning("%s has a checkpoint of other settings or data: not used", self.folder)
        if not own:
            return None
        place = max(own, key=lambda place: int(own[place]["done"]))
        _log.info("Going on from the checkpoint %s", place)
        return Checkpoint(
            done=own[place]["done"],
            arrays={Path(n).stem: np.load(place / n, mmap_mode="r") for n in own[place]["files"]},
            rest=own[place]["rest"],
        )

    def clear(self) -> None:
        """Remove all checkpoints of the folder."""
        for path in _places(self.folder):
            shutil.rmtree(path)

    def _write(
        self, done: int, arrays: Mapping[str, NDArray[Any]], rest: Mapping[str, Any]
    ) -> None:
        others = _places(self.folder)
        place = self.folder / f"{_PREFIX}{done}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        sizes = {}
        for name, array in arrays.items():
            path = place / f"{name}.npy"
            np.save(path, array)
            sizes[path.name] = path.stat().st_size
        state = {"key": self.key, "done": done, "files": sizes, "rest": dict(rest)}
        partial = place / f"{_COMPLETE}.partial"
        partial.write_text(json.dumps(state), encoding="utf-8")
        partial.rename(place / _COMPLETE)
        for path in others:
            if path != place:
                shutil.rmtree(path)
        _log.info("Saved the checkpoint %s", place)


def _places(folder: Path) -> list[Path]:
    return [path for path in folder.glob(f"{_PREFIX}*") if path.is_dir()]


def _state(place: Path) -> Any:
    """A checkpoint's description; None if it is not complete."""
    try:
        state = json.loads((place / _COMPLETE).read_text(encoding="utf-8"))
        whole = state.keys() >= {"key", "done", "rest"} and all(
            (place / n).stat().st_size == size for n, size in state["files"].items()
        )
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return state if whole else None
