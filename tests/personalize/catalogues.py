"""Small datasets for what sends them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nlp_engine.personalize.schema import Column, DatasetType, dataset_schema, schema_json
from nlp_engine.personalize.table import write_header, write_row

COLUMNS = [
    Column(name="ITEM_ID", nullable=False),
    Column(name="CREATION_TIMESTAMP", type="long", nullable=False),
    Column(name="PRICE", type="float"),
    Column(name="GENRES", categorical=True),
    Column(name="DESCRIPTION", textual=True),
]
USER_COLUMNS = [Column(name="USER_ID", nullable=False), Column(name="AGE_GROUP", categorical=True)]

HOSTILE: list[dict[str, Any]] = [
    {
        "ITEM_ID": "a1", "CREATION_TIMESTAMP": 1570003267, "PRICE": 9.99, "GENRES": "Horror|Action",
        "DESCRIPTION": 'He said "hi", then \\n left',
    },
    {
        "ITEM_ID": "b/2", "CREATION_TIMESTAMP": 1570003268, "GENRES": 'C:\\new "x"|Ünïcödé',
        "DESCRIPTION": "first line\nsecond\tline",
    },
    {"ITEM_ID": "日本", "CREATION_TIMESTAMP": 1, "PRICE": 0, "DESCRIPTION": "𝄞 </a> \u2028 {}"},
    {"ITEM_ID": "d", "CREATION_TIMESTAMP": 1570003269, "DESCRIPTION": ""},
    {"ITEM_ID": "x" * 256, "CREATION_TIMESTAMP": 1570003270, "DESCRIPTION": "t" * 20_001},
]  # fmt: skip


def write_dataset(
    folder: Path,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column] = COLUMNS,
    dataset: DatasetType = DatasetType.ITEMS,
) -> Path:
    """Write `schema.json` and the table; gives the folder."""
    folder.mkdir()
    schema = schema_json(dataset_schema(dataset, columns))
    (folder / "schema.json").write_text(schema, encoding="utf-8")
    table = folder / f"{dataset.lower()}.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        write_header(file, columns)
        for row in rows:
            write_row(file, columns, row)
    return folder


def plain_items(count: int) -> list[dict[str, Any]]:
    return [
        {"ITEM_ID": f"i{n}", "CREATION_TIMESTAMP": 1, "PRICE": n, "GENRES": "g", "DESCRIPTION": "t"}
        for n in range(count)
    ]


def plain_event(number: int, **more: Any) -> dict[str, Any]:
    return {
        "userId": f"u{number % 7}", "sessionId": f"s{number % 7}", "eventType": "click",
        "itemId": f"i{number}", "sentAt": 1_700_000_000 + number, "eventId": f"e{number}", **more,
    }  # fmt: skip


def write_events(path: Path, events: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return path
