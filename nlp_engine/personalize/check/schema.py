"""The rules of schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nlp_engine.personalize import limits
from nlp_engine.personalize.check.findings import Findings
from nlp_engine.personalize.profiles import Domain, Profile, profile
from nlp_engine.personalize.schema import (
    CREATION_TIMESTAMP,
    NAMESPACE,
    SCALARS,
    VERSION,
    Column,
    DatasetType,
    dataset_of,
    parse_schema,
    read_column,
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIGIT_BESIDE_UNDERSCORE = re.compile(r"_\d|\d_")
_KINDS = ("categorical", "textual", "itemName")


def check_schema(text: str, domain: Domain, findings: Findings) -> list[Column] | None:
    """Check a schema's text.

    Returns:
        Its columns; None if some field is none that a table could be read by.

    Raises:
        FormatError: It is no JSON, or has no fields with names.
    """
    schema = parse_schema(text)
    fields = schema["fields"]
    dataset = _check_head(schema, text, findings)
    columns = []
    for field in fields:
        if _has_scalar_type(field, findings):
            columns.append(read_column(field))
    _check_names([field["name"] for field in fields], findings)
    _check_kinds(columns, dataset, findings)
    _check_profile(columns, profile(dataset, domain), findings)
    return columns if len(columns) == len(fields) else None


def _check_head(schema: Mapping[str, Any], text: str, findings: Findings) -> DatasetType:
    dataset = dataset_of(text)
    if schema.get("type") != "record":
        findings.error("schema-type", f"type is {schema.get('type')!r}; it must be record")
    if schema.get("name") != dataset:
        names = ", ".join(DatasetType)
        findings.error("schema-name", f"name is {schema.get('name')!r}; it must be one of {names}")
    if schema.get("namespace") != NAMESPACE:
        findings.warning(
            "namespace", f"namespace is {schema.get('namespace')!r}; AWS's is {NAMESPACE}"
        )
    if schema.get("version") != VERSION:
        findings.error("version", f"version is {schema.get('version')!r}; it must be {VERSION!r}")
    if len(text) > limits.MAX_SCHEMA_CHARACTERS:
        findings.error(
            "schema-length",
            f"{len(text):,} characters; {limits.MAX_SCHEMA_CHARACTERS:,} allowed: leave out fields",
        )
    return dataset


def _has_scalar_type(field: Mapping[str, Any], findings: Findings) -> bool:
    name, kind = field["name"], field["type"]
    kinds = kind if isinstance(kind, list) else [kind]
    scalars = [one for one in kinds if one != "null"]
    allowed = ", ".join(sorted(SCALARS))
    if len(scalars) != 1 or len(kinds) > 2:
        findings.error(
            "column-type", f"type {kind} is not supported; one of {allowed}, or it and null", name
        )
        return False
    if not isinstance(scalars[0], str) or scalars[0] not in SCALARS:
        findings.error("column-type", f"type {kind} is not supported; use one of {allowed}", name)
        return False
    return True


def _check_names(names: Sequence[str], findings: Findings) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if not _NAME.fullmatch(name) or len(name) > limits.MAX_COLUMN_NAME_CHARACTERS:
            most = limits.MAX_COLUMN_NAME_CHARACTERS
            findings.error(
                "column-name",
                f"letters, digits and _ allowed, no digit first, at most {most}",
                name,
            )
        if _DIGIT_BESIDE_UNDERSCORE.search(name):
            findings.warning(
                "column-digits",
                "a digit beside _: how PutItems writes such a name in camel case is not "
                "documented; use letters",
                name,
            )
        plain = name.replace("_", "").lower()
        if plain in seen:
            same = seen[plain] == name
            what = "it is there twice" if same else f"too similar to {seen[plain]} for Personalize"
            findings.error("column-names", f"{what}: give one of them another name", name)
        seen.setdefault(plain, name)


def _check_kinds(columns: Sequence[Column], dataset: DatasetType, findings: Findings) -> None:
    for column in columns:
        kinds = [column.categorical, column.textual, column.item_name]
        named = [name for name, is_set in zip(_KINDS, kinds, strict=True) if is_set]
        if named and column.type != "string":
            findings.error("column-kind", f"{named[0]} needs the type string", column.name)
        if column.categorical and column.textual:
            findings.error("column-kind", "categorical and textual exclude each other", column.name)
        if (column.textual or column.item_name) and dataset is not DatasetType.ITEMS:
            findings.error("column-kind", f"{named[0]} exists in Items alone", column.name)
        if column.type == "boolean":
            findings.warning(
                "boolean",
                "neither training nor filters use booleans; use a categorical string or an int",
                column.name,
            )
    if sum(column.textual for column in columns) > limits.MAX_TEXTUAL_COLUMNS:
        findings.error(
            "textual-columns",
            f"{limits.MAX_TEXTUAL_COLUMNS} textual field allowed: join their texts",
        )
    if sum(column.item_name for column in columns) > 1:
        findings.error("item-name", "one field with itemName allowed")


def _check_profile(columns: Sequence[Column], rules: Profile, findings: Findings) -> None:
    by_name = {column.name: column for column in columns}
    for wanted in rules.required:
        if wanted.name not in by_name:
            findings.error(
                "required-column", f"the schema needs this field: {_described(wanted)}", wanted.name
            )
    for wanted in (*rules.required, *rules.reserved):
        found = by_name.get(wanted.name)
        if found is not None and not _is_as_wanted(found, wanted):
            findings.error(
                "reserved-column",
                f"the name is reserved for: {_described(wanted)}; here: {_described(found)}",
                wanted.name,
            )
        if found is not None and found.nullable and wanted.name == CREATION_TIMESTAMP:
            findings.warning(
                "nullable-timestamp",
                "null is not documented here; give every item a time or leave out the field",
                wanted.name,
            )
    metadata = [column for column in columns if rules.is_metadata(column.name)]
    if rules.needs_metadata and not metadata:
        findings.error("no-metadata", f"the schema needs a field beside {rules.ids[0]}")
    elif rules.needs_metadata and not any(map(_is_used_in_training, metadata)):
        findings.warning(
            "not-in-training",
            "training uses no field: mark a string as categorical or textual, or add a number",
        )
    if len(metadata) > rules.max_columns:
        findings.error("columns", f"{len(metadata)} metadata fields; {rules.max_columns} allowed")


def _is_as_wanted(found: Column, wanted: Column) -> bool:
    is_timestamp = wanted.name == CREATION_TIMESTAMP
    # AWS's page of ECOMMERCE says float, its other pages say long.
    types = {wanted.type, "long"} if is_timestamp else {wanted.type}
    return (
        found.type in types
        and found.categorical == wanted.categorical
        and found.textual == wanted.textual
        and (wanted.nullable or not found.nullable or is_timestamp)
    )


def _is_used_in_training(column: Column) -> bool:
    if column.type == "string":
        return column.categorical or column.textual
    return column.type != "boolean"


def _described(column: Column) -> str:
    kind = "categorical " if column.categorical else "textual " if column.textual else ""
    return f"{kind}{column.type}{' or null' if column.nullable else ''}"
