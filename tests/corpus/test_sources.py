from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nlp_engine.corpus.sources import open_source, read_lines, text_of
from nlp_engine.errors import FormatError, InputError
from nlp_engine.wiki.extract import extract_dumps
from tests.conftest import TOY_PAGES

ROWS = [
    {"id": "a", "title": 'He said "hi", then left', "text": "Line one\nline two"},
    {"id": "b", "title": "Ünïcödé\u2028", "text": ""},
]


def write_csv(path: Path) -> None:
    path.write_text(
        'id,title,text\na,"He said ""hi"", then left","Line one\nline two"\nb,Ünïcödé\u2028,\n',
        encoding="utf-8",
    )


def write_tsv(path: Path) -> None:
    write_csv(path)
    text = path.read_text(encoding="utf-8")
    header, rest = text.split("\n", 1)
    rows = rest.replace('a,"', 'a\t"').replace('","', '"\t"').replace("b,Ü", "b\tÜ")
    path.write_text(header.replace(",", "\t") + "\n" + rows.replace("\u2028,", "\u2028\t"), "utf-8")


def write_jsonl(path: Path) -> None:
    path.write_text(
        '{"id": "a", "title": "He said \\"hi\\", then left", "text": "Line one\\nline two"}\n\n'
        '{"id": "b", "title": "Ünïcödé\u2028", "text": ""}\n',
        encoding="utf-8",
    )


def write_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("rows.csv", write_csv),
        ("rows.tsv", write_tsv),
        ("rows.jsonl", write_jsonl),
        ("rows.parquet", write_parquet),
        ("whatever", write_parquet),  # recognised by content
    ],
)
def test_every_table_gives_the_same_rows(tmp_path: Path, name: str, write: object) -> None:
    write(tmp_path / name)  # type: ignore[operator]
    source = open_source(tmp_path / name)
    assert list(source.columns) == ["id", "title", "text"]
    assert [dict(row) for row in source.rows()] == ROWS
    assert [dict(row) for row in source.rows()] == ROWS, "a second pass gives the same"


def test_compressed_tables_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeffid,text\n1,one\n".encode()
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
    (tmp_path / "a.csv.bz2").write_bytes(bz2.compress(text))
    for name in ("a.csv.gz", "a.csv.bz2"):
        assert [dict(row) for row in open_source(tmp_path / name).rows()] == [
            {"id": "1", "text": "one"}
        ]


def test_plain_text_is_one_document_per_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes("first\r\nsecond\u2028still second\n\nlast".encode())
    rows = [row["text"] for row in open_source(path).rows()]
    assert rows == ["first", "second\u2028still second", "", "last"]
    assert list(read_lines(path)) == rows


def test_a_dump_and_its_extracted_folder_give_the_same_articles(
    tmp_path: Path, toy_dump: Path
) -> None:
    extract_dumps([toy_dump], tmp_path / "extracted")
    from_dump, extracted = open_source(toy_dump), open_source(tmp_path / "extracted")
    rows = [dict(row) for row in from_dump.rows()]
    assert [row["title"] for row in rows] == [t for t in TOY_PAGES if t != "Cupertino"]
    assert [dict(row) | {"categories": ()} for row in extracted.rows()] == [
        row | {"categories": ()} for row in rows
    ]
    assert extracted.manifest is not None
    assert from_dump.language == extracted.language == "en"


def test_text_of_joins_the_non_empty_columns() -> None:
    assert text_of({"a": "x", "b": None, "c": "", "d": 5}, ["a", "b", "c", "d"]) == "x\n5"


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    write_csv(tmp_path / "rows.csv")
    with pytest.raises(InputError) as error:
        open_source(tmp_path / "rows.csv").check_columns(["id", "titel"])
    assert "no column 'titel'; did you mean 'title'? (it has id, title, text)" in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"id,text\n1,one\n2,two,three\n", "line 3: 3 fields, the header has 2"),
        ("a.csv", b"id,text\n1,caf\xe9\n", "line 2, byte 6: not UTF-8"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', "line 2: no valid JSON"),
        ("a.jsonl", b"[1, 2]\n", "line 1: expected a JSON object"),
        ("a.jsonl", b"\n\n", "has no rows"),
        ("a.txt", b"fine\n\xff\n", "line 2, byte 1: not UTF-8"),
    ],
)
def test_bad_rows_are_named_by_line(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as error:
        list(open_source(tmp_path / name).rows())
    assert message in str(error.value)
    assert str(tmp_path / name) in str(error.value)


def test_empty_missing_and_utf16_files(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "utf16.txt").write_bytes("text".encode("utf-16"))
    with pytest.raises(InputError, match="is empty"):
        open_source(tmp_path / "empty.txt")
    with pytest.raises(InputError, match="does not exist"):
        open_source(tmp_path / "missing.txt")
    with pytest.raises(FormatError, match="is UTF-16"):
        list(open_source(tmp_path / "utf16.txt").rows())
    with pytest.raises(FormatError, match="has no manifest.json"):
        open_source(tmp_path)
