"""Training that was interrupted: what is needed to go on."""

from __future__ import annotations

from dataclasses import dataclass, field

from nlp_engine.checkpoints import Checkpoints
from nlp_engine.native.word2vec import Word2VecModel, Word2VecState

Losses = list[tuple[int, float, float]]
"""(words done, mean loss of a pair with its negatives, learning rate) over the training."""


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


def save_checkpoint(checkpoints: Checkpoints, model: Word2VecModel, run: TrainingRun) -> None:
    """Write the matrices and the threads' state."""
    checkpoints.save(
        run.state.words_done,
        {"input": model.input_rows, "output": model.output_rows, "threads": run.state.threads},
        {"losses": run.losses, "seconds": run.seconds, "cpu_seconds": run.cpu_seconds},
    )


def load_checkpoint(checkpoints: Checkpoints, model: Word2VecModel) -> TrainingRun | None:
    """Fill the matrices from the newest checkpoint; None if there is none."""
    found = checkpoints.load()
    if found is None:
        return None
    model.input_rows[:] = found.arrays["input"]
    model.output_rows[:] = found.arrays["output"]
    return TrainingRun(
        state=Word2VecState(found.arrays["threads"].copy(), found.done),
        losses=[(words, loss, rate) for words, loss, rate in found.rest["losses"]],
        seconds=found.rest["seconds"],
        cpu_seconds=found.rest["cpu_seconds"],
    )
