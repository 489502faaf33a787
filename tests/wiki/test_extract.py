from __future__ import annotations

import bz2
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.errors import InputError, OutputError
from nlp_engine.manifest import read_manifest
from nlp_engine.progress import Progress
from nlp_engine.wiki.extract import extract_dumps
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import SCHEMA, read_pages, shard_files
from tests.conftest import TOY_PAGES, make_dump


def test_toy_pages(tmp_path: Path, toy_dump: Path) -> None:
    made = extract_dumps([toy_dump], tmp_path / "out")
    pages = {page.title: page for page in read_pages(tmp_path / "out")}
    watch = pages["Apple Watch"]
    assert watch.text == (
        "The Apple Watch was announced by Tim Cook in Cupertino. The watch runs apps by Apple."
    )
    assert [(watch.text[link.start : link.end], link.target) for link in watch.links] == [
        ("Tim Cook", "Tim Cook"),
        ("Cupertino", "Cupertino, California"),
        ("Apple", "Apple Inc."),
    ]
    assert pages["Cupertino"].kind is PageKind.REDIRECT
    assert pages["Cupertino"].redirect_to == "Cupertino, California"
    assert pages["Cupertino"].text == ""
    assert (made.counts["articles"], made.counts["redirects"], made.counts["links"]) == (7, 1, 19)
    assert made.language == "en"
    assert read_manifest(tmp_path / "out", "extracted") == made


def test_shards_have_the_documented_columns(tmp_path: Path, toy_dump: Path) -> None:
    extract_dumps([toy_dump], tmp_path / "out")
    (shard,) = shard_files(tmp_path / "out")
    assert pq.read_schema(shard).equals(SCHEMA)
    assert SCHEMA.names == [
        "page_id", "title", "kind", "redirect_to", "text", "links", "outside_links",
        "categories",
    ]  # fmt: skip


def test_only_the_article_namespace_and_disambiguation_by_template(tmp_path: Path) -> None:
    dump = make_dump(
        {"Ada": "Ada may be:\n* [[Ada (food)]]\n{{disambig}}", "Food": "{{Disambiguation needed}}x"}
    ).replace(b"<page><title>Food</title><ns>0", b"<page><title>Talk:Food</title><ns>1")
    path = tmp_path / "dump.xml"
    path.write_bytes(dump.replace(b"</mediawiki>", make_dump({"B": "text"}).split(b"\n", 1)[1]))
    made = extract_dumps([path], tmp_path / "out")
    kinds = {page.title: page.kind for page in read_pages(tmp_path / "out")}
    assert kinds == {"Ada": PageKind.DISAMBIGUATION, "B": PageKind.ARTICLE}
    assert made.counts["disambiguations"] == 1


def test_several_part_files_in_one_call(tmp_path: Path) -> None:
    parts = []
    for number, title in enumerate(TOY_PAGES):
        path = tmp_path / f"part{number}.xml.bz2"
        path.write_bytes(bz2.compress(make_dump({title: TOY_PAGES[title]})))
        parts.append(path)
    made = extract_dumps(parts, tmp_path / "out")
    assert [page.title for page in read_pages(tmp_path / "out")] == list(TOY_PAGES)
    assert [record.name for record in made.sources] == [path.name for path in parts]


def test_the_real_sample(demo: DemoResult) -> None:
    # Page kinds were counted in the dump by `<ns>`, `<redirect` and `{{disambig`.
    manifest = read_manifest(demo.folder / "extracted", "extracted")
    assert manifest.counts["articles"] == 98
    assert manifest.counts["redirects"] == 99
    assert manifest.counts["disambiguations"] == 8
    pages = list(read_pages(demo.folder / "extracted", PageKind.ARTICLE))
    markup = ("[[", "]]", "{{", "}}", "'''", "<ref", "</", "&nbsp;", "thumb|", "()")
    lines = [line for page in pages for line in page.text.split("\n")]
    marked = [line for line in lines if any(mark in line for mark in markup)]
    assert len(marked) < 0.001 * len(lines), marked[:5]
    for page in pages:
        for link in page.links:
            anchor = page.text[link.start : link.end]
            assert anchor and anchor == anchor.strip() and link.target
    anarchism = next(page for page in pages if page.title == "Anarchism")
    assert anarchism.text.startswith(
        "Anarchism is a political philosophy that advocates self-governed societies based on "
        "voluntary institutions."
    )
    assert "Far-left politics" in anarchism.categories


def test_progress_ends_at_the_size_of_the_dump(tmp_path: Path, toy_dump: Path) -> None:
    reports: list[Progress] = []
    extract_dumps([toy_dump], tmp_path / "out", report=reports.append)
    assert reports[-1].done == reports[-1].total == toy_dump.stat().st_size
    assert reports[-1].unit == "bytes"


def test_a_dump_without_articles(tmp_path: Path) -> None:
    path = tmp_path / "dump.xml"
    path.write_bytes(make_dump({"A": "#REDIRECT [[B]]"}))
    with pytest.raises(InputError, match="no article in dump.xml"):
        extract_dumps([path], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_first_missing_dump_is_named_before_any_work(tmp_path: Path, toy_dump: Path) -> None:
    with pytest.raises(InputError, match="second.xml does not exist"):
        extract_dumps([toy_dump, tmp_path / "second.xml"], tmp_path / "out")


def test_an_existing_folder_is_kept(tmp_path: Path, toy_dump: Path) -> None:
    extract_dumps([toy_dump], tmp_path / "out")
    with pytest.raises(OutputError, match="--overwrite"):
        extract_dumps([toy_dump], tmp_path / "out")
    extract_dumps([toy_dump], tmp_path / "out", overwrite=True)
