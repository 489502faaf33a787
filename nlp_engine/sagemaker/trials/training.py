"""Training one trial of a tuning."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nlp_engine.errors import EngineError
from nlp_engine.sagemaker import local, metrics
from nlp_engine.sagemaker.requests.tuning import tuning_of
from nlp_engine.sagemaker.spec import JobSpec
from nlp_engine.sagemaker.trials.process import Processes
from nlp_engine.sagemaker.trials.stopping import Curve, LogReader, promises_little

FINISHED, FAILED, STOPPED = "finished", "failed", "stopped"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A trial that has ended.

    Attributes:
        number: From 0.
        state: `finished`, `failed` or `stopped`.
        root: What stood for its `/opt/ml`; it can be removed.
        value: The objective; of a stopped trial the last that was told; None if it has failed.
        curve: The objective by epoch, where the training tells it.
        reason: Why it has failed.
        seconds: How long it took.
    """

    number: int
    state: str
    root: Path
    value: float | None = None
    curve: Curve = field(default_factory=dict)
    reason: str = ""
    seconds: float


class Trainer:
    """Trains trials, several at a time.

    Args:
        spec: The job.
        scratch: An existing folder for all trials.
        threads: Of each trial, where the job does not say it.
        early_stopping: Stop trials that promise little.
    """

    def __init__(self, spec: JobSpec, scratch: Path, *, threads: int, early_stopping: bool) -> None:
        self._spec, self._scratch, self._threads = spec, scratch, threads
        self._early_stopping = early_stopping
        self._earlier: list[Curve] = []
        self._processes = Processes()

    def train(self, number: int, drawn: Mapping[str, str]) -> Trained:
        """Train a trial with the settings that were drawn for it."""
        root, reader, started = self._scratch / str(number), LogReader(), time.monotonic()
        hyperparameters = {"threads": str(self._threads), **self._spec.strings(), **drawn}
        value, reason = None, ""

        def go_on(line: str) -> bool:
            told = reader.read(line) and self._early_stopping
            return not (told and promises_little(reader.curve, self._earlier))

        try:
            local.provide(root, self._spec, hyperparameters)
            if self._processes.train(root, go_on):
                state, value = FINISHED, self._objective(root / "model")
            else:
                state, value = STOPPED, next(reversed(reader.curve.values()), None)
        except EngineError as error:
            state, reason = FAILED, str(error)
        if reader.curve:
            self._earlier.append(reader.curve)
        return Trained(
            number=number,
            state=state,
            root=root,
            value=value,
            curve=reader.curve,
            reason=reason,
            seconds=round(time.monotonic() - started, 3),
        )

    def close(self) -> None:
        """Stop the trials that train, and train none any more."""
        self._processes.close()

    def _objective(self, model: Path) -> float:
        objective = tuning_of(self._spec).options.objective
        try:
            results = json.loads((model / "eval.json").read_text(encoding="utf-8"))
            return float(results[metrics.IN_EVAL_JSON[objective]])
        except (OSError, ValueError, KeyError) as error:
            raise EngineError(f"the model has no {objective}: it was not evaluated") from error
