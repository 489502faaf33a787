from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp_engine.errors import FormatError, InputError
from nlp_engine.personalize.check import Finding, Level, check_items

FIELDS = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
    {"name": "GENRES", "type": ["null", "string"], "categorical": True},
    {"name": "TITLE", "type": ["null", "string"]},
    {"name": "PRICE", "type": ["float", "null"]},
    {"name": "DESCRIPTION", "type": ["null", "string"], "textual": True},
]
HEAD = {
    "type": "record",
    "name": "Items",
    "namespace": "com.amazonaws.personalize.schema",
    "version": "1.0",
}
HEADER = "ITEM_ID,CREATION_TIMESTAMP,GENRES,TITLE,PRICE,DESCRIPTION"
GOOD = 'a,1570003267,x|y,Title,1.5,"text"'


def check(
    tmp_path: Path,
    rows: list[str],
    *,
    fields: list[dict[str, object]] = FIELDS,
    header: str = HEADER,
    **schema: object,
) -> list[Finding]:
    content = HEAD | {"fields": fields} | schema
    (tmp_path / "schema.json").write_text(json.dumps(content))
    (tmp_path / "items.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return check_items(tmp_path)


def test_a_good_dataset(tmp_path: Path) -> None:
    assert check(tmp_path, [GOOD, 'b,1570003268,z,"T, 2",0,"more \\"text\\""']) == []


@pytest.mark.parametrize(
    ("row", "level", "rule", "column"),
    [
        ("x" * 257 + ",1,g,t,1,", "error", "id-length", "ITEM_ID"),
        ('"a\\"b",1,g,t,1,', "error", "id-quote", "ITEM_ID"),
        (",1,g,t,1,", "error", "missing", "ITEM_ID"),
        (GOOD, "error", "duplicate-id", "ITEM_ID"),
        ("b,,g,t,1,", "error", "missing", "CREATION_TIMESTAMP"),
        ("b,1570003267000,g,t,1,", "error", "milliseconds", "CREATION_TIMESTAMP"),
        ("b,soon,g,t,1,", "error", "type", "CREATION_TIMESTAMP"),
        ("b,1.5,g,t,1,", "error", "type", "CREATION_TIMESTAMP"),
        (f"b,1,{'g' * 1001},t,1,", "error", "cell-length", "GENRES"),
        ("b,1,x||y,t,1,", "error", "empty-value", "GENRES"),
        ("b,1,x|y|x,t,1,", "warning", "repeated-value", "GENRES"),
        (f"b,1,g,{'t' * 1001},1,", "error", "cell-length", "TITLE"),
        ("b,1,g,t,nan,", "error", "not-finite", "PRICE"),
        ("b,1,g,t,inf,", "error", "not-finite", "PRICE"),
        ("b,1,g,t,cheap,", "error", "type", "PRICE"),
        (f'b,1,g,t,1,"{"d" * 20_001}"', "warning", "text-length", "DESCRIPTION"),
        ("b,1,g,t,1", "error", "fields", None),
    ],
)
def test_every_rule_names_row_and_column(
    tmp_path: Path, row: str, level: str, rule: str, column: str | None
) -> None:
    findings = [f for f in check(tmp_path, [GOOD, GOOD.replace("a", "c", 1), row]) if f.row]
    assert [(f.level, f.rule, f.row, f.column) for f in findings] == [
        (Level(level), rule, 3, column)
    ]


def test_limits_are_inclusive(tmp_path: Path) -> None:
    rows = [f'{"x" * 256},1,{"g" * 1000},{"t" * 1000},1,"{"d" * 20_000}"']
    assert check(tmp_path, rows) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"name": "items"}, "schema-name"),
        ({"fields": FIELDS[1:]}, "required-column"),
        ({"fields": FIELDS[:1]}, "no-metadata"),
        ({"fields": [*FIELDS, FIELDS[-1] | {"name": "TEXT"}]}, "textual-columns"),
        ({"fields": [*FIELDS, {"name": "GEN_RES", "type": "string"}]}, "column-names"),
        ({"fields": [*FIELDS, {"name": "1ST", "type": "string"}]}, "column-name"),
        ({"fields": [*FIELDS, {"name": "TAGS", "type": "bytes"}]}, "column-type"),
        ({"fields": [*FIELDS[:1], *({"name": f"C{chr(65 + i // 26)}{chr(65 + i % 26)}",
                                     "type": "string"} for i in range(101))]}, "columns"),
    ],
)  # fmt: skip
def test_rules_of_the_schema(tmp_path: Path, change: dict[str, object], rule: str) -> None:
    assert rule in [finding.rule for finding in check(tmp_path, [GOOD], **change)]  # type: ignore[arg-type]


def test_header_and_emptiness(tmp_path: Path) -> None:
    assert [f.rule for f in check(tmp_path, [GOOD], header="ITEM_ID,OTHER")] == ["header"]
    assert [f.rule for f in check(tmp_path, [])] == ["no-rows"]


def test_warnings_about_whole_columns(tmp_path: Path) -> None:
    rows = [f"i{i},1,g{i},,," for i in range(1001)]
    findings = check(tmp_path, rows)
    assert {(f.rule, f.column) for f in findings} == {
        ("distinct-values", "GENRES"),
        ("completeness", "TITLE"),
        ("completeness", "PRICE"),
        ("completeness", "DESCRIPTION"),
    }
    assert {f.level for f in findings} == {Level.WARNING}


def test_many_findings_of_one_rule_are_counted(tmp_path: Path) -> None:
    findings = check(tmp_path, [f"i{i},1,g,t,cheap,x" for i in range(50)])
    assert len(findings) == 21
    assert findings[-1].message == "and 30 more"


def test_files_that_cannot_be_checked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="schema.json does not exist"):
        check_items(tmp_path)
    (tmp_path / "schema.json").write_text("[]")
    with pytest.raises(FormatError, match="no Avro record schema"):
        check_items(tmp_path)
