"""A tuning job on this machine: Optuna draws settings, the container's code trains each trial."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlp_engine.errors import EngineError, require
from nlp_engine.files import new_folder
from nlp_engine.manifest import record_file
from nlp_engine.sagemaker import local, metrics
from nlp_engine.sagemaker.requests.tuning import tuning_of, whole_numbers
from nlp_engine.sagemaker.spec import JobSpec, TuningOptions

if TYPE_CHECKING:
    import optuna

TUNING_FILE = "tuning.json"


def _unheard(_: str) -> None:
    pass


def tune(
    spec: JobSpec,
    out: Path,
    *,
    overwrite: bool = False,
    log: Callable[[str], None] = _unheard,
) -> None:
    """Search as the tuning job would, one trial after the other, and keep the best model's folder.

    It gets a `tuning.json` with the settings and the objective of every trial.

    Args:
        spec: The job; its data are local files.
        out: The folder to make.
        overwrite: Replace an existing folder.
        log: Told of every trial in a line.

    Raises:
        SettingError: The specification has no `[tuning]`.
        EngineError: Every trial failed; the message is that of the last.
        OutputError: The folder exists or cannot be written.
        MissingExtraError: Optuna is not installed.
    """
    optuna = require("optuna", "tune")
    options = tuning_of(spec).options
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=_sampler(optuna, options))
    with (
        new_folder(out, overwrite=overwrite) as folder,
        tempfile.TemporaryDirectory(dir=folder) as scratch,
    ):
        trials = _Trials(spec, Path(scratch), log)
        study.optimize(trials.run, n_trials=options.max_jobs, catch=(EngineError,))
        if trials.best is None:
            raise EngineError(f"every trial failed, the last with: {trials.records[-1]['reason']}")
        for path in trials.best.iterdir():
            shutil.move(path, folder / path.name)
        _write_record(folder, options, trials, study.best_trial.number)
    record_file(out, TUNING_FILE)


class _Trials:
    """Trains trials and keeps the model of the best.

    Attributes:
        best: The folder of the best model so far.
        records: What `tuning.json` says of each trial.
    """

    def __init__(self, spec: JobSpec, scratch: Path, log: Callable[[str], None]) -> None:
        self.best: Path | None = None
        self.records: list[dict[str, Any]] = []
        self._value = float("-inf")
        self._spec, self._scratch, self._log = spec, scratch, log

    def run(self, trial: optuna.trial.Trial) -> float:
        """Train one trial; its objective."""
        drawn = _draw(trial, self._spec)
        record: dict[str, Any] = {"number": trial.number, "settings": drawn}
        self.records.append(record)
        started = time.monotonic()
        folder = self._scratch / str(trial.number)
        folder.mkdir()
        try:
            local.run_container(self._spec, self._spec.strings() | drawn, folder)
            value = _objective(folder, tuning_of(self._spec).options.objective)
        except EngineError as error:
            record |= {"state": "failed", "reason": str(error)}
            self._tell(trial.number, f"failed: {error}", drawn)
            shutil.rmtree(folder)
            raise
        seconds = round(time.monotonic() - started, 3)
        record |= {"state": "finished", "value": value, "seconds": seconds}
        self._tell(trial.number, f"{value:.4f}", drawn)
        self._keep(folder, value)
        return value

    def _keep(self, folder: Path, value: float) -> None:
        if self.best is not None and value <= self._value:
            shutil.rmtree(folder)
            return
        if self.best is not None:
            shutil.rmtree(self.best)
        self.best, self._value = folder, value

    def _tell(self, number: int, found: str, drawn: dict[str, str]) -> None:
        chosen = ", ".join(f"{name} {value}" for name, value in drawn.items())
        self._log(f"trial {number}: {found} ({chosen})")


def _draw(trial: optuna.trial.Trial, spec: JobSpec) -> dict[str, str]:
    """Settings of a trial, as the strings that a container gets."""
    drawn, whole = dict[str, str](), whole_numbers(spec)
    for name, tried in tuning_of(spec).ranges.items():
        if isinstance(tried, tuple):
            drawn[name] = trial.suggest_categorical(name, tried)
            continue
        log = tried.scaling == "Logarithmic"
        if name in whole:
            drawn[name] = str(trial.suggest_int(name, int(tried.min), int(tried.max), log=log))
        else:
            drawn[name] = str(trial.suggest_float(name, tried.min, tried.max, log=log))
    return drawn


def _objective(folder: Path, objective: str) -> float:
    try:
        results = json.loads((folder / "eval.json").read_text(encoding="utf-8"))
        return float(results[metrics.IN_EVAL_JSON[objective]])
    except (OSError, ValueError, KeyError) as error:
        raise EngineError(f"the model has no {objective}: it was not evaluated") from error


def _sampler(optuna: Any, options: TuningOptions) -> Any:
    if options.strategy == "Random":
        return optuna.samplers.RandomSampler(seed=options.seed)
    return optuna.samplers.TPESampler(seed=options.seed)


def _write_record(folder: Path, options: TuningOptions, trials: _Trials, best: int) -> None:
    record = {"objective": options.objective, "best_trial": best, "trials": trials.records}
    text = json.dumps(record, indent=4)
    (folder / TUNING_FILE).write_text(text + "\n", encoding="utf-8")
