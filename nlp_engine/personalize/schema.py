"""Schemas of Personalize datasets, in Avro's JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from nlp_engine.errors import FormatError, InputError
from nlp_engine.files import check_input_file

NAMESPACE = "com.amazonaws.personalize.schema"
VERSION = "1.0"
ITEM_ID, USER_ID = "ITEM_ID", "USER_ID"
TIMESTAMP, CREATION_TIMESTAMP = "TIMESTAMP", "CREATION_TIMESTAMP"
EVENT_TYPE = "EVENT_TYPE"

INTEGERS = frozenset(("int", "long"))
SCALARS = INTEGERS | frozenset(("float", "double", "string", "boolean"))
"""The types of Avro that Personalize takes."""


class DatasetType(StrEnum):
    """The dataset types of Personalize that this package makes and checks."""

    INTERACTIONS = "Interactions"
    ITEMS = "Items"
    USERS = "Users"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a dataset.

    Attributes:
        name: Its name, in upper case by AWS's custom.
        type: An Avro scalar type.
        nullable: Whether values may be missing.
        categorical: Whether training reads the string as `|`-separated categories.
        textual: Whether training reads the string as text.
        item_name: Whether the string is the item's name, for the recipe Semantic-Similarity and
            for batch recommendations with themes.
    """

    name: str
    type: str = "string"
    nullable: bool = True
    categorical: bool = False
    textual: bool = False
    item_name: bool = False


def dataset_schema(dataset: DatasetType, columns: Sequence[Column]) -> dict[str, Any]:
    """The Avro schema of a dataset with these columns, in order."""
    return {
        "type": "record",
        "name": str(dataset),
        "namespace": NAMESPACE,
        "fields": [_field(column) for column in columns],
        "version": VERSION,
    }


def schema_json(schema: Mapping[str, Any]) -> str:
    """The schema as the text that CreateSchema takes."""
    return json.dumps(schema, indent=2) + "\n"


def schema_path(folder: Path) -> Path:
    """The schema in a dataset's folder.

    Raises:
        InputError: There is no such folder, or no schema in it.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {what}; a folder with schema.json and CSV files is expected")
    return check_input_file(folder / "schema.json")


def read_columns(text: str) -> list[Column]:
    """The columns of a schema's text.

    Raises:
        FormatError: It is no JSON or no Personalize schema.
    """
    try:
        return [read_column(field) for field in parse_schema(text)["fields"]]
    except ValueError as error:
        raise _no_schema(error) from error


def parse_schema(text: str) -> dict[str, Any]:
    """A schema's text as it stands there; its `fields` have names and types of any kind.

    Raises:
        FormatError: It is no JSON or has no such fields.
    """
    try:
        schema: dict[str, Any] = json.loads(text)
        if not all(isinstance(field["name"], str) and field["type"] for field in schema["fields"]):
            raise ValueError("a field without name or type")
    except KeyError as error:
        raise _no_schema(f"there is no {error}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise _no_schema(error) from error
    return schema


def dataset_of(text: str) -> DatasetType:
    """The dataset type that a schema's name says, Items if it says none.

    Raises:
        FormatError: It is no JSON or no Personalize schema.
    """
    name = str(parse_schema(text).get("name", "")).lower()
    return next((kind for kind in DatasetType if kind.lower() == name), DatasetType.ITEMS)


def _no_schema(error: Exception | str) -> FormatError:
    return FormatError(f"the schema is no Avro record schema: {error}")


def read_column(field: Mapping[str, Any]) -> Column:
    """A field of a schema as a column.

    Raises:
        ValueError: Its type is no scalar, nor a union of one with null.
    """
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    scalars = [kind for kind in kinds if kind != "null"]
    if len(scalars) != 1 or not isinstance(scalars[0], str):
        raise ValueError(f"field {field['name']!r} has type {field['type']!r}, no scalar")
    return Column(
        name=field["name"],
        type=scalars[0],
        nullable="null" in kinds,
        categorical=bool(field.get("categorical")),
        textual=bool(field.get("textual")),
        item_name=bool(field.get("itemName")),
    )


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": ["null", column.type] if column.nullable else column.type,
    }
    for attribute, is_set in (
        ("categorical", column.categorical),
        ("textual", column.textual),
        ("itemName", column.item_name),
    ):
        if is_set:
            field[attribute] = True
    return field
