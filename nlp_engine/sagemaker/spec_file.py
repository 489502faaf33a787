"""Reading a job's TOML file; errors name the file, the section and the key."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.files import read_toml
from nlp_engine.sagemaker.hyperparameters import SUPERVISED, check_hyperparameters
from nlp_engine.sagemaker.spec import (
    Account,
    Channel,
    Hosting,
    Instance,
    JobSpec,
    Range,
    Spot,
    Transform,
    Tuning,
    TuningOptions,
)

T = TypeVar("T")

_CHANNELS = ("train", "validation", "evaluation")
_SECTIONS = (
    "data",
    "hyperparameters",
    "sagemaker",
    "instance",
    "spot",
    "tuning",
    "endpoint",
    "transform",
)


def read_spec(path: Path) -> JobSpec:
    """Read a job's TOML file.

    Raises:
        InputError: Missing or no TOML.
        SettingError: A key is missing, unknown or out of range.
    """
    content = read_toml(path)
    with settings.in_place(f"{path}"):
        return _read(content)


def _read(content: Mapping[str, Any]) -> JobSpec:
    _check_names(content, ("name", "out", *_SECTIONS))
    for section in _SECTIONS:
        if not isinstance(content.get(section, {}), dict):
            raise SettingError(f"{section} must be a section: [{section}]")
    for key in ("name", "out"):
        if key in content and not isinstance(content[key], str):
            raise SettingError(f"{key} is {content[key]!r}; it must be text")
    if not content.get("name"):
        raise SettingError("name is required, and must stand before the first section")
    spec = JobSpec(
        name=content["name"],
        channels=_channels(content.get("data", {})),
        hyperparameters=content.get("hyperparameters", {}),
        out=content.get("out"),
        account=_section(Account, "sagemaker", content),
        instance=_section(Instance, "instance", content) or Instance(),
        spot=_section(Spot, "spot", content),
        tuning=_tuning(content["tuning"]) if "tuning" in content else None,
        hosting=_section(Hosting, "endpoint", content) or Hosting(),
        transform=_section(Transform, "transform", content),
    )
    _check_hyperparameters(spec)
    return spec


def _section(cls: type[T], name: str, content: Mapping[str, Any]) -> T | None:
    if name not in content:
        return None
    with settings.in_place(f"[{name}]"):
        return settings.from_mapping(cls, content[name])


def _channels(data: Mapping[str, Any]) -> dict[str, Channel]:
    with settings.in_place("[data]"):
        _check_names(data, _CHANNELS)
        if "train" not in data:
            raise SettingError("train is required: a file or an S3 address")
    channels = {}
    for name in _CHANNELS:
        if name in data:
            given = data[name]
            with settings.in_place(f"[data.{name}]"):
                values = given if isinstance(given, dict) else {"source": given}
                channels[name] = settings.from_mapping(Channel, values)
    return channels


def _tuning(section: Mapping[str, Any]) -> Tuning:
    options = {name: value for name, value in section.items() if name != "ranges"}
    with settings.in_place("[tuning]"):
        chosen = settings.from_mapping(TuningOptions, options)
        if not isinstance(section.get("ranges"), dict) or not section["ranges"]:
            raise SettingError("nothing to search: [tuning.ranges] is missing or empty")
    ranges = {name: _range(name, value) for name, value in section["ranges"].items()}
    return Tuning(options=chosen, ranges=ranges)


def _range(name: str, value: Any) -> Range | tuple[str, ...]:
    with settings.in_place(f"[tuning.ranges] {name}"):
        if isinstance(value, dict):
            return settings.from_mapping(Range, value)
        if isinstance(value, list) and value:
            return tuple(map(str, value))
        raise SettingError("expected { min = …, max = … } or a list of values")


def _check_hyperparameters(spec: JobSpec) -> None:
    """Check the given settings, and the ends of all ranges, as the settings that they are."""
    given = dict(spec.hyperparameters)
    ranges = spec.tuning.ranges if spec.tuning else {}
    if both := sorted(given.keys() & ranges.keys()):
        raise SettingError(
            f"{both[0]} stands in [hyperparameters] and in [tuning.ranges]; leave one out"
        )
    if SUPERVISED in spec.modes and len(spec.modes) > 1:
        raise SettingError("[tuning.ranges] mode mixes supervised with modes of word vectors")
    base = given if "mode" in given or "mode" not in ranges else given | {"mode": spec.modes[0]}
    with settings.in_place("[hyperparameters]"):
        check_hyperparameters(base)
    for name, tried in ranges.items():
        values = tried if isinstance(tried, tuple) else (tried.min, tried.max)
        with settings.in_place("[tuning.ranges]"):
            for value in values:
                check_hyperparameters(base | {name: value})


def _check_names(given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(known)}"
            raise SettingError(f"unknown key {name!r}; {hint}")
