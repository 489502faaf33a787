"""What items are, out of an items folder: its categorical columns, value by value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nlp_engine.errors import InputError
from nlp_engine.manifest import read_manifest
from nlp_engine.personalize.records import read_records
from nlp_engine.personalize.schema import read_columns, schema_path


def read_item_features(
    folder: Path | str, columns: Sequence[str] | None = None
) -> dict[str, dict[str, list[str]]]:
    """The values of items, by column and item id, for rows of a Factorization Machine.

    Args:
        folder: What `items build` has made.
        columns: Some of its columns, e.g. TOPICS and ENTITIES; by default all categorical ones.

    Raises:
        InputError: There is no such folder, or it has no such column.
        FormatError: It is no items folder.
    """
    folder = Path(folder)
    read_manifest(folder, "items")
    schema = read_columns(schema_path(folder).read_text(encoding="utf-8"))
    categorical = [column.name for column in schema if column.categorical]
    chosen = categorical if columns is None else columns
    for name in chosen:
        if name not in categorical:
            known = ", ".join(categorical) or "none"
            raise InputError(f"{folder} has no categorical column {name}; it has: {known}")
    found: dict[str, dict[str, list[str]]] = {name: {} for name in chosen}
    for record in read_records(folder):
        for name in chosen:
            if name in record.values:
                item = str(record.values["ITEM_ID"])
                found[name][item] = str(record.values[name]).split("|")
    return found
