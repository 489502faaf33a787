from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp_engine.errors import FormatError, InputError
from nlp_engine.personalize import limits
from nlp_engine.personalize.check import Finding, Level, check_changes, check_dataset

FIELDS = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
    {"name": "GENRES", "type": ["null", "string"], "categorical": True},
    {"name": "TITLE", "type": ["null", "string"]},
    {"name": "PRICE", "type": ["float", "null"]},
    {"name": "STOCK", "type": ["null", "int"]},
    {"name": "NEW", "type": ["null", "string"]},
    {"name": "DESCRIPTION", "type": ["null", "string"], "textual": True},
]
HEAD = {
    "type": "record",
    "name": "Items",
    "namespace": "com.amazonaws.personalize.schema",
    "version": "1.0",
}
HEADER = ",".join(str(field["name"]) for field in FIELDS)
GOOD = 'a,1570003267,x|y,Title,1.5,3,yes,"text"'


def check(
    folder: Path,
    rows: list[str],
    *,
    fields: list[dict[str, object]] = FIELDS,
    header: str = HEADER,
    encoding: str = "utf-8",
    **schema: object,
) -> list[Finding]:
    content = HEAD | {"fields": fields} | schema
    (folder / "schema.json").write_text(json.dumps(content))
    (folder / "items.csv").write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return check_dataset(folder)


def test_a_good_dataset(tmp_path: Path) -> None:
    assert check(tmp_path, [GOOD, 'b,1570003268,z,"T, 2",0,-1,no,"more \\"text\\""']) == []


def row(**cells: str) -> str:
    values = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {"ITEM_ID": "b"} | cells
    return ",".join(values.values())


@pytest.mark.parametrize(
    ("cells", "level", "rule", "column", "message"),
    [
        ({"ITEM_ID": "x" * 257}, "error", "id-length", "ITEM_ID", "allows 256"),
        ({"ITEM_ID": '"a\\"b"'}, "error", "id-quote", "ITEM_ID", "double quote"),
        ({"ITEM_ID": '"a,b"'}, "warning", "id-characters", "ITEM_ID", "'a,b'"),
        ({"ITEM_ID": ""}, "error", "missing", "ITEM_ID", "a value is required"),
        ({"ITEM_ID": "a"}, "error", "duplicate-id", "ITEM_ID", "'a' again"),
        ({"CREATION_TIMESTAMP": ""}, "error", "missing", "CREATION_TIMESTAMP", "required"),
        ({"CREATION_TIMESTAMP": "100000000000"}, "error", "milliseconds", "CREATION_TIMESTAMP", ""),
        ({"CREATION_TIMESTAMP": "2019"}, "warning", "date", "CREATION_TIMESTAMP", "a year"),
        ({"CREATION_TIMESTAMP": "20191002"}, "warning", "date", "CREATION_TIMESTAMP", "seconds"),
        ({"CREATION_TIMESTAMP": "soon"}, "error", "type", "CREATION_TIMESTAMP", "no long"),
        ({"CREATION_TIMESTAMP": "1.5"}, "error", "type", "CREATION_TIMESTAMP", "whole seconds"),
        ({"GENRES": "g" * 1001}, "error", "cell-length", "GENRES", "1,001"),
        ({"GENRES": "x||y"}, "error", "empty-value", "GENRES", "between separators"),
        ({"GENRES": "x|y|x"}, "warning", "repeated-value", "GENRES", "'x': a value occurs twice"),
        ({"GENRES": "x| y"}, "warning", "untrimmed-value", "GENRES", "spaces around"),
        ({"GENRES": "x|ITEM_ID"}, "error", "reserved-word", "GENRES", "reserved column"),
        ({"GENRES": "nan"}, "warning", "missing-as-text", "GENRES", "leave the cell empty"),
        ({"NEW": "CREATION_TIMESTAMP"}, "error", "reserved-word", "NEW", "reserved column"),
        ({"TITLE": "t" * 1001}, "error", "cell-length", "TITLE", "1,001"),
        ({"TITLE": "a\x07b"}, "warning", "control-character", "TITLE", "control character"),
        ({"TITLE": '"two\nlines"'}, "error", "line-break", "TITLE", "must be one line"),
        ({"TITLE": "C:\\new"}, "warning", "bare-backslash", None, "double it"),
        ({"TITLE": '"say ""hi"""'}, "error", "quoting", None, "a second quote"),
        ({"PRICE": "nan"}, "error", "not-finite", "PRICE", "not finite"),
        ({"PRICE": "-Infinity"}, "error", "not-finite", "PRICE", "not finite"),
        ({"PRICE": "1e39"}, "error", "not-finite", "PRICE", "too large for float"),
        ({"PRICE": "cheap"}, "error", "type", "PRICE", "'cheap' is no float"),
        ({"PRICE": '"9,50"'}, "error", "type", "PRICE", "'9,50' is no float"),
        ({"STOCK": "2147483648"}, "error", "out-of-range", "STOCK", "too large for int"),
        ({"DESCRIPTION": f'"{"d" * 20_001}"'}, "warning", "text-length", "DESCRIPTION", "20,000"),
        ({"DESCRIPTION": ""}, "warning", "empty-text", "DESCRIPTION", "no text"),
        ({"DESCRIPTION": "bare text"}, "warning", "unquoted-text", "DESCRIPTION", "double quotes"),
        ({"DESCRIPTION": '5" or 6"'}, "warning", "unquoted-text", "DESCRIPTION", "double quotes"),
    ],
)  # fmt: skip
def test_every_rule_names_row_column_and_limit(
    tmp_path: Path, cells: dict[str, str], level: str, rule: str, column: str | None, message: str
) -> None:
    found = check(tmp_path, [GOOD, GOOD.replace("a", "c", 1), row(**cells)])
    findings = [finding for finding in found if finding.row]
    assert [(f.level, f.rule, f.row, f.column, f.file) for f in findings] == [
        (Level(level), rule, 3, column, "items.csv")
    ]
    assert message in findings[0].message


@pytest.mark.parametrize("before", ["plain", '"a, b"', '"\\",\\""', '"\\\\"', "", 'a"b"', "a\\,b"])
@pytest.mark.parametrize("after", ["", ",7"])
@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ('"text"', False), ('""', False), ("", False), ("text", True), ('t"x"', True),
        ('"a, \\"b\\", c"', False), ('"\\\\"', False), ("a, b", None), ("plain", True),
        ('"un\\needed"', False), ("un\\needed", True), ('"a\\, b"', False),
    ],
)  # fmt: skip
def test_texts_without_quotes(
    tmp_path: Path, before: str, after: str, text: str, is_found: bool | None
) -> None:
    fields: list[dict[str, object]] = [FIELDS[0], FIELDS[3], FIELDS[-1]]
    fields += [{"name": "STOCK", "type": ["null", "int"]}] if after else []
    header = ",".join(str(field["name"]) for field in fields)
    found = check(tmp_path, [f"a,{before},{text}{after}"], fields=fields, header=header)
    rules = {(finding.rule, finding.row, finding.column) for finding in found}
    if is_found is None:  # the comma makes a cell more
        assert ("fields", 1, None) in rules
    else:
        assert (("unquoted-text", 1, "DESCRIPTION") in rules) == is_found


def test_lines_that_are_no_records(tmp_path: Path) -> None:
    found = check(tmp_path, [GOOD, "b,1", "", row(), row(DESCRIPTION='"open')])
    findings = [finding for finding in found if finding.row]
    assert [(f.rule, f.row, f.message) for f in findings] == [
        ("fields", 2, "2 fields; the header has 8 fields"),
        ("fields", 3, "an empty line; the header has 8 fields"),
        ("quoting", 5, "a quote is opened and not closed"),
    ]


def test_bytes_of_another_encoding(tmp_path: Path) -> None:
    (finding,) = check(tmp_path, [GOOD, row(TITLE="Café")], encoding="latin-1")
    assert (finding.rule, finding.row, finding.column) == ("not-utf8", 2, "TITLE")


def test_limits_are_inclusive(tmp_path: Path) -> None:
    cells = {"ITEM_ID": "x" * 256, "GENRES": "g" * 1000, "TITLE": "é" * 1000}
    rows = [row(**cells, DESCRIPTION=f'"{"d" * 20_000}"', STOCK="2147483647", PRICE="3.4e38")]
    assert check(tmp_path, rows) == []


def test_texts_in_japanese_are_cut_earlier(tmp_path: Path) -> None:
    check(tmp_path, [row(DESCRIPTION='"' + "字" * 7001 + '"')])
    (finding,) = check_dataset(tmp_path, language="ja")
    assert (finding.rule, finding.row) == ("text-length", 1)
    assert "7,000" in finding.message


@pytest.mark.parametrize(
    ("change", "rule", "column"),
    [
        ({"name": "items"}, "schema-name", None),
        ({"name": "Products"}, "schema-name", None),
        ({"type": "array"}, "schema-type", None),
        ({"version": 1}, "version", None),
        ({"namespace": "mine"}, "namespace", None),
        ({"doc": "x" * 20_000}, "schema-length", None),
        ({"fields": FIELDS[1:]}, "required-column", "ITEM_ID"),
        ({"fields": FIELDS[:1]}, "no-metadata", None),
        ({"fields": [FIELDS[0], FIELDS[3]]}, "not-in-training", None),
        ({"fields": [*FIELDS, FIELDS[-1] | {"name": "TEXT"}]}, "textual-columns", None),
        ({"fields": [*FIELDS, {"name": "GEN_RES", "type": "string"}]}, "column-names", "GEN_RES"),
        ({"fields": [*FIELDS, {"name": "1ST", "type": "string"}]}, "column-name", "1ST"),
        ({"fields": [*FIELDS, {"name": "x" * 151, "type": "int"}]}, "column-name", "x" * 151),
        ({"fields": [*FIELDS, {"name": "EMB_01", "type": "float"}]}, "column-digits", "EMB_01"),
        ({"fields": [*FIELDS, {"name": "TAGS", "type": "bytes"}]}, "column-type", "TAGS"),
        ({"fields": [*FIELDS, {"name": "TAGS", "type": {"type": "array", "items": "string"}}]},
         "column-type", "TAGS"),
        ({"fields": [*FIELDS, {"name": "X", "type": ["null", "int", "string"]}]},
         "column-type", "X"),
        ({"fields": [*FIELDS, {"name": "OLD", "type": "boolean"}]}, "boolean", "OLD"),
        ({"fields": [*FIELDS, {"name": "X", "type": "int", "categorical": True}]},
         "column-kind", "X"),
        ({"fields": [*FIELDS[:-1], FIELDS[-1] | {"categorical": True}]},
         "column-kind", "DESCRIPTION"),
        ({"fields": [*FIELDS, *({"name": name, "type": "string", "itemName": True}
                                for name in "XY")]}, "item-name", None),
        ({"fields": [FIELDS[0] | {"type": ["null", "string"]}, *FIELDS[1:]]},
         "reserved-column", "ITEM_ID"),
        ({"fields": [FIELDS[0], FIELDS[1] | {"type": "string"}, *FIELDS[2:]]},
         "reserved-column", "CREATION_TIMESTAMP"),
        ({"fields": [FIELDS[0], FIELDS[1] | {"type": ["null", "long"]}, *FIELDS[2:]]},
         "nullable-timestamp", "CREATION_TIMESTAMP"),
        ({"fields": [*FIELDS[:1], *({"name": f"C{chr(65 + i // 26)}{chr(65 + i % 26)}",
                                     "type": "float"} for i in range(101))]}, "columns", None),
    ],
)  # fmt: skip
def test_rules_of_the_schema(
    tmp_path: Path, change: dict[str, object], rule: str, column: str | None
) -> None:
    found = check(tmp_path, [GOOD], **change)  # type: ignore[arg-type]
    assert (rule, column) in [(finding.rule, finding.column) for finding in found]


@pytest.mark.parametrize(
    ("header", "rule", "message"),
    [
        ("ITEM_ID,OTHER", "header", "found ITEM_ID,OTHER; the schema has ITEM_ID,"),
        (",".join(reversed(HEADER.split(","))), "header", "the order must be the schema's"),
        ("," + HEADER, "header", "index=False"),
        ('"' + HEADER.replace(",", '","') + '"', "header-form", "write them bare"),
        ("\ufeff" + HEADER, "header-form", "byte-order mark"),
        (HEADER.replace(",", ";"), "header", "commas must stand between"),
        (HEADER.replace(",", "\t"), "header", "commas must stand between"),
        ("", "header", "no header; the first line must be ITEM_ID,"),
        (HEADER.encode("utf-16").decode("latin-1"), "header", "it is UTF-16"),
    ],
)
def test_headers_that_hide_columns(tmp_path: Path, header: str, rule: str, message: str) -> None:
    (finding,) = check(tmp_path, [GOOD], header=header)
    assert finding.rule == rule
    assert message in finding.message


def test_an_empty_table(tmp_path: Path) -> None:
    assert [f.rule for f in check(tmp_path, [])] == ["no-rows"]


def test_warnings_about_whole_columns(tmp_path: Path) -> None:
    rows = [f'i{i},1,g{i},t,{"1" if i % 10 == 0 else ""},1,y,"d"' for i in range(1001)]
    findings = check(tmp_path, rows)
    assert {(f.level, f.rule, f.column) for f in findings} == {
        (Level.WARNING, "distinct-values", "GENRES"),
        (Level.WARNING, "completeness", "PRICE"),
    }
    (finding,) = (f for f in findings if f.rule == "completeness")
    assert finding.message == (
        "101 of 1,001 rows have a value; AWS recommends 70%: fill it, or leave the column out"
    )


def test_rows_that_cannot_be_read_say_nothing_of_columns(tmp_path: Path) -> None:
    found = check(tmp_path, [GOOD, row(TITLE='"a ""b"""'), row(TITLE='"c ""d"""')])
    assert [(f.rule, f.row) for f in found] == [("quoting", 2), ("quoting", 3)]


def test_compressed_tables_are_named(tmp_path: Path) -> None:
    check(tmp_path, [GOOD])
    (tmp_path / "items.csv").rename(tmp_path / "items.csv.gz")
    with pytest.raises(InputError, match="compressed files are not imported: unpack them"):
        check_dataset(tmp_path)


def test_many_findings_of_one_rule_are_counted(tmp_path: Path) -> None:
    rows = [row(ITEM_ID=f"i{i}", PRICE="cheap") for i in range(5000)]
    findings = check(tmp_path, rows)
    assert [f.row for f in findings] == [*range(1, 21), None]
    assert findings[-1].message == "and 4,980 more"


def test_ids_are_compared_over_all_files(tmp_path: Path) -> None:
    check(tmp_path, [GOOD])
    (tmp_path / "more.csv").write_text(f"{HEADER}\n{row()}\n{GOOD}\n{row()}\n")
    assert [(f.rule, f.file, f.row, f.message) for f in check_dataset(tmp_path)] == [
        ("duplicate-id", "more.csv", 2, "'a' again; it is in row 1 of items.csv, too"),
        ("duplicate-id", "more.csv", 3, "'b' again; it is in row 1, too"),
    ]


def test_the_size_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nlp_engine.personalize.check import dataset

    monkeypatch.setitem(dataset._MODES, "INCREMENTAL", 100)
    assert check(tmp_path, [GOOD]) == []
    (finding,) = check_dataset(tmp_path, import_mode="INCREMENTAL")
    assert finding.rule == "file-size"
    assert dataset._MODES["FULL"] == limits.MAX_FULL_IMPORT_BYTES == 100_000_000_000


def test_files_that_cannot_be_checked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"schema\.json does not exist"):
        check_dataset(tmp_path)
    (tmp_path / "schema.json").write_text("[]")
    (tmp_path / "items.csv").write_text("")
    with pytest.raises(FormatError, match="no Avro record schema"):
        check_dataset(tmp_path)
    check(tmp_path, [GOOD])
    (tmp_path / "items.csv").unlink()
    with pytest.raises(InputError, match="has no CSV file"):
        check_dataset(tmp_path)


def test_a_schema_that_has_changed_since_the_last_import(tmp_path: Path) -> None:
    changed = [
        *FIELDS[:2],
        FIELDS[2] | {"categorical": False},
        *FIELDS[4:],
        {"name": "X", "type": "int"},
    ]
    (tmp_path / "old.json").write_text(json.dumps(HEAD | {"fields": changed}))
    check(tmp_path, [GOOD])
    findings = check_dataset(tmp_path, previous=tmp_path / "old.json")
    assert {(f.level, f.rule, f.column) for f in findings} == {
        (Level.ERROR, "schema-changed", name) for name in ("GENRES", "TITLE", "X")
    }
    assert check_dataset(tmp_path, previous=tmp_path) == []
    text = (tmp_path / "schema.json").read_text()
    reordered = json.dumps(HEAD | {"fields": [FIELDS[0], *reversed(FIELDS[1:])]})
    assert [f.rule for f in check_changes(reordered, text)] == ["schema-changed"]
