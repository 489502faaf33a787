"""`tuning.json`: what a tuning has tried, and what of an earlier one counts for another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine.errors import InputError, SettingError
from nlp_engine.files import sha256
from nlp_engine.sagemaker.checks.data import local_files
from nlp_engine.sagemaker.packing import content_hash
from nlp_engine.sagemaker.requests.tuning import tuning_of
from nlp_engine.sagemaker.spec import JobSpec, Range
from nlp_engine.sagemaker.trials.training import FINISHED

TUNING_FILE = "tuning.json"


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """The trials of an earlier tuning.

    Attributes:
        count: How many there are.
        trials: Settings, as strings, and objective of those whose settings count for another.
    """

    count: int
    trials: list[tuple[dict[str, str], float]]


def describe(spec: JobSpec) -> dict[str, Any]:
    """What the trials of a job have in common: objective, fixed settings, hashes of the data."""
    return {
        "objective": tuning_of(spec).options.objective,
        "hyperparameters": spec.strings(),
        "data": {name: _hash(spec, name) for name in spec.channels},
    }


def write_record(
    folder: Path, described: Mapping[str, Any], best: int, trials: Sequence[Mapping[str, Any]]
) -> None:
    """Write `tuning.json`.

    Args:
        folder: That of the best model.
        described: As `describe` gives it.
        best: The number of its trial.
        trials: All trials.
    """
    in_order = sorted(trials, key=lambda trial: trial["number"])
    record = {**described, "best_trial": best, "trials": in_order}
    text = json.dumps(record, indent=4)
    (folder / TUNING_FILE).write_text(text + "\n", encoding="utf-8")


def read_earlier(spec: JobSpec, folder: Path, described: Mapping[str, Any]) -> Earlier:
    """The trials of an earlier tuning; those count whose settings this one might draw, too.

    All other settings must be the same, whether the earlier one drew them or not.

    Args:
        spec: The job.
        folder: What the earlier one has made.
        described: This job, as `describe` gives it.

    Raises:
        InputError: The folder has no record.
        SettingError: It had another objective, or other data.
    """
    record = _read(folder)
    for name, what in (("objective", "by another objective"), ("data", "on other data")):
        if record[name] != described[name]:
            raise SettingError(
                f"[tuning] warm_start: {folder} was tuned {what}, {_shown(record[name])}; its "
                "values cannot be compared; leave it out"
            )
    ranges, fixed = tuning_of(spec).ranges, described["hyperparameters"]
    found = []
    for trial in record["trials"]:
        settings = {**record["hyperparameters"], **trial["settings"]}
        drawn = {name: settings.pop(name) for name in ranges if name in settings}
        possible = drawn.keys() == ranges.keys() and all(
            _within(drawn[name], tried) for name, tried in ranges.items()
        )
        if trial["state"] == FINISHED and settings == fixed and possible:
            found.append((drawn, trial["value"]))
    return Earlier(count=len(record["trials"]), trials=found)


def _read(folder: Path) -> dict[str, Any]:
    path = folder / TUNING_FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not {"objective", "hyperparameters", "data", "trials"} <= record.keys():
            raise ValueError("it lacks what the trials have in common")
    except FileNotFoundError as error:
        raise InputError(
            f"[tuning] warm_start: {path} does not exist; a local run learns from the folders of "
            "earlier local tunings that lie beside its own"
        ) from error
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            f"[tuning] warm_start: {path} is no record of a tuning: {error}"
        ) from error
    return dict(record)


def _within(value: str, tried: Range | tuple[str, ...]) -> bool:
    if isinstance(tried, tuple):
        return value in tried
    try:
        return tried.min <= float(value) <= tried.max
    except ValueError:
        return False


def _hash(spec: JobSpec, name: str) -> str:
    channel = spec.channels[name]
    files = local_files(name, channel)
    folder = Path(channel.source)
    return content_hash(folder, files) if folder.is_dir() else sha256(files[0])


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, dict) else str(value)
