"""A specification and its data, before anything is created."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nlp_engine.errors import FormatError, InputError, SettingError
from nlp_engine.personalize import limits
from nlp_engine.personalize.check import check_dataset, raise_on_errors
from nlp_engine.personalize.importing.spec import ImportSpec, Recommender, Solution, recipe_arn
from nlp_engine.personalize.profiles import Domain
from nlp_engine.personalize.schema import (
    Column,
    DatasetType,
    dataset_of,
    read_columns,
    schema_path,
)

# The patterns of Personalize's API.
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]*")
_ROLE = re.compile(r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_RECIPE = re.compile(r"arn:aws[a-z\-]*:personalize:::recipe/[a-z0-9-]+")
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")
_LOCATION_CHARACTERS = 256
_OWN_PART = "/interactions/" + "0" * 16 + "/"  # what the address of the data has beside the prefix
_MOST_FILTERS = 30
_COLUMN = re.compile(r"\b(Items|Users|CurrentUser|CurrentItem|Interactions)\.([A-Za-z_]\w*)", re.I)
_DATASETS = {
    "items": DatasetType.ITEMS,
    "currentitem": DatasetType.ITEMS,
    "users": DatasetType.USERS,
    "currentuser": DatasetType.USERS,
    "interactions": DatasetType.INTERACTIONS,
}
_SEMANTIC = "aws-semantic-similarity"

Columns = Mapping[DatasetType, Mapping[str, Column]]


def check_import(spec: ImportSpec) -> None:
    """Check everything that Personalize would refuse, as far as it can be known here.

    Raises:
        SettingError: The first thing in the specification; the message names its section.
        InputError: The first error in the data, with row and column.
    """
    _check_group(spec)
    for name in spec.filters:
        _check_name(f"[filters] {name}", name)
    columns = {kind: _columns(spec, kind) for kind in spec.datasets}
    for name, expression in spec.filters.items():
        _check_filter(name, expression, columns)
    if len(spec.filters) > _MOST_FILTERS:
        raise SettingError(f"[filters] has {len(spec.filters)}; Personalize allows {_MOST_FILTERS}")
    for solution in spec.solutions:
        _check_solution(spec, solution, columns)
    for recommender in spec.recommenders:
        _check_recommender(spec, recommender, columns)
    for dataset in spec.datasets.values():
        findings = check_dataset(
            dataset.path, domain=str(spec.group.domain), import_mode=dataset.import_mode
        )
        raise_on_errors(findings, dataset.path)


def _check_group(spec: ImportSpec) -> None:
    group = spec.group
    _check_name("name", group.name)
    if group.event_tracker is not None:
        _check_name("event_tracker", group.event_tracker)
    if not _REGION.fullmatch(spec.region):
        raise SettingError(f"region is {spec.region!r}; it must be one such as us-east-1")
    if not _ROLE.fullmatch(group.role):
        raise SettingError(
            f"role is {group.role!r}; it must be a role's ARN, such as "
            "arn:aws:iam::123456789012:role/Personalize"
        )
    if not _S3.fullmatch(group.s3):
        raise SettingError(f"s3 is {group.s3!r}; it must be an s3://BUCKET/… address")
    longest = _LOCATION_CHARACTERS - len(_OWN_PART)
    if len(group.s3.rstrip("/")) > longest:
        raise SettingError(f"s3 has {len(group.s3)} characters; {longest} are allowed")


def _columns(spec: ImportSpec, kind: DatasetType) -> dict[str, Column]:
    """The columns of a dataset's schema by name."""
    dataset = spec.datasets[kind]
    _check_name(f"[datasets.{kind.lower()}] name", dataset.name or kind.lower())
    path = schema_path(dataset.path)
    schema = path.read_text(encoding="utf-8")
    try:
        found, columns = dataset_of(schema), read_columns(schema)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
    if found != kind:
        raise InputError(f"{path} is of the type {found}; {kind} are expected")
    return {column.name: column for column in columns}


def _check_filter(name: str, expression: str, columns: Columns) -> None:
    place = f"[filters] {name}"
    if not 1 <= len(expression) <= limits.MAX_FILTER_CHARACTERS:
        raise SettingError(
            f"{place} has {len(expression)} characters; {limits.MAX_FILTER_CHARACTERS} are allowed"
        )
    if not re.match(r"\s*(INCLUDE|EXCLUDE)\b", expression, re.I):
        raise SettingError(f"{place} is {expression!r}; it must begin with INCLUDE or EXCLUDE")
    for dataset, column_name in _COLUMN.findall(re.sub(r'"[^"]*"', '""', expression)):
        kind = _DATASETS[dataset.lower()]
        if kind not in columns:
            continue  # it may be one that is filled by events alone
        column = columns[kind].get(column_name)
        if column is None:
            known = ", ".join(columns[kind])
            raise SettingError(f"{place}: {kind} have no column {column_name}; there are {known}")
        if column.textual or column.type == "boolean":
            what = "textual" if column.textual else "of type boolean"
            raise SettingError(f"{place}: column {column_name} is {what}; no filter can use it")


def _check_solution(spec: ImportSpec, solution: Solution, columns: Columns) -> None:
    place, recipe = f"[solutions.{solution.name}]", recipe_arn(solution.options.recipe)
    _check_name(place, solution.name)
    _check_recipe(place, recipe)
    _check_excluded(place, solution.excluded_columns, columns)
    if solution.campaign:
        _check_name(f"{place} campaign name", solution.campaign.options.name or solution.name)
    if recipe.endswith(f"/{_SEMANTIC}"):
        items = columns.get(DatasetType.ITEMS, {}).values()
        for attribute, found in (
            ("itemName", any(column.item_name for column in items)),
            ("textual", any(column.textual for column in items)),
        ):
            if not found:
                raise SettingError(f"{place}: {_SEMANTIC} needs a column of Items with {attribute}")
    elif DatasetType.INTERACTIONS not in columns and spec.group.event_tracker is None:
        raise SettingError(
            f"{place}: its recipe needs interactions; add [datasets.interactions] or event_tracker"
        )


def _check_recommender(spec: ImportSpec, recommender: Recommender, columns: Columns) -> None:
    place = f"[recommenders.{recommender.name}]"
    if spec.group.domain == Domain.CUSTOM:
        raise SettingError(
            f"{place}: recommenders are for domains; set domain, or train a solution instead"
        )
    _check_name(place, recommender.serving.options.name or recommender.name)
    _check_recipe(place, recipe_arn(recommender.recipe))
    _check_excluded(place, recommender.excluded_columns, columns)


def _check_recipe(place: str, recipe: str) -> None:
    if not _RECIPE.fullmatch(recipe):
        raise SettingError(
            f"{place} recipe is {recipe!r}; it must be one such as aws-similar-items"
        )


def _check_excluded(
    place: str, excluded: Mapping[DatasetType, Sequence[str]], columns: Columns
) -> None:
    for kind, names in excluded.items():
        if kind not in columns:
            raise SettingError(f"{place} excluded_columns: there is no dataset {kind.lower()}")
        for name in names:
            if name not in columns[kind]:
                known = ", ".join(columns[kind])
                raise SettingError(
                    f"{place} excluded_columns: {kind} have no {name}; there are {known}"
                )


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > limits.MAX_NAME_CHARACTERS:
        raise SettingError(
            f"{what}: {name!r} is no name; it must be at most {limits.MAX_NAME_CHARACTERS} "
            "letters, digits, - and _, and begin with a letter or digit"
        )
