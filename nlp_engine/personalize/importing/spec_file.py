"""Reading a dataset group's TOML file; errors name the file, the section and the key."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.files import read_toml
from nlp_engine.personalize.importing.spec import (
    Dataset,
    Group,
    ImportSpec,
    Recommender,
    Serving,
    ServingOptions,
    Solution,
    SolutionOptions,
)
from nlp_engine.personalize.schema import DatasetType

T = TypeVar("T")

_SECTIONS = ("datasets", "filters", "solutions", "recommenders")
_SERVING_TABLES = ("exploration", "ranking_influence")


def read_import_spec(path: Path) -> ImportSpec:
    """Read a dataset group's TOML file; its folders stand beside it.

    Raises:
        InputError: Missing or no TOML.
        SettingError: A key is missing, unknown or out of range.
    """
    content = read_toml(path)
    with settings.in_place(f"{path}"):
        sections = {name: _table(content, name) for name in _SECTIONS}
        top = {name: value for name, value in content.items() if name not in _SECTIONS}
        return ImportSpec(
            group=settings.from_mapping(Group, top),
            datasets=_datasets(sections["datasets"], path.parent),
            filters=_filters(sections["filters"]),
            solutions=_parts("solutions", sections, _solution),
            recommenders=_parts("recommenders", sections, _recommender),
        )


def _datasets(section: Mapping[str, Any], beside: Path) -> dict[DatasetType, Dataset]:
    datasets = {}
    with settings.in_place("[datasets]"):
        if not section:
            raise SettingError("nothing to import; name a folder, such as [datasets.items]")
        for name in section:
            kind = _dataset_type(name)
            with settings.in_place(f"[datasets.{name}]"):
                values = dict(_table(section, name))
                if isinstance(values.get("folder"), str):
                    values["folder"] = str(beside / values["folder"])
                datasets[kind] = settings.from_mapping(Dataset, values)
    return {kind: datasets[kind] for kind in DatasetType if kind in datasets}


def _filters(section: Mapping[str, Any]) -> dict[str, str]:
    for name, expression in section.items():
        if not isinstance(expression, str):
            raise SettingError(f"[filters] {name} is {expression!r}; it must be an expression")
    return dict(section)


def _solution(name: str, section: Mapping[str, Any]) -> Solution:
    tables = ("hyperparameters", "excluded_columns", "campaign")
    options = {key: value for key, value in section.items() if key not in tables}
    campaign = None
    if "campaign" in section:
        with settings.in_place("campaign"):
            campaign = _serving(_table(section, "campaign"))
    return Solution(
        name=name,
        options=settings.from_mapping(SolutionOptions, options),
        hyperparameters=_strings(_table(section, "hyperparameters")),
        excluded_columns=_columns(_table(section, "excluded_columns")),
        campaign=campaign,
    )


def _recommender(name: str, section: Mapping[str, Any]) -> Recommender:
    rest = dict(section)
    recipe, columns = rest.pop("recipe", None), rest.pop("excluded_columns", {})
    if not isinstance(recipe, str):
        raise SettingError("recipe is required, such as aws-vod-top-picks")
    return Recommender(
        name=name,
        recipe=recipe,
        serving=_serving(rest),
        excluded_columns=_columns(columns),
    )


def _serving(section: Mapping[str, Any]) -> Serving:
    options = {key: value for key, value in section.items() if key not in _SERVING_TABLES}
    influence = _table(section, "ranking_influence")
    for name, value in influence.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SettingError(f"ranking_influence {name} is {value!r}; it must be a number")
    return Serving(
        options=settings.from_mapping(ServingOptions, options),
        exploration=_strings(_table(section, "exploration")),
        ranking_influence=influence,
    )


def _columns(section: Mapping[str, Any]) -> dict[DatasetType, Sequence[str]]:
    with settings.in_place("excluded_columns"):
        for name, columns in section.items():
            if not isinstance(columns, list) or not all(isinstance(c, str) for c in columns):
                raise SettingError(f"{name} is {columns!r}; it must be a list of column names")
        return {_dataset_type(name): columns for name, columns in section.items()}


def _dataset_type(name: str) -> DatasetType:
    known = {kind.lower(): kind for kind in DatasetType}
    if name.lower() not in known:
        nearest = difflib.get_close_matches(name.lower(), known, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(known)}"
        raise SettingError(f"unknown dataset {name!r}; {hint}")
    return known[name.lower()]


def _parts(
    section: str,
    sections: Mapping[str, Mapping[str, Any]],
    make: Callable[[str, Mapping[str, Any]], T],
) -> list[T]:
    made = []
    for name in sections[section]:
        with settings.in_place(f"[{section}.{name}]"):
            made.append(make(name, _table(sections[section], name)))
    return made


def _table(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name, {})
    if not isinstance(value, dict):
        raise SettingError(f"{name} is {value!r}; it must be a table")
    return value


def _strings(section: Mapping[str, Any]) -> dict[str, str]:
    """Values as AWS takes them: all as text."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in section.items()
    }
