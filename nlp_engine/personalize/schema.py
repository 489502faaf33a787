"""Schemas of Personalize datasets, in Avro's JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nlp_engine.errors import FormatError

NAMESPACE = "com.amazonaws.personalize.schema"
ITEM_ID, CREATION_TIMESTAMP = "ITEM_ID", "CREATION_TIMESTAMP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a dataset.

    Attributes:
        name: Its name, in upper case by AWS's custom.
        type: An Avro scalar type.
        nullable: Whether values may be missing.
        categorical: Whether training reads the string as `|`-separated categories.
        textual: Whether training reads the string as text.
    """

    name: str
    type: str = "string"
    nullable: bool = True
    categorical: bool = False
    textual: bool = False


def items_schema(columns: Sequence[Column]) -> dict[str, Any]:
    """The Avro schema of an Items dataset with these columns, in order."""
    return {
        "type": "record",
        "name": "Items",
        "namespace": NAMESPACE,
        "fields": [_field(column) for column in columns],
        "version": "1.0",
    }


def schema_json(schema: Mapping[str, Any]) -> str:
    """The schema as the text that CreateSchema takes."""
    return json.dumps(schema, indent=2) + "\n"


def read_columns(text: str) -> list[Column]:
    """The columns of a schema's text.

    Raises:
        FormatError: It is no JSON or no Personalize schema.
    """
    try:
        fields = json.loads(text)["fields"]
        return [_column(field) for field in fields]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"the schema is no Avro record schema: {error}") from error


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": ["null", column.type] if column.nullable else column.type,
    }
    if column.categorical:
        field["categorical"] = True
    if column.textual:
        field["textual"] = True
    return field


def _column(field: Mapping[str, Any]) -> Column:
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
    )
