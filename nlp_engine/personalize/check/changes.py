"""What has changed in a schema since the last import: schemas are immutable."""

from __future__ import annotations

from nlp_engine.personalize.check.findings import Finding, Level
from nlp_engine.personalize.schema import Column, dataset_of, read_columns

_REMEDY = "schemas are immutable: create a new schema and point the dataset to it"


def check_changes(before: str, now: str) -> list[Finding]:
    """Errors for everything by which two schemas differ.

    Args:
        before: Text of the schema that the dataset has.
        now: Text of the schema to import by.

    Raises:
        FormatError: One of them is no Avro record schema.
    """
    old, new = read_columns(before), read_columns(now)
    old_names, new_names = [c.name for c in old], [c.name for c in new]
    found: list[tuple[str, str | None]] = []
    if dataset_of(before) != dataset_of(now):
        found.append((f"the name was {dataset_of(before)}, it is {dataset_of(now)}", None))
    for column in old:
        if column.name not in new_names:
            found.append((f"the column is gone; it was {_described(column)}", column.name))
    for column in new:
        if column.name not in old_names:
            found.append((f"the column is new, {_described(column)}", column.name))
        elif (was := old[old_names.index(column.name)]) != column:
            change = f"the column was {_described(was)}, it is {_described(column)}"
            found.append((change, column.name))
    if not found and old_names != new_names:
        found.append((f"the order was {','.join(old_names)}", None))
    return [
        Finding(Level.ERROR, "schema-changed", f"{change}; {_REMEDY}", column=column)
        for change, column in found
    ]


def _described(column: Column) -> str:
    kinds = (("categorical", column.categorical), ("textual", column.textual),
             ("itemName", column.item_name))  # fmt: skip
    words = [name for name, is_set in kinds if is_set]
    return " ".join([*words, column.type, *(["or null"] if column.nullable else [])])
