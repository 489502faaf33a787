"""The exact bytes of a hostile catalogue of five items."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import duckdb

from nlp_engine.personalize.check import Level, check_dataset
from nlp_engine.personalize.items import build_items
from nlp_engine.personalize.table import read_rows

ITEMS = [
    {
        "sku": "a-1",
        "name": 'The "Best"\tof\\it',
        "made": "2019-10-02T07:41:07Z",
        "about": 'He said "hi",\nthen \\n left',
        "tags": ["x", "y|z", "x"],
        "price": 9.5,
        "seller": "A, B",
    },
    {
        "sku": "b/2",
        "name": "Ünïcödé 日本 𝄞",
        "made": 1570003268,
        "about": "\u2028line\u2029 separators\x85 and\u00a0spaces",
        "tags": "rock|| pop |rock",
        "price": "12",
        "seller": None,
    },
    {"sku": "c 3", "name": "", "made": 1, "about": "", "tags": "", "price": None, "seller": ""},
    {
        "sku": "d" * 256,
        "name": "n" * 1001,
        "made": "1570003269",
        "about": "word " * 4001,
        "tags": ["t" * 1001, "short", *(f"{n:04d}" for n in range(300))],
        "price": -0.25,
        "seller": "s" * 1001,
    },
    {
        "sku": 5,
        "name": "cliché",
        "made": 1570003270.0,
        "about": "x" * 20_001,
        "tags": None,
        "price": 0,
        "seller": "line\r\nbreak",
    },
]

SCHEMA = """\
{
  "type": "record",
  "name": "Items",
  "namespace": "com.amazonaws.personalize.schema",
  "fields": [
    {
      "name": "ITEM_ID",
      "type": "string"
    },
    {
      "name": "CREATION_TIMESTAMP",
      "type": "long"
    },
    {
      "name": "TITLE",
      "type": [
        "null",
        "string"
      ],
      "itemName": true
    },
    {
      "name": "GENRES",
      "type": [
        "null",
        "string"
      ],
      "categorical": true
    },
    {
      "name": "PRICE",
      "type": [
        "null",
        "float"
      ]
    },
    {
      "name": "SELLER",
      "type": [
        "null",
        "string"
      ]
    },
    {
      "name": "DESCRIPTION",
      "type": [
        "null",
        "string"
      ],
      "textual": true
    }
  ],
  "version": "1.0"
}
"""

TAGS = "|".join(["short", *(f"{n:04d}" for n in range(199))])  # 200 of them, 1000 characters
TITLE_OF_D = "n" * 1001
LINES = [
    "ITEM_ID,CREATION_TIMESTAMP,TITLE,GENRES,PRICE,SELLER,DESCRIPTION",
    r'a-1,1570002067,"The \"Best\" of\\it",x|y z,9.5,"A, B",'
    r'"The \"Best\" of\\it. He said \"hi\", then \\n left"',
    'b/2,1570003268,Ünïcödé 日本 𝄞,rock|pop,12,,"Ünïcödé 日本 𝄞. line separators and spaces"',
    "c 3,1,,,,,",
    f"{'d' * 256},1570003269,{'n' * 1000},{TAGS},-0.25,{'s' * 1000},"
    f'"{TITLE_OF_D}. {"word " * 3798}word"',
    f'5,1570003270,cliché,,0,line break,"cliché. {"x" * 19_992}"',
]


def build(tmp_path: Path) -> Path:
    (tmp_path / "items.jsonl").write_text(
        "\n".join(json.dumps(item, ensure_ascii=False) for item in ITEMS), encoding="utf-8"
    )
    build_items(
        tmp_path / "items.jsonl",
        tmp_path / "out",
        id="sku",
        title="name",
        text=["about"],
        timestamp="made",
        categories=["tags=GENRES"],
        numbers=["price"],
        strings=["seller"],
        item_name=True,
    )
    return tmp_path / "out"


def test_schema_and_table_byte_by_byte(tmp_path: Path) -> None:
    folder = build(tmp_path)
    assert (folder / "schema.json").read_bytes() == SCHEMA.encode()
    expected = "\n".join(LINES) + "\n"
    assert (folder / "items.csv").read_bytes().decode() == expected


def test_other_readers_get_the_same_values(tmp_path: Path) -> None:
    path = build(tmp_path) / "items.csv"
    rows = [row for _, row in read_rows(path)]
    text = path.read_text(encoding="utf-8")
    assert list(csv.reader(io.StringIO(text), doublequote=False, escapechar="\\")) == rows
    relation = duckdb.sql(
        f"select * from read_csv('{path}', header=true, quote='\"', escape='\\', all_varchar=true)"
    )
    assert [relation.columns] == rows[:1]
    assert [[cell or "" for cell in row] for row in relation.fetchall()] == rows[1:]
    assert rows[1][2] == 'The "Best" of\\it'
    assert rows[1][6] == 'The "Best" of\\it. He said "hi", then \\n left'


def test_what_the_check_says_of_it(tmp_path: Path) -> None:
    folder = build(tmp_path)
    findings = check_dataset(folder)
    assert {f.level for f in findings} == {Level.WARNING}
    assert [(f.rule, f.row, f.column) for f in findings] == [
        ("completeness", None, "GENRES"),
        ("completeness", None, "SELLER"),
        ("empty-text", 3, "DESCRIPTION"),
    ]
    told = json.loads((folder / "check.json").read_text())
    assert [(f["rule"], f["row"], f["column"]) for f in told[3:]] == [
        ("shortened", 4, "TITLE"),
        ("shortened", 4, "GENRES"),
        ("shortened", 4, "SELLER"),
    ]
    assert told[3]["message"] == "1,001 characters; cut to the 1,000 that Personalize allows"
