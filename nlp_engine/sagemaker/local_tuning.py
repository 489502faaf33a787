"""A tuning job on this machine: Optuna draws settings, the container's code trains each trial."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlp_engine.errors import EngineError, Interrupted, require
from nlp_engine.files import new_folder
from nlp_engine.manifest import record_file
from nlp_engine.sagemaker.requests.tuning import tuning_of, whole_numbers
from nlp_engine.sagemaker.spec import JobSpec
from nlp_engine.sagemaker.trials import (
    FAILED,
    FINISHED,
    STOPPED,
    TUNING_FILE,
    Trained,
    Trainer,
    describe,
    read_earlier,
    tells_every_epoch,
    write_record,
)

if TYPE_CHECKING:
    import optuna

Log = Callable[[str], None]


def _unheard(_: str) -> None:
    pass


def tune(spec: JobSpec, out: Path, *, overwrite: bool = False, log: Log = _unheard) -> None:
    """Search as the tuning job would, and keep the best model's folder.

    It gets a `tuning.json` with the settings and the objective of every trial. As many trials
    train at a time as `max_parallel_jobs` says, but no more than there are processors, which they
    share. With a seed, the draws are the same again with `max_parallel_jobs` 1, or at random.

    Args:
        spec: The job; its data are local files.
        out: The folder to make; those that `warm_start` names lie beside it.
        overwrite: Replace an existing folder.
        log: Told of every trial in a line.

    Raises:
        SettingError: The specification has no `[tuning]`, or an earlier tuning is of another kind.
        InputError: An earlier tuning is missing.
        EngineError: Every trial failed; the message is that of the last.
        OutputError: The folder exists or cannot be written.
        MissingExtraError: Optuna is not installed.
        Interrupted: Ctrl-C when there is a model: the best until then is kept.
    """
    options = tuning_of(spec).options
    described = describe(spec)
    known = list[tuple[dict[str, str], float]]()
    for name in options.warm_start:
        earlier = read_earlier(spec, out.parent / name, described)
        known += earlier.trials
        log(f"warm start: {len(earlier.trials)} of {earlier.count} trials of {name} count here")
    study = _Study(spec, known)
    if options.early_stopping and not tells_every_epoch(spec, options.objective):
        log(
            "early_stopping stops no trial: only mode supervised with early_stopping in "
            "[hyperparameters] tells validation:accuracy after every epoch"
        )
    interrupted = None
    with (
        new_folder(out, overwrite=overwrite) as folder,
        tempfile.TemporaryDirectory(dir=folder) as scratch,
    ):
        search = _Search(spec, study, Path(scratch), log)
        try:
            search.run()
        except KeyboardInterrupt as error:
            interrupted = error
        if search.best is None:
            if interrupted:
                raise interrupted
            raise EngineError(f"every trial failed, the last with: {search.records[-1]['reason']}")
        for path in (search.best.root / "model").iterdir():
            shutil.move(path, folder / path.name)
        write_record(folder, described, search.best.number, search.records)
    record_file(out, TUNING_FILE)
    if interrupted:
        raise Interrupted(
            f"interrupted; {out} has the best of the {len(search.records)} trials that were done"
        )


class _Search:
    """Draws and trains trials.

    Attributes:
        best: The best until now, whose model is kept.
        records: What `tuning.json` says of each trial that has ended.
    """

    def __init__(self, spec: JobSpec, study: _Study, scratch: Path, log: Log) -> None:
        self.best: Trained | None = None
        self.records: list[dict[str, Any]] = []
        self._study, self._log, self._options = study, log, tuning_of(spec).options
        processors = os.cpu_count() or 1
        self._parallel = min(self._options.max_parallel_jobs, processors)
        self._trainer = Trainer(
            spec,
            scratch,
            threads=processors // self._parallel,
            early_stopping=self._options.early_stopping,
        )

    def run(self) -> None:
        """Do all trials; when that is interrupted, those that train are stopped."""
        drawn = list[dict[str, str]]()
        with ThreadPoolExecutor(self._parallel) as pool:
            running = set[Future[Trained]]()
            try:
                while running or len(drawn) < self._options.max_jobs:
                    while len(drawn) < self._options.max_jobs and len(running) < self._parallel:
                        drawn.append(self._study.draw())
                        number = len(drawn) - 1
                        running.add(pool.submit(self._trainer.train, number, drawn[number]))
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    for trained in sorted((f.result() for f in ended), key=lambda t: t.number):
                        self._take(trained, drawn[trained.number])
            finally:
                self._trainer.close()

    def _take(self, trained: Trained, drawn: dict[str, str]) -> None:
        """Take account of a trial that has ended."""
        self._study.tell(trained)
        record: dict[str, Any] = {"number": trained.number, "settings": drawn}
        record["state"] = trained.state
        if trained.state == FAILED:
            record["reason"] = trained.reason
            found = f"failed: {trained.reason}"
        else:
            record["value"] = trained.value
            found = f"{trained.value:.4f}"
        if trained.state == STOPPED:
            record["epoch"] = max(trained.curve)
            found = f"stopped after epoch {record['epoch']} with {found}"
        self.records.append(record | {"seconds": trained.seconds})
        chosen = ", ".join(f"{name} {value}" for name, value in drawn.items())
        self._log(f"trial {trained.number}: {found} ({chosen})")
        self._keep(trained)

    def _keep(self, trained: Trained) -> None:
        """Keep the model of a trial if it is the best until now."""
        if trained.state != FINISHED or (self.best and _value(trained) <= _value(self.best)):
            shutil.rmtree(trained.root)
            return
        if self.best:
            shutil.rmtree(self.best.root)
        self.best = trained


class _Study:
    """Optuna's study: what it is told, it draws by.

    Args:
        spec: The job.
        known: Settings and objectives of earlier trials.
    """

    def __init__(self, spec: JobSpec, known: Sequence[tuple[dict[str, str], float]]) -> None:
        self._optuna = module = require("optuna", "tune")
        module.logging.set_verbosity(module.logging.ERROR)
        options = tuning_of(spec).options
        # What an earlier tuning with the same seed drew shall not be drawn again.
        seed = None if options.seed is None else options.seed + len(known)
        if options.strategy == "Random":
            sampler = module.samplers.RandomSampler(seed=seed)
        else:
            # Draws near a trial that is still training would tell little.
            apart = options.max_parallel_jobs > 1
            sampler = module.samplers.TPESampler(seed=seed, constant_liar=apart)
        self._study = module.create_study(direction="maximize", sampler=sampler)
        self._distributions = _distributions(module.distributions, spec)
        self._drawn: list[optuna.trial.Trial] = []
        for settings, value in known:
            self._learn(settings, value)

    def draw(self) -> dict[str, str]:
        """Settings of the next trial, as the strings that a container gets."""
        trial = self._study.ask(self._distributions)
        self._drawn.append(trial)
        return {name: str(value) for name, value in trial.params.items()}

    def _learn(self, settings: Mapping[str, str], value: float) -> None:
        params: dict[str, Any] = {}
        for name, distribution in self._distributions.items():
            text, low = settings[name], getattr(distribution, "low", None)
            params[name] = text if low is None else type(low)(float(text))
        trial = self._optuna.trial.create_trial(
            params=params, distributions=self._distributions, value=value
        )
        self._study.add_trial(trial)

    def tell(self, trained: Trained) -> None:
        """Say what became of a trial, by the order of the draws."""
        trial, states = self._drawn[trained.number], self._optuna.trial.TrialState
        if trained.state == FINISHED:
            self._study.tell(trial, trained.value)
            return
        for epoch, value in trained.curve.items():
            trial.report(value, epoch)
        self._study.tell(trial, state=states.PRUNED if trained.state == STOPPED else states.FAIL)


def _distributions(kinds: Any, spec: JobSpec) -> dict[str, Any]:
    """The ranges of a job as Optuna's distributions."""
    found, whole = dict[str, Any](), whole_numbers(spec)
    for name, tried in tuning_of(spec).ranges.items():
        if isinstance(tried, tuple):
            found[name] = kinds.CategoricalDistribution(tried)
            continue
        log = tried.scaling == "Logarithmic"
        if name in whole:
            found[name] = kinds.IntDistribution(int(tried.min), int(tried.max), log=log)
        else:
            found[name] = kinds.FloatDistribution(tried.min, tried.max, log=log)
    return found


def _value(trained: Trained) -> float:
    return float("-inf") if trained.value is None else trained.value
