from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.errors import InputError
from nlp_engine.personalize.schema import (
    Column,
    DatasetType,
    dataset_schema,
    read_columns,
    schema_json,
)
from nlp_engine.personalize.table import format_cell, read_rows, write_header, write_row

COLUMNS = [
    Column(name="ITEM_ID", nullable=False),
    Column(name="PRICE", type="float"),
    Column(name="GENRES", categorical=True),
    Column(name="DESCRIPTION", textual=True),
]


def test_the_documented_form_byte_by_byte() -> None:
    file = io.StringIO()
    write_header(file, COLUMNS)
    write_row(
        file,
        COLUMNS,
        {
            "ITEM_ID": "a1",
            "PRICE": 1.5,
            "GENRES": "x|y",
            "DESCRIPTION": 'He said "hi", then \\n left\nand  more',
        },
    )
    write_row(file, COLUMNS, {"ITEM_ID": "é,2", "GENRES": 'back\\slash "q"', "DESCRIPTION": ""})
    write_row(file, COLUMNS, {"ITEM_ID": "a3"})
    assert file.getvalue() == (
        "ITEM_ID,PRICE,GENRES,DESCRIPTION\n"
        'a1,1.5,x|y,"He said \\"hi\\", then \\\\n left and more"\n'
        '"é,2",,"back\\\\slash \\"q\\"",""\n'
        "a3,,,\n"
    )


def squeezed(value: str) -> str:
    return " ".join(value.split())


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40)), min_size=1, max_size=5))
def test_readers_get_back_the_values(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[str, str]]
) -> None:
    columns = [Column(name="A"), Column(name="B", textual=True)]
    path = tmp_path_factory.mktemp("csv") / "items.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        write_header(file, columns)
        for first, second in values:
            write_row(file, columns, {"A": "x" + first, "B": "x" + second})
    expected = [[" ".join(("x" + a).splitlines()), squeezed("x" + b)] for a, b in values]
    assert [row for _, row in read_rows(path)][1:] == expected
    text = path.read_text(encoding="utf-8")
    reader = csv.reader(io.StringIO(text), doublequote=False, escapechar="\\", strict=True)
    assert list(reader)[1:] == expected


def test_duckdb_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    with path.open("w", encoding="utf-8") as file:
        write_header(file, COLUMNS)
        write_row(file, COLUMNS, {"ITEM_ID": "a,1", "DESCRIPTION": 'quote " and \\ slash'})
    rows = duckdb.sql(
        f"select * from read_csv('{path}', header=true, quote='\"', escape='\\', all_varchar=true)"
    ).fetchall()
    assert rows == [("a,1", None, None, 'quote " and \\ slash')]


def test_missing_values_and_numbers() -> None:
    assert format_cell(None) == ""
    assert format_cell(None, textual=True) == ""
    assert format_cell(12) == "12"
    assert format_cell("plain") == "plain"
    assert format_cell("plain", textual=True) == '"plain"'


def test_broken_files_name_the_line(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text('ITEM_ID,A\nx,"open\n')
    with pytest.raises(InputError, match="line"):
        list(read_rows(path))
    with pytest.raises(InputError, match="does not exist"):
        list(read_rows(tmp_path / "none.csv"))


def test_the_schema_is_avro_as_personalize_reads_it() -> None:
    schema = dataset_schema(DatasetType.ITEMS, COLUMNS)
    assert schema == {
        "type": "record",
        "name": "Items",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": "ITEM_ID", "type": "string"},
            {"name": "PRICE", "type": ["null", "float"]},
            {"name": "GENRES", "type": ["null", "string"], "categorical": True},
            {"name": "DESCRIPTION", "type": ["null", "string"], "textual": True},
        ],
        "version": "1.0",
    }
    assert read_columns(schema_json(schema)) == COLUMNS
