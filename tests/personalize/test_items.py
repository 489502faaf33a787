from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.errors import InputError
from nlp_engine.manifest import read_manifest
from nlp_engine.personalize.check import check_dataset
from nlp_engine.personalize.items import build_items
from nlp_engine.personalize.mapping import cell_of
from nlp_engine.personalize.table import read_rows
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import read_pages

CATALOGUE = [
    {"sku": "a1", "name": 'The "Best" of\\it', "about": "Line one\nline two", "tags": "x|y"},
    {"sku": "b,2", "name": "Ünïcödé", "about": "plain", "tags": ["p", "q|r"]},
    {"sku": "c3", "name": "Third", "about": "", "tags": ""},
]


def write_catalogue(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_native_metadata_byte_by_byte(tmp_path: Path) -> None:
    source = write_catalogue(tmp_path / "items.jsonl", CATALOGUE)
    made = build_items(
        source, tmp_path / "out", id="sku", title="name", text=["about"], categories=["tags"]
    )
    assert (tmp_path / "out" / "items.csv").read_text(encoding="utf-8") == (
        "ITEM_ID,TITLE,TAGS,DESCRIPTION\n"
        'a1,"The \\"Best\\" of\\\\it",x|y,"The \\"Best\\" of\\\\it. Line one line two"\n'
        '"b,2",Ünïcödé,p|q r,"Ünïcödé. plain"\n'
        'c3,Third,,"Third"\n'
    )
    assert made.counts == {"items": 3, "topics": 0, "entities": 0, "warnings": 2}
    findings = json.loads((tmp_path / "out" / "check.json").read_text())
    assert [(f["rule"], f["column"]) for f in findings] == [
        ("completeness", "TAGS"), ("id-characters", "ITEM_ID"),
    ]  # fmt: skip


def test_the_items_of_the_real_sample(demo: DemoResult) -> None:
    folder = demo.folder / "items"
    rows = [row for _, row in read_rows(folder / "items.csv")]
    header, items = rows[0], [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert header == [
        "ITEM_ID", "TITLE", "TOPICS", "TOPIC", "ENTITIES", "CATEGORIES", "DESCRIPTION",
    ]  # fmt: skip
    articles = list(read_pages(demo.folder / "extracted", PageKind.ARTICLE))
    assert [item["ITEM_ID"] for item in items] == [str(page.page_id) for page in articles]
    assert [item["TITLE"] for item in items] == [page.title for page in articles]
    lincoln = next(item for item in items if item["TITLE"] == "Abraham Lincoln")
    assert "American Civil War" in lincoln["ENTITIES"].split("|")
    assert lincoln["DESCRIPTION"].startswith("Abraham Lincoln")
    codes = {code for item in items for code in item["TOPICS"].split("|")}
    assert codes <= {f"c{number:04d}" for number in range(24)}
    for item in items:
        assert max(len(item[name]) for name in ("TOPICS", "ENTITIES", "CATEGORIES")) <= 1000
        assert len(item["DESCRIPTION"]) <= 20_000
    assert check_dataset(folder) == []
    notes = json.loads((folder / "check.json").read_text())  # of articles in many categories
    assert {(note["rule"], note["column"]) for note in notes} == {("shortened", "CATEGORIES")}
    assert all("values are left out" in note["message"] for note in notes)


def test_the_manifest_names_all_parents(demo: DemoResult) -> None:
    manifest = read_manifest(demo.folder / "items", "items")
    assert manifest.parents == {
        "extracted": read_manifest(demo.folder / "extracted", "extracted").id,
        "vectors": read_manifest(demo.folder / "vectors", "vectors").id,
        "knowledge base": read_manifest(demo.folder / "kb", "knowledge base").id,
        "codebook": read_manifest(demo.folder / "items" / "codebook", "codebook").id,
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"sku": "x" * 300, "about": "t"}], "row 1, column ITEM_ID: 300 characters"),
        ([{"sku": "a", "about": "t"}, {"sku": "a", "about": "u"}], "row 2, column ITEM_ID: 'a'"),
        ([{"sku": "a\nb", "about": "t"}], "row 1, column sku: the id contains a line break"),
        ([{"sku": None, "about": "t"}], "row 1, column ITEM_ID: a value is required"),
    ],
)
def test_what_would_fail_on_import_fails_here(
    tmp_path: Path, rows: list[dict[str, object]], message: str
) -> None:
    source = write_catalogue(tmp_path / "items.jsonl", rows)
    with pytest.raises(InputError) as error:
        build_items(source, tmp_path / "out", id="sku", text=["about"])
    assert message in str(error.value)
    assert not (tmp_path / "out").exists()


def test_timestamps_in_milliseconds(tmp_path: Path) -> None:
    source = write_catalogue(tmp_path / "items.jsonl", [{"id": "a", "text": "t", "made": 1.5e12}])
    with pytest.raises(InputError, match="column CREATION_TIMESTAMP"):
        build_items(source, tmp_path / "out", timestamp="made")


def test_a_cell_takes_as_many_values_as_fit() -> None:
    assert cell_of([]) is None
    assert cell_of(["a", "b"]) == "a|b"
    cell = cell_of("x" * 99 for _ in range(20))
    assert cell is not None
    assert len(cell) == 10 * 99 + 9
    assert cell_of(["y" * 1001, "short"]) == "short"


def test_items_from_a_csv_file_of_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_bytes("id;text\n1;Ein Café in Köln.\n".encode("cp1252"))
    build_items(tmp_path / "items.csv", tmp_path / "out", encoding="cp1252", delimiter=";")
    assert "Ein Café in Köln." in (tmp_path / "out" / "items.csv").read_text(encoding="utf-8")
