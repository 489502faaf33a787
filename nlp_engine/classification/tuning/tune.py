"""Finding a classifier's settings in a given time."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlp_engine import settings
from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.classification.train import as_text, finish_folder, label_names
from nlp_engine.classification.tuning.data import ExampleCache
from nlp_engine.classification.tuning.objective import Objective
from nlp_engine.classification.tuning.search import JOURNAL_FILE, METRIC, Search
from nlp_engine.classification.tuning.settings import TuningSettings
from nlp_engine.classification.vocabulary import read_entries
from nlp_engine.corpus.labelled import LabelledFiles, labelled_files, write_labels
from nlp_engine.errors import InputError, SettingError, require
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.formats.stored_vectors import pretrained_rows
from nlp_engine.manifest import resume_key
from nlp_engine.progress import Report, silent

if TYPE_CHECKING:
    from nlp_engine.classification.tuning.search import Trial

TUNING_FILE = "tuning.json"
_SEARCH_OPTIONS = {field.name for field in dataclasses.fields(TuningSettings)}
_STATES = {"COMPLETE": "finished", "PRUNED": "given up"}


def tune_classifier(
    corpus: Path | str,
    out: Path | str,
    *,
    validation: Path | str | None = None,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Classifier:
    """Find the settings that do best on validation examples, within a given time.

    The folder is one of `train_classifier`, of the best trial's model, with a `tuning.json` that
    has the settings and the metric of every trial. A search that was killed goes on when it is
    called again.

    Args:
        corpus: A labelled corpus folder or file, as for `train_classifier`.
        out: The folder to make.
        validation: Labelled file that decides; by default the folder's own.
        overwrite: Replace an existing folder.
        report: Told of the seconds and trials.
        **options: Fields of `TuningSettings`, and of `ClassifierSettings`, which are not searched
            then.

    Returns:
        The classifier.

    Raises:
        InputError: The examples cannot be read or have fewer than two labels, or there is no
            validation file.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
        EngineError: No trial came to its end.
        MissingExtraError: Optuna is not installed.
    """
    require("optuna", "tune")
    chosen, fixed = _split(options)
    given = labelled_files(Path(corpus))
    if validation:
        given = dataclasses.replace(given, validation=check_input_file(Path(validation)))
    if given.validation is None:
        raise InputError(
            f"{corpus} has no validation file, which decides between settings; name one"
        )
    started = time.monotonic()
    with (
        new_folder(Path(out), overwrite=overwrite, resume_key=_key(given, chosen, fixed)) as folder,
        as_text(given) as files,
    ):
        _search(folder, given, files, chosen, fixed, started, report)
    return Classifier.open(out, threads=fixed.get("threads"))


def _split(options: Mapping[str, Any]) -> tuple[TuningSettings, dict[str, Any]]:
    """How to search, and the settings that are not searched, both checked."""
    options = dict(options)
    if isinstance(options.get("class_weights"), Mapping):
        options["class_weights"] = json.dumps(options["class_weights"])
    own = {name: options.pop(name) for name in _SEARCH_OPTIONS & options.keys()}
    chosen = settings.from_mapping(TuningSettings, own)
    model = settings.from_mapping(ClassifierSettings, options)
    fixed = {name: getattr(model, name) for name in options}
    if model.engine != "native" or model.early_stopping:
        name = "early_stopping" if model.early_stopping else "engine"
        raise SettingError(
            f"{name} is {getattr(model, name)}, which is not for tuning; leave it out"
        )
    if model.pretrained_vectors and "vector_dim" not in fixed:
        raise SettingError("pretrained_vectors have one vector_dim; name it, too")
    return chosen, fixed


def _key(given: LabelledFiles, chosen: TuningSettings, fixed: Mapping[str, Any]) -> str:
    files = [path for path in (given.train, given.validation) if path]
    return resume_key(files, settings.to_mapping(chosen), dict(fixed))


def _search(
    folder: Path,
    given: LabelledFiles,
    files: LabelledFiles,
    chosen: TuningSettings,
    fixed: Mapping[str, Any],
    started: float,
    report: Report,
) -> None:
    assert files.validation is not None
    every = read_entries(files.train, min_count=1, threads=fixed.get("threads"), report=report)
    names = label_names(files, every)
    start = fixed.get("pretrained_vectors")
    search = Search(
        folder=folder,
        cache=ExampleCache(files.train, files.validation, every),
        objective=Objective(files.validation, names, len(every.labels), chosen),
        names=names,
        fixed=fixed,
        pretrained=pretrained_rows(Path(start), fixed["vector_dim"]) if start else None,
        chosen=chosen,
        report=report,
    )
    best, trials = search.run()
    for path in search.model_of(best).iterdir():
        path.rename(folder / path.name)
    for left in folder.glob("trial-*"):
        shutil.rmtree(left)
    (folder / JOURNAL_FILE).unlink()
    _write_tuning(folder, best, trials, chosen.metric)
    write_labels(folder, names)
    found = search.settings_of(best)
    entries, _ = search.cache.get(found, report)
    finish_folder(folder, given, files, entries, found, started, report, trials=len(trials))


def _write_tuning(folder: Path, best: Trial, trials: Sequence[Trial], metric: str) -> None:
    """Write `tuning.json`: the best trial's number, and all trials with metric and score."""
    record = {
        "metric": metric,
        "best_trial": best.number,
        "trials": [
            {
                "number": trial.number,
                "state": _STATES.get(trial.state.name, "failed"),
                "value": trial.user_attrs.get(METRIC),
                "score": trial.value if trial.state.name == "COMPLETE" else None,
                "seconds": trial.duration.total_seconds() if trial.duration else None,
                "settings": trial.params,
            }
            for trial in trials
        ],
    }
    text = json.dumps(record, indent=4)
    (folder / TUNING_FILE).write_text(text + "\n", encoding="utf-8")
