from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp_engine.errors import FormatError, InputError
from nlp_engine.personalize.items import build_items
from nlp_engine.personalize.records import read_records, typed_values
from nlp_engine.personalize.schema import Column

COLUMNS = [
    Column(name="ITEM_ID", nullable=False),
    Column(name="MADE", type="long"),
    Column(name="PRICE", type="float"),
    Column(name="NEW", type="boolean"),
    Column(name="TAGS", categorical=True),
]


def test_values_have_the_types_of_the_schema() -> None:
    assert typed_values(COLUMNS, ["a", "1570003267", "2.5", "TRUE", "x|y"]) == {
        "ITEM_ID": "a", "MADE": 1_570_003_267, "PRICE": 2.5, "NEW": True, "TAGS": "x|y",
    }  # fmt: skip
    assert typed_values(COLUMNS, ["b", "", "", "", ""]) == {"ITEM_ID": "b"}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["a"], "1 values; the schema has 5 columns"),
        (["a", "soon", "", "", ""], "column MADE: 'soon' is no long"),
        (["a", "", "nan", "", ""], "column PRICE: 'nan' is no float"),
        (["a", "", "", "maybe", ""], "column NEW: 'maybe' is no boolean"),
    ],
)
def test_what_is_none_of_its_type_is_named(cells: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        typed_values(COLUMNS, cells)


def test_the_rows_of_a_built_folder(tmp_path: Path) -> None:
    items = [{"id": "a", "text": 'say "hi"\\'}, {"id": "b", "text": ""}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, items)))
    build_items(tmp_path / "in.jsonl", tmp_path / "out")
    records = list(read_records(tmp_path / "out"))
    assert [(record.row, record.values) for record in records] == [
        (1, {"ITEM_ID": "a", "DESCRIPTION": 'say "hi"\\'}),
        (2, {"ITEM_ID": "b"}),
    ]
    csv = tmp_path / "out" / "items.csv"
    csv.write_text("ITEM_ID,DESCRIPTION\na\n")
    with pytest.raises(InputError, match="row 1: 1 values"):
        list(read_records(tmp_path / "out"))
    csv.write_text("ITEM_ID,TEXT\na,b\n")
    with pytest.raises(FormatError, match="the header is not that of"):
        list(read_records(tmp_path / "out"))
