"""The search: trials of settings, drawn by what earlier ones have shown.

Optuna's tree-structured Parzen estimator draws them (Bergstra et al., "Algorithms for
Hyper-Parameter Optimization", 2011). A trial that is worse than the median of the earlier ones
after a quarter, a half or three quarters of its training is given up, and so is one that could not
be finished in time.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlp_engine.classification.artifacts import write_classifier, write_training
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.classification.trainer import HeldOutProbabilities, TrainingData, train
from nlp_engine.classification.tuning.data import ExampleCache
from nlp_engine.classification.tuning.objective import Judgement, Objective
from nlp_engine.classification.tuning.settings import TuningSettings
from nlp_engine.classification.tuning.space import beginning, suggest
from nlp_engine.classification.weights import label_weights
from nlp_engine.errors import EngineError, SettingError
from nlp_engine.formats.stored_vectors import FillRows
from nlp_engine.progress import Progress, Report

if TYPE_CHECKING:
    import optuna

    Trial = optuna.trial.FrozenTrial

JOURNAL_FILE = "tuning.journal"
METRIC = "metric"
"""What a trial's metric is called among Optuna's attributes; its value is the score."""

_LOOKS = 4  # a trial is looked at after each quarter


class _TimeIsUp(Exception):
    """The search ends within a trial."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What trials share.

    Attributes:
        folder: Holds the journal of the search, and the best trial's model in `trial-N`.
        cache: The examples.
        objective: The metric.
        names: Names of labels by label word.
        fixed: Settings that are not searched.
        pretrained: Gives words the vectors to start from.
        chosen: How to search.
        report: Told of the seconds, and of the trial.
    """

    folder: Path
    cache: ExampleCache
    objective: Objective
    names: Mapping[str, str]
    fixed: Mapping[str, Any]
    pretrained: FillRows | None
    chosen: TuningSettings
    report: Report

    def run(self) -> tuple[Trial, list[Trial]]:
        """Search, or go on where an earlier search in the folder was killed.

        Returns:
            The best trial, and all that ended.

        Raises:
            EngineError: No trial came to its end.
        """
        import optuna

        with _quiet(optuna):
            study = _open_study(self.folder / JOURNAL_FILE, self.fixed)
            before = sum(t.duration.total_seconds() for t in _trials(study) if t.duration)
            clock = _Clock(time.monotonic() - before, 60 * self.chosen.minutes)
            fault = ""
            with contextlib.suppress(_TimeIsUp):
                while not clock.is_over and not self._has_all(study):
                    fault = self._try(study, clock) or fault
        best = _best(study)
        if best is None:
            raise EngineError(
                f"no trial came to its end{fault and ': ' + fault}; give more minutes"
            )
        return best, [trial for trial in _trials(study) if trial.state.is_finished()]

    def model_of(self, trial: Trial) -> Path:
        """The folder of a trial's model; only the best one's is kept."""
        return self.folder / f"trial-{trial.number}"

    def settings_of(self, trial: Trial) -> ClassifierSettings:
        """The settings of a trial."""
        return ClassifierSettings(**{**self.fixed, **trial.params})

    def _has_all(self, study: optuna.study.Study) -> bool:
        ended = [t for t in _trials(study) if t.state.name in ("COMPLETE", "PRUNED")]
        return self.chosen.trials is not None and len(ended) >= self.chosen.trials

    def _try(self, study: optuna.study.Study, clock: _Clock) -> str:
        """Run one trial; gives why it failed, if it did."""
        import optuna

        trial = study.ask()
        best = _best(study)
        try:
            found = self._train(trial, best, clock)
        except _TimeIsUp:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            raise
        except (EngineError, SettingError) as error:  # not finite, or too large
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return str(error)
        if found is None:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            trial.set_user_attr(METRIC, found.metric)
            study.tell(trial, found.score)
        return ""

    def _train(
        self, trial: optuna.trial.Trial, best: Trial | None, clock: _Clock
    ) -> Judgement | None:
        """Train once; gives None for a trial that was given up."""
        settings = ClassifierSettings(**suggest(trial, self.fixed))
        detail = f"trial {trial.number + 1}"
        if best:
            detail += f", {self.chosen.metric} {best.user_attrs[METRIC]:.4f} so far"

        def tick(_: Progress) -> None:
            done = min(clock.seconds, clock.budget)
            self.report(Progress("tuning", int(done), int(clock.budget), "seconds", detail))
            if best and clock.is_over:
                raise _TimeIsUp

        entries, data = self.cache.get(settings, tick)
        labels = [self.names[word] for word in entries.labels]
        watch = _Watch(
            trial, settings.epochs, self.objective, data, clock, hurried=best is not None
        )
        trained, run = train(
            data,
            entries,
            settings,
            weights=label_weights(settings.class_weights, labels, entries.label_counts),
            report=tick,
            pretrained=self.pretrained,
            after_epoch=watch,
        )
        if watch.found is not None and (best is None or watch.found.score > _score(best)):
            for old in self.folder.glob("trial-*"):
                if not best or old != self.model_of(best):
                    shutil.rmtree(old)
            new = self.folder / f"trial-{trial.number}"
            new.mkdir()
            write_classifier(new, trained, entries, settings)
            write_training(new, run)
        return watch.found


@dataclass(frozen=True, slots=True)
class _Clock:
    """The time that the search has taken, and may take, in seconds."""

    started: float
    budget: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def is_over(self) -> bool:
        return self.seconds >= self.budget


class _Watch:
    """Looks at a trial after its epochs.

    Attributes:
        found: What it is after the last epoch; None as long as there is none.
    """

    def __init__(
        self,
        trial: optuna.trial.Trial,
        epochs: int,
        objective: Objective,
        data: TrainingData,
        clock: _Clock,
        *,
        hurried: bool,
    ) -> None:
        self.found: Judgement | None = None
        self._trial = trial
        self._epochs = epochs
        self._objective = objective
        self._data = data
        self._clock = clock
        self._hurried = hurried
        self._began = time.monotonic()
        self._looks = 0

    def __call__(self, epoch: int, probabilities: HeldOutProbabilities) -> bool:
        """Whether the trial is worth going on with."""
        looks = epoch * _LOOKS // self._epochs
        if looks == self._looks:
            return not self._comes_too_late(epoch)
        self._looks = looks
        assert self._data.validation is not None
        found = self._objective.judge(self._data.validation, probabilities())
        if epoch == self._epochs:
            self.found = found
            return True
        self._trial.report(found.score, looks)
        return not self._trial.should_prune() and not self._comes_too_late(epoch)

    def _comes_too_late(self, epoch: int) -> bool:
        left = (time.monotonic() - self._began) / epoch * (self._epochs - epoch)
        return self._hurried and self._clock.seconds + left > self._clock.budget


def _open_study(journal: Path, fixed: Mapping[str, Any]) -> optuna.study.Study:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    storage = optuna.storages.JournalStorage(JournalFileBackend(str(journal)))
    study = optuna.create_study(
        direction="maximize",
        storage=storage,
        study_name="tuning",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(),
    )
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)  # it was killed
    if not _trials(study):
        for values in beginning(fixed):
            study.enqueue_trial(values)
    seed = fixed.get("seed", ClassifierSettings().seed)
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(_trials(study)))
    return study


def _trials(study: optuna.study.Study) -> list[Trial]:
    return study.get_trials(deepcopy=False)


def _best(study: optuna.study.Study) -> Trial | None:
    finished = [trial for trial in _trials(study) if trial.state.name == "COMPLETE"]
    return max(finished, key=_score, default=None)


def _score(trial: Trial) -> float:
    assert trial.value is not None
    return trial.value


@contextlib.contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
