"""Items with text vectors, entities, mapped columns; further imports like the first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from nlp_engine.cli.app import app
from nlp_engine.demo import DemoResult
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.errors import InputError, OutputError, SettingError
from nlp_engine.formats.stored_vectors import Subwords
from nlp_engine.manifest import read_manifest
from nlp_engine.personalize.check import check_dataset
from nlp_engine.personalize.datasets import build_interactions, build_users
from nlp_engine.personalize.items import build_items
from nlp_engine.personalize.records import read_records
from nlp_engine.wiki.extract import extract_dumps
from tests.conftest import make_dump

WORDS = ["apple", "pear", "plum", "iron", "gold", "zinc", "the", "ore"]
VECTORS = WordVectors(
    WORDS,
    np.array(
        [[1, 0.1], [1, 0], [0.9, 0.2], [0, 1], [0.1, 1], [0.2, 0.9], [0.7, 0.7], [0, 0.8]],
        np.float32,
    ),
)
TEXTS = ["Apple, pear: the", "pear plum the", "iron gold the ore", "gold zinc the"] * 5


def write_items(path: Path, texts: Sequence[str] = TEXTS, **columns: Sequence[Any]) -> Path:
    rows = [
        {"id": f"i{n}", "text": text} | {name: values[n] for name, values in columns.items()}
        for n, text in enumerate(texts)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def cells(folder: Path, column: str) -> list[Any]:
    return [record.values.get(column) for record in read_records(folder)]


def test_topics_of_word_vectors(tmp_path: Path) -> None:
    source = write_items(tmp_path / "in.jsonl", [*TEXTS, ""])
    made = build_items(source, tmp_path / "out", vectors=VECTORS, topics=2)
    topics = cells(tmp_path / "out", "TOPIC")
    assert topics == [topics[0], topics[0], topics[2], topics[2]] * 5 + [None]
    assert set(topics[0].split()[1:]) <= {"apple", "pear", "plum"}
    assert made.counts["topics"] == 2
    book = read_manifest(tmp_path / "out" / "codebook", "codebook")
    assert made.parents["codebook"] == book.id


@pytest.mark.parametrize("encoding", ["topics", "product"])
def test_sub_words_give_words_that_the_vocabulary_lacks_a_part(
    tmp_path: Path, encoding: str
) -> None:
    rows = np.random.default_rng(0).normal(size=(1000, 16)).astype(np.float32)
    subwords = Subwords(min_char=3, max_char=4, bucket_rows=rows)
    vectors = WordVectors(WORDS, np.zeros((len(WORDS), 16), np.float32), subwords=subwords)
    texts = ["apple", "apples pineapple", "iron", "ironworks irons"] * 5
    source = write_items(tmp_path / "in.jsonl", [*texts, "..."])
    options: dict[str, Any] = {"vectors": vectors, "vector_encoding": encoding, "pieces": 2}
    build_items(source, tmp_path / "first", topics=2, **options)
    column = "TOPIC" if encoding == "topics" else "TEXT_CODES"
    codes = cells(tmp_path / "first", column)
    assert codes[-1] is None and None not in codes[:-1]
    if encoding == "topics":
        assert codes[:4] == [codes[0], codes[0], codes[2], codes[2]] and codes[0] != codes[2]
    # Alone and in another order, such words are what they were, and new ones count, too.
    more = write_items(tmp_path / "more.jsonl", ["irony", texts[3], texts[1]])
    build_items(more, tmp_path / "more", like=tmp_path / "first", **options)
    assert cells(tmp_path / "more", column)[1:] == [codes[3], codes[1]]
    assert cells(tmp_path / "more", column)[0] is not None


def test_a_word_of_the_vocabulary_that_comes_later_counts(tmp_path: Path) -> None:
    source = write_items(tmp_path / "in.jsonl", [text.replace("plum", "") for text in TEXTS])
    build_items(source, tmp_path / "first", vectors=VECTORS, topics=2)
    more = write_items(tmp_path / "more.jsonl", ["plum"])
    build_items(more, tmp_path / "more", vectors=VECTORS, topics=2, like=tmp_path / "first")
    assert cells(tmp_path / "more", "TOPIC") == cells(tmp_path / "first", "TOPIC")[:1]


@pytest.mark.parametrize("as_file", [False, True])
def test_topics_of_vectors_from_anywhere(tmp_path: Path, as_file: bool) -> None:
    source = write_items(tmp_path / "in.jsonl")
    rows = np.array([[5, 0, 1], [4, 0.5, 1], [0, 2, 9], [0, 3, 8]] * 5, np.float64)
    np.save(tmp_path / "rows.npy", rows)
    text_vectors = tmp_path / "rows.npy" if as_file else rows
    build_items(source, tmp_path / "out", text_vectors=text_vectors, topics=2)
    topics = cells(tmp_path / "out", "TOPIC")
    assert topics == [topics[0], topics[0], topics[2], topics[2]] * 5
    assert set(topics[2].split()[1:]) <= {"iron", "gold", "zinc", "ore"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ones((3, 2)), "20 items, but there are 3 text vectors"),
        (np.ones(20), r"shape \(20,\); a row of numbers"),
        (np.full((20, 2), [1, np.nan]), "row 1: a number is not finite"),
        (np.zeros((20, 2)), "no item has a text vector"),
        (Path("none.npy"), "none.npy does not exist"),
        (Path(__file__), "test_build.py is no array of numpy"),
    ],
)
def test_text_vectors_that_do_not_fit(tmp_path: Path, rows: Any, message: str) -> None:
    source = write_items(tmp_path / "in.jsonl")
    with pytest.raises(InputError, match=message):
        build_items(source, tmp_path / "out", text_vectors=rows)
    with pytest.raises(SettingError, match="exclude each other"):
        build_items(source, tmp_path / "out", text_vectors=np.ones((20, 2)), vectors=VECTORS)
    assert list(tmp_path.iterdir()) == [source]


def test_other_encodings(tmp_path: Path) -> None:
    source = write_items(tmp_path / "in.jsonl", [*TEXTS, "unknown"])

    def build(name: str, **options: Any) -> Path:
        build_items(source, tmp_path / name, vectors=VECTORS, vector_encoding=name, **options)
        return tmp_path / name

    cluster = build("cluster", topics=2)
    first = next(read_records(cluster)).values
    assert list(first) == ["ITEM_ID", "TOPIC", "DESCRIPTION"]
    codes = cells(build("product", pieces=2), "TEXT_CODES")
    assert codes[-1] is None
    pieces = [set(piece) for piece in zip(*(cell.split("|") for cell in codes[:-1]), strict=True)]
    assert len(pieces) == 2
    assert not pieces[0] & pieces[1]
    assert codes[:4] == codes[4:8]
    pca = build("pca", components=1)
    numbers = cells(pca, "EMB_AA")
    assert numbers[-1] is None
    assert (numbers[0] < 0) != (numbers[2] < 0)
    assert check_dataset(pca) == []


@pytest.mark.parametrize("encoding", ["topics", "cluster", "product", "pca"])
def test_a_further_import_has_the_same_codes(tmp_path: Path, encoding: str) -> None:
    options: dict[str, Any] = {"vectors": VECTORS, "vector_encoding": encoding, "pieces": 2}
    tags = ["a", "b", "c", "d"] * 5
    source = write_items(tmp_path / "in.jsonl", tags=tags)
    build_items(source, tmp_path / "first", categories=["tags"], **options)
    more = write_items(tmp_path / "more.jsonl", TEXTS[2:4], tags=["new", "c"])
    made = build_items(
        more, tmp_path / "more", like=tmp_path / "first", categories=["tags"], **options
    )
    first, second = (list(read_records(tmp_path / name)) for name in ("first", "more"))
    without = ("ITEM_ID", "TAGS")
    for before, now in zip(first[2:4], second, strict=True):
        assert {k: v for k, v in now.values.items() if k not in without} == {
            k: v for k, v in before.values.items() if k not in without
        }
    assert cells(tmp_path / "more", "TAGS") == ["new", "c"]
    assert (
        made.parents["codebook"] == read_manifest(tmp_path / "first", "items").parents["codebook"]
    )


def test_what_would_change_the_codes_is_refused(tmp_path: Path) -> None:
    source = write_items(tmp_path / "in.jsonl", tags=["a"] * 20)
    build_items(source, tmp_path / "first", vectors=VECTORS)
    other = WordVectors(WORDS[:-1], VECTORS.matrix[:-1])
    like = tmp_path / "first"
    with pytest.raises(InputError, match="was fitted on other text vectors"):
        build_items(source, tmp_path / "out", vectors=other, like=like)
    with pytest.raises(InputError, match="made with the encoding topics, not pca"):
        build_items(source, tmp_path / "out", vectors=VECTORS, like=like, vector_encoding="pca")
    with pytest.raises(InputError, match="the schema is not that of .*TAGS: the column is new"):
        build_items(source, tmp_path / "out", vectors=VECTORS, like=like, categories=["tags"])
    with pytest.raises(OutputError, match="has a codebook, by which items may have been imported"):
        build_items(source, like, vectors=VECTORS, overwrite=True)
    build_items(source, like, vectors=VECTORS, overwrite=True, like=like)
    build_items(source, like, vectors=VECTORS, overwrite=True, refit=True)


def test_the_most_frequent_values_stay(tmp_path: Path) -> None:
    tags = [[f"rare{n}", f"common{n % 600}"] for n in range(1200)]
    source = write_items(tmp_path / "in.jsonl", ["t"] * 1200, tags=tags)
    build_items(source, tmp_path / "out", categories=["tags"])
    values = {value for cell in cells(tmp_path / "out", "TAGS") for value in cell.split("|")}
    assert len(values) == 1000
    assert {f"common{n}" for n in range(600)} < values
    kept = json.loads((tmp_path / "out" / "values.json").read_text())
    assert set(kept["TAGS"]) == values
    more = write_items(tmp_path / "more.jsonl", ["t"], tags=[["other", "common5"]])
    build_items(more, tmp_path / "more", categories=["tags"], like=tmp_path / "out")
    assert cells(tmp_path / "more", "TAGS") == ["common5"]


def test_entities_and_their_types(tmp_path: Path, demo: DemoResult) -> None:
    kb = KnowledgeBase.open(demo.folder / "kb")
    texts = ["Abraham Lincoln was the president of the United States."] * 4
    source = write_items(tmp_path / "in.jsonl", texts)
    types = tmp_path / "types.toml"
    types.write_text("PRESIDENTS = '^presidents of'\nNOTHING = 'no such category'\n")
    build_items(source, tmp_path / "out", kb=kb, entity_types=types)
    (entities,) = set(cells(tmp_path / "out", "ENTITIES"))
    assert "Abraham Lincoln" in entities.split("|")
    assert set(cells(tmp_path / "out", "PRESIDENTS")) == {"Abraham Lincoln"}
    assert set(cells(tmp_path / "out", "NOTHING")) == {None}
    build_items(source, tmp_path / "two", kb=kb, workers=2)
    assert set(cells(tmp_path / "two", "ENTITIES")) == {entities}
    types.write_text("PRESIDENTS = '('\n")
    with pytest.raises(InputError, match="PRESIDENTS is '\\(', which is no regular expression"):
        build_items(source, tmp_path / "out2", kb=kb, entity_types=types)


TOWNS = 1500


def town(number: int) -> str:
    return "".join("bcdfghjklm"[int(digit)] + "aeiou"[int(digit) % 5] for digit in f"{number:04}")


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """More entities than a column takes, which have few categories."""
    folder = tmp_path_factory.mktemp("towns")
    pages = {
        town(n).title(): f"A town.\n[[Category:Towns of {'BGW'[n % 3]}]]\n[[Category:Old towns]]"
        for n in range(TOWNS)
    }
    for begin in range(0, TOWNS, 100):
        links = (f"[[{town(n).title()}]]" for n in range(begin, begin + 100))
        pages[f"List {town(begin)}"] = " and ".join(links) + "."
    (folder / "towns.xml").write_bytes(make_dump(pages))
    extract_dumps([folder / "towns.xml"], folder / "extracted")
    return KnowledgeBase.build(folder / "extracted", folder / "kb")


def notes(folder: Path) -> dict[str, dict[str, Any]]:
    found = json.loads((folder / "check.json").read_text())
    return {finding["rule"]: finding for finding in found}


def test_categories_stand_in_for_entities_that_are_rare(
    tmp_path: Path, towns: KnowledgeBase
) -> None:
    texts = [f"Come to {town(n).title()}" for n in range(TOWNS)]
    source = write_items(tmp_path / "in.jsonl", texts)
    made = build_items(source, tmp_path / "out", kb=towns)
    assert cells(tmp_path / "out", "ENTITIES") == [None] * TOWNS
    assert cells(tmp_path / "out", "ENTITY_CATEGORIES")[:3] == [
        "Old towns|Towns of B", "Old towns|Towns of G", "Old towns|Towns of W",
    ]  # fmt: skip
    assert (made.counts["entities"], made.counts["entity_categories"]) == (0, 4)
    note = notes(tmp_path / "out")["entity-categories"]
    assert (note["level"], note["column"]) == ("warning", "ENTITY_CATEGORIES")
    assert "1,000 of 1,500 items have one of the 1,000 entities kept" in note["message"]
    assert "--entity-values entities" in note["message"]
    assert check_dataset(tmp_path / "out") == []

    build_items(source, tmp_path / "entities", kb=towns, entity_values="entities")
    assert cells(tmp_path / "entities", "ENTITIES")[7] == town(7).title()
    assert set(notes(tmp_path / "entities")) == {"completeness"}

    few = write_items(tmp_path / "few.jsonl", texts[:2])
    build_items(few, tmp_path / "few", kb=towns)
    assert cells(tmp_path / "few", "ENTITIES") == [town(0).title(), town(1).title()]
    assert notes(tmp_path / "few") == {}
    build_items(few, tmp_path / "more", kb=towns, like=tmp_path / "out")
    assert cells(tmp_path / "more", "ENTITY_CATEGORIES")[0] == "Old towns|Towns of B"
    with pytest.raises(InputError, match="ENTITIES: the column is new"):
        build_items(few, tmp_path / "no", kb=towns, like=tmp_path / "out", entity_values="entities")


def test_where_neither_entities_nor_categories_fill_a_column(
    tmp_path: Path, towns: KnowledgeBase
) -> None:
    texts = [f"Come to {town(0).title()}", *["Come to us"] * 9]
    source = write_items(tmp_path / "in.jsonl", texts)
    build_items(source, tmp_path / "out", kb=towns)
    assert cells(tmp_path / "out", "ENTITIES")[:2] == [town(0).title(), None]
    note = notes(tmp_path / "out")["few-entities"]
    assert note["message"].startswith("1 of 10 items have one of the 1,000 entities kept, and 1")
    assert "a lower --rho" in note["message"]
    build_items(source, tmp_path / "categories", kb=towns, entity_values="categories")
    assert cells(tmp_path / "categories", "ENTITY_CATEGORIES")[0] == "Old towns|Towns of B"
    assert set(notes(tmp_path / "categories")) == {"completeness"}


def test_columns_of_a_parquet_file(tmp_path: Path) -> None:
    import datetime

    moment = datetime.datetime(2019, 10, 2, 7, 41, 7, tzinfo=datetime.UTC)
    table = pa.table(
        {
            "Product ID": [1, 2],
            "text": ["t", "u"],
            "made": [moment, None],
            "price": [1.5, float("nan")],
            "stock": [3.0, 4.0],
            "style": [["a", "b"], None],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    build_items(
        tmp_path / "in.parquet",
        tmp_path / "out",
        id="Product ID",
        timestamp="made",
        numbers=["price=COST"],
        integers=["stock"],
        categories=["style"],
    )
    assert (tmp_path / "out" / "items.csv").read_text() == (
        "ITEM_ID,CREATION_TIMESTAMP,STYLE,COST,STOCK,DESCRIPTION\n"
        '1,1570002067,a|b,1.5,3,"t"\n2,,,,4,"u"\n'
    )
    rules = {(f.rule, f.column) for f in check_dataset(tmp_path / "out")}
    assert ("nullable-timestamp", "CREATION_TIMESTAMP") in rules


def test_a_column_that_becomes_two(tmp_path: Path) -> None:
    source = write_items(tmp_path / "in.jsonl", tags=["a"] * 20)
    with pytest.raises(InputError, match="column TAGS: it is there twice"):
        build_items(source, tmp_path / "out", categories=["tags"], strings=["tags"])


def test_the_domain_ecommerce(tmp_path: Path) -> None:
    columns: dict[str, Any] = {"price": [1.5] * 20, "kind": ["x"] * 20}
    source = write_items(tmp_path / "in.jsonl", **columns)
    mapping: dict[str, Any] = {"numbers": ["price"], "categories": ["kind=CATEGORY_L1"]}
    build_items(source, tmp_path / "out", domain="ECOMMERCE", **mapping)
    assert check_dataset(tmp_path / "out") == []
    fields = json.loads((tmp_path / "out" / "schema.json").read_text())["fields"]
    assert [(field["name"], field["type"]) for field in fields] == [
        ("ITEM_ID", "string"), ("CATEGORY_L1", "string"), ("PRICE", "float"),
        ("PRODUCT_DESCRIPTION", ["null", "string"]),
    ]  # fmt: skip
    with pytest.raises(InputError, match="CREATION_TIMESTAMP: the schema needs this field"):
        build_items(source, tmp_path / "vod", domain="VIDEO_ON_DEMAND", **mapping)


def test_warnings_are_told(tmp_path: Path) -> None:
    tags = [["a"], *[None] * 9]
    source = write_items(tmp_path / "in.jsonl", ["t"] * 3 + [""] * 7, tags=tags)
    command = ["items", "build", str(source), "-o", str(tmp_path / "out"), "--categories", "tags"]
    done = CliRunner().invoke(app, command)
    assert done.stdout.endswith("10 items, 0 topics, 0 entities, 9 warnings\n")
    lines = done.stderr.splitlines()
    assert lines[0] == (
        "warning: column TAGS: 1 of 10 rows have a value; AWS recommends 70%: fill it, or leave "
        "the column out"
    )
    assert lines[2].startswith("warning: row 4, column DESCRIPTION: there is no text")
    assert lines[-1] == f"4 more warnings are in {tmp_path}/out/check.json"
    assert CliRunner().invoke(app, [*command, "--overwrite", "--quiet"]).output == ""


def test_categories_that_have_no_room_are_named(tmp_path: Path) -> None:
    tags = [["a"], ["y" * 1001, "b"], [f"{n:099}" for n in range(12)], ["z" * 1001]]
    source = write_items(tmp_path / "in.jsonl", ["t"] * 4, tags=tags)
    build_items(source, tmp_path / "out", categories=["tags"])
    assert cells(tmp_path / "out", "TAGS")[:2] == ["a", "b"]
    found = json.loads((tmp_path / "out" / "check.json").read_text())
    assert [(f["row"], f["column"], f["message"].partition(";")[0]) for f in found] == [
        (2, "TAGS", "1 of 2 values are left out"),
        (3, "TAGS", "2 of 12 values are left out"),
        (4, "TAGS", "1 of 1 values are left out"),
    ]
    build_users(source, tmp_path / "users", categories=["tags"])
    found = json.loads((tmp_path / "users" / "check.json").read_text())
    assert [f["row"] for f in found if f["rule"] == "shortened"] == [2, 3, 4]


def test_a_name_without_a_title(tmp_path: Path) -> None:
    source = write_items(tmp_path / "in.jsonl")
    with pytest.raises(SettingError, match="item_name marks the title"):
        build_items(source, tmp_path / "out", item_name=True)


def test_a_list_is_several_texts(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "text": ["two\\nlines", null, "end"], "name": ["a", "b"]}\n')
    build_items(source, tmp_path / "out", strings=["name"])
    assert next(read_records(tmp_path / "out")).values == {
        "ITEM_ID": "1", "NAME": "a b", "DESCRIPTION": "two lines end",
    }  # fmt: skip


def test_users(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user,age,sex\nu1,31,M\nu2,,F\n")
    made = build_users(
        tmp_path / "users.csv", tmp_path / "out", id="user", integers=["age"],
        categories=["sex=GENDER"],
    )  # fmt: skip
    assert (tmp_path / "out" / "users.csv").read_text() == "USER_ID,AGE,GENDER\nu1,31,M\nu2,,F\n"
    assert json.loads((tmp_path / "out" / "schema.json").read_text())["name"] == "Users"
    assert made.counts == {"users": 2, "warnings": 1}


def test_interactions(tmp_path: Path) -> None:
    rows = [f"u{n % 50},i{n},2019-10-02T07:41:07Z,Watch,{n / 2}" for n in range(1000)]
    source = tmp_path / "events.csv"
    source.write_text("\n".join(["user_id,item_id,at,kind,share", *rows]))
    options: dict[str, Any] = {"timestamp": "at", "event_type": "kind", "event_value": "share"}
    build_interactions(source, tmp_path / "out", **options)
    lines = (tmp_path / "out" / "interactions.csv").read_text().splitlines()
    assert lines[:2] == [
        "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE", "u0,i0,1570002067,Watch,0.0",
    ]  # fmt: skip
    assert check_dataset(tmp_path / "out") == []
    source.write_text("\n".join(["user_id,item_id,at,kind,share", *rows[:999]]))
    with pytest.raises(InputError, match="999 interactions; an import needs 1,000"):
        build_interactions(source, tmp_path / "few", **options)
