from __future__ import annotations

import bz2
import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nlp_engine.corpus.settings import SourceSettings
from nlp_engine.corpus.sources import open_source, read_lines, text_of
from nlp_engine.errors import InputError, SettingError
from nlp_engine.settings import from_mapping
from nlp_engine.wiki.extract import extract_dumps
from tests.conftest import TOY_PAGES, make_dump

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
        ("a.jsonl", b"{}\n" + b"[" * 100_000 + b"\n", "line 2: no valid JSON"),
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


def test_empty_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        open_source(tmp_path / "empty.txt")
    with pytest.raises(InputError, match="does not exist"):
        open_source(tmp_path / "missing.txt")
    with pytest.raises(InputError, match="holds no file to read"):
        open_source(tmp_path)


def texts(path: Path, **reading: object) -> list[str]:
    source = open_source(path, reading=from_mapping(SourceSettings, reading))
    return [row["text"] for row in source.rows()]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("latin-1", "latin-1"),
        ("cp1252", "windows-1252"),
        ("utf-16", "utf-16"),
        ("utf-16", "utf-8"),  # the byte-order mark is believed
        ("utf-16-be", "utf-16-be"),
        ("utf-16-le", "utf-16"),
        ("utf-32", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("cp037", "cp037"),  # EBCDIC: a line break is not the byte LF
    ],
)
def test_files_in_other_encodings(tmp_path: Path, encoding: str, name: str) -> None:
    # U+0A0D and U+0D0A hold the bytes of line breaks, U+010A ends in one.
    lines = ["façade", "naïve café", "", "last"]
    if encoding.startswith("utf"):
        lines += ["\u010a\u0a0d\u0d0a\u0a00 ĊĊ", "𝕏 " * 5]
    (tmp_path / "a.txt").write_bytes("\r\n".join(lines).encode(encoding))
    assert texts(tmp_path / "a.txt", encoding=name) == lines
    rows = "text,label\n" + "".join(f'"{line}",x\n' for line in lines)
    (tmp_path / "a.csv").write_bytes(rows.encode(encoding))
    assert texts(tmp_path / "a.csv", encoding=name) == lines


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=300))
def test_any_text_comes_back_from_utf16(text: str) -> None:
    assume(not text.startswith("\0"))  # the mark and U+0000 together are the mark of UTF-32
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_bytes((text + "\n").encode("utf-16"))
        assert texts(path) == text.split("\n")


def test_an_unknown_encoding_or_delimiter(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    for name in ("utf8000", "rot13"):
        with pytest.raises(SettingError, match=f"encoding is '{name}', which is unknown"):
            texts(tmp_path / "a.txt", encoding=name)
    with pytest.raises(SettingError, match="delimiter is '::'"):
        texts(tmp_path / "a.txt", delimiter="::")


def test_damaged_lines_are_replaced_or_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\ncaf\xe9\nthree\n\xff\xff\nfive\n")
    for errors, expected in (
        ("replace", ["one", "caf\ufffd", "three", "\ufffd\ufffd", "five"]),
        ("skip", ["one", "three", "five"]),
    ):
        source = open_source(path, reading=SourceSettings(encoding_errors=errors))
        for _ in range(2):  # a second pass does not count twice
            assert [row["text"] for row in source.rows()] == expected
            assert source.damaged == {f"{errors}d_lines".replace("skipd", "skipped"): 2}


def test_skipping_a_damaged_line_of_a_csv_record_skips_the_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,text\n1,"fine\nalso"\n2,"caf\xe9\nmore"\n3,"end"\n')
    assert texts(path, encoding_errors="skip") == ["fine\nalso", "end"]
    assert texts(path, encoding_errors="replace") == ["fine\nalso", "caf\ufffd\nmore", "end"]
    assert texts(path, encoding="latin-1") == ["fine\nalso", "café\nmore", "end"]


def test_a_damaged_header_is_not_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,caf\xe9\n1,one\n2,two\n")
    with pytest.raises(InputError, match="line 1, byte 7: not UTF-8"):
        texts(tmp_path / "a.csv", encoding_errors="skip")


def test_half_a_surrogate_pair_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "whole \\ud83d\\ude00"}\n{"text": "half \\ud83d."}\n')
    with pytest.raises(InputError, match=r"line 2: half a surrogate pair, \\ud83d"):
        texts(path)
    assert texts(path, encoding_errors="replace") == ["whole 😀", "half \ufffd."]
    assert texts(path, encoding_errors="skip") == ["whole 😀"]


def test_a_tab_as_it_is_written_on_a_command_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\ttext\n1\tone, two\n")
    assert texts(tmp_path / "a.csv", delimiter=r"\t") == ["one, two"]
    assert texts(tmp_path / "a.csv", delimiter="\t") == ["one, two"]


def test_csv_without_header_and_with_another_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x;1\ny;2\n")
    unnamed = open_source(path, reading=SourceSettings(header=False, delimiter=";"))
    assert list(unnamed.rows()) == [{"1": "x", "2": "1"}, {"1": "y", "2": "2"}]
    named = open_source(path, reading=SourceSettings(columns="text, id", delimiter=";"))
    assert list(named.rows()) == [{"text": "x", "id": "1"}, {"text": "y", "id": "2"}]
    with pytest.raises(InputError, match="has 2 columns, but 3 are named: a, b, c"):
        open_source(path, reading=SourceSettings(columns="a,b,c", delimiter=";"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('id,text\n1,one\n2,"never closed\n3,three\n', "in the record that begins on line 3"),
        ('id,text\n1,"a "quoted" word"\n', "double the quotes"),
        ("text,text\n1,2\n", "has several columns 'text'"),
        ("\n\n", "has no rows"),
    ],
)
def test_csv_that_would_lose_text(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        texts(tmp_path / "a.csv")


def test_quotes_may_have_no_meaning(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text('text\tid\n"open\t1\nan "inner" one\t2\n')
    assert texts(tmp_path / "a.tsv", quoting=False) == ['"open', 'an "inner" one']


def test_keys_that_come_late_in_json_lines_are_columns(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n{"text": "y", "label": "b"}\n')
    source = open_source(tmp_path / "a.jsonl")
    source.check_columns(["text", "label"])
    assert [row["label"] for row in source.rows()] == [None, "b"]


def test_damaged_parquet(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="the Parquet file is damaged"):
        texts(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ("line", ["Title", "one", "", "", "Other", "two", "z"]),
        ("block", ["Title\none", "Other\ntwo", "z"]),
        ("file", ["Title\none\n\n\nOther\ntwo", "z"]),
    ],
)
def test_what_a_document_of_plain_text_is(
    tmp_path: Path, documents: str, expected: list[str]
) -> None:
    (tmp_path / "a.txt").write_text("Title\none\n\n\nOther\ntwo\n")
    (tmp_path / "b.txt").write_text("z\n")
    assert texts(tmp_path, documents=documents) == expected


def test_a_folder_of_files_is_read_in_order_and_without_what_is_no_text(tmp_path: Path) -> None:
    for name, content in {
        "b.txt": "second",
        "a/2.txt": "first",
        "c.txt.gz": "",
        ".hidden.txt": "no",
        ".git/config": "no",
        "_SUCCESS": "no",
        "README.md": "no",
        "LICENSE": "no",
        "licence/x.xml": "no",
        "empty.txt": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(b"third"))
    source = open_source(tmp_path)
    assert [dict(row) for row in source.rows()] == [
        {"text": "first", "file": "a/2.txt", "folder": "a"},
        {"text": "second", "file": "b.txt", "folder": tmp_path.name},
        {"text": "third", "file": "c.txt.gz", "folder": tmp_path.name},
    ]
    assert [path.name for path in source.files] == ["2.txt", "b.txt", "c.txt.gz"]


def test_a_folder_of_several_kinds_names_two_files_and_a_way_out(tmp_path: Path) -> None:
    write_csv(tmp_path / "rows.csv")
    (tmp_path / "notes.txt").write_text("a note")
    (tmp_path / "more.txt").write_text("another")
    with pytest.raises(InputError) as error:
        open_source(tmp_path)
    assert "more.txt is plain text, rows.csv is CSV" in str(error.value)
    assert "--files '*.txt'" in str(error.value)
    assert texts(tmp_path, files="*.txt") == ["another", "a note"]
    assert texts(tmp_path, files="*.csv") == [row["text"] for row in ROWS]


def test_tables_of_a_folder_have_the_same_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,id\nx,1\n")
    (tmp_path / "b.csv").write_text("id,text\n2,y\n")
    assert texts(tmp_path) == ["x", "y"]
    (tmp_path / "c.csv").write_text("id,words\n2,y\n")
    with pytest.raises(InputError, match=r"c.csv has the columns id, words, but .*a.csv has text"):
        open_source(tmp_path)


def test_a_folder_of_the_part_files_of_one_wiki(tmp_path: Path) -> None:
    pages = list(TOY_PAGES.items())
    (tmp_path / "toywiki-1.xml").write_bytes(make_dump(dict(pages[:3])))
    (tmp_path / "toywiki-2.xml.bz2").write_bytes(bz2.compress(make_dump(dict(pages[3:]))))
    titles = [row["title"] for row in open_source(tmp_path).rows()]
    assert titles == [title for title in TOY_PAGES if title != "Cupertino"]
    (tmp_path / "other.xml").write_bytes(make_dump(dict(pages[:1]), language="de"))
    with pytest.raises(InputError, match=r"several wikis: other.xml is in 'de', toywiki-1.xml"):
        open_source(tmp_path)


def test_a_utf16_dump_is_read_as_a_dump(tmp_path: Path) -> None:
    path = tmp_path / "toy.xml"
    path.write_bytes(make_dump(TOY_PAGES).decode().encode("utf-16"))
    assert len(list(open_source(path).rows())) == 7


def test_fasttext_files_by_fasttexts_rules(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "__label__a __label__b plain\u00a0words \u2028 here\n\nlate __label__c\n", "utf-8"
    )
    assert [dict(row) for row in open_source(path).rows()] == [
        {"text": "plain\u00a0words \u2028 here", "label": ["a", "b"]},
        {"text": "late", "label": ["c"]},
    ]


@pytest.mark.parametrize(
    ("name", "files", "documents", "first"),
    [
        ("en_wikipedia", "*.txt.*", "block", "Anarchism\nAnarchism is a"),
        ("en_wikipedia", "*.tsv.gz", "line", None),
        ("de_wikipedia", None, "block", "Minderwertigkeitskomplex\nEin"),
        ("ja_aozora", "*.txt.*", "line", None),
        ("ja_aozora", "*.tsv", "line", None),
        ("ru_ruslit", "ruslit*", "line", None),
        ("ru_ruslit", "books.txt", "line", "prose/Blok/"),
        ("zh_wikipedia", None, "block", None),
    ],
)
def test_every_file_of_real_text_folders_opens(
    data: Callable[[str], Path], name: str, files: str | None, documents: str, first: str | None
) -> None:
    reading = SourceSettings(files=files, documents=documents, header=False)
    source = open_source(data(f"text/{name}"), reading=reading)
    row = next(iter(source.rows()))
    assert all(isinstance(value, str) for value in row.values())
    assert first is None or row["text"].startswith(first)
