from __future__ import annotations

import bz2
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.errors import InputError, Interrupted, OutputError
from nlp_engine.manifest import read_manifest
from nlp_engine.native.wikitext import Extraction, Scanner
from nlp_engine.progress import Progress
from nlp_engine.wiki import segments
from nlp_engine.wiki.extract import extract_dumps
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.segments import cut
from nlp_engine.wiki.shards import SCHEMA, read_articles, read_pages, shard_files
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


def many_pages(path: Path, count: int = 400) -> Path:
    """A multistream dump that is cut into several segments."""
    dump = make_dump({f"Page {n}": f"Text of [[page {n}]]. " * 20 for n in range(count)})
    pieces = [dump[i : i + 4000] for i in range(0, len(dump), 4000)]
    path.write_bytes(b"".join(map(bz2.compress, pieces)))
    return path


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_STREAMS_SEGMENT", (2000, 2000))


def contents(folder: Path) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in shard_files(folder)]


@pytest.mark.usefixtures("small_segments")
def test_the_result_does_not_depend_on_the_number_of_workers(
    tmp_path: Path, sample_dump: Path
) -> None:
    dump = many_pages(tmp_path / "dump.bz2")
    single = tmp_path / "single.bz2"
    single.write_bytes(bz2.compress(bz2.decompress(dump.read_bytes())))
    for source, shards in ((dump, 5), (single, 1), (sample_dump, 1)):
        made = [
            extract_dumps([source], tmp_path / f"{source.name}{workers}", workers=workers)
            for workers in (1, 2, 5)
        ]
        outputs = [contents(tmp_path / f"{source.name}{workers}") for workers in (1, 2, 5)]
        assert len(outputs[0]) >= shards
        assert outputs[0] == outputs[1] == outputs[2]
        assert made[0].counts == made[1].counts == made[2].counts
    titles = [page.title for page in read_pages(tmp_path / "dump.bz21")]
    assert titles == [f"Page {n}" for n in range(400)]


@pytest.mark.usefixtures("small_segments")
def test_an_interrupted_extraction_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nlp_engine.files.WORTH_KEEPING_SECONDS", 0)
    dump, out = many_pages(tmp_path / "dump.bz2"), tmp_path / "out"
    expected = extract_dumps([dump], tmp_path / "whole").counts
    scanned: list[int] = []
    scan = Scanner.extract

    def interrupted(scanner: Scanner, xml: bytes) -> Extraction:
        scanned.append(len(xml))
        if len(scanned) == 3:
            raise KeyboardInterrupt
        return scan(scanner, xml)

    monkeypatch.setattr(Scanner, "extract", interrupted)
    with pytest.raises(Interrupted, match="run the same command again"):
        extract_dumps([dump], out)
    (kept,) = tmp_path.glob(".out.*.partial")
    finished = len(list(kept.glob("*.done")))
    assert finished >= 2
    kept.rename(tmp_path / ".out.999999999.partial")  # as if that process had ended
    before = len(scanned)
    assert extract_dumps([dump], out).counts == expected
    assert 0 < len(scanned) - before <= len(cut(dump)) - finished, (
        "finished segments are not read again"
    )
    assert contents(out) == contents(tmp_path / "whole")
    assert not list(tmp_path.glob(".out.*"))
    assert not list(out.glob("*.done"))


@pytest.mark.usefixtures("small_segments")
def test_other_settings_start_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dump = many_pages(tmp_path / "dump.bz2")
    abandoned = tmp_path / ".out.999999999.partial"
    abandoned.mkdir()
    (abandoned / ".resume").write_text("another key")
    (abandoned / "part-00000.done").write_text("{}")
    extract_dumps([dump], tmp_path / "out")
    assert len(list(read_pages(tmp_path / "out"))) == 400
    assert not abandoned.exists()


def test_dumps_of_two_wikis_are_refused(tmp_path: Path, toy_dump: Path) -> None:
    other = tmp_path / "other.xml"
    other.write_bytes(make_dump({"A": "b"}, language="de"))
    with pytest.raises(InputError, match="'en', .*other.xml one in 'de'"):
        extract_dumps([toy_dump, other], tmp_path / "out")


def test_an_error_in_one_of_several_dumps_stops_all(tmp_path: Path, toy_dump: Path) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_bytes(toy_dump.read_bytes()[:-400])
    with pytest.raises(InputError, match="bad.xml: the file ends"):
        extract_dumps([toy_dump, bad, toy_dump], tmp_path / "out", workers=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.xml", "toy.xml"]


def test_links_outside_of_the_text_are_in_the_shards(tmp_path: Path) -> None:
    dump = tmp_path / "dump.xml"
    dump.write_bytes(make_dump({"A": "x [[File:F.jpg|thumb|a [[cat]]]]\n{|\n| [[dog|dogs]]\n|}"}))
    made = extract_dumps([dump], tmp_path / "out")
    (page,) = read_pages(tmp_path / "out")
    assert [(link.anchor, link.target) for link in page.outside_links] == [
        ("cat", "Cat"),
        ("dogs", "Dog"),
    ]
    assert made.counts["outside_links"] == 2
    extract_dumps([dump], tmp_path / "kept", captions=True, tables=True)
    (page,) = read_pages(tmp_path / "kept")
    assert page.text == "x\na cat\ndogs"


def test_articles_are_the_article_pages_without_links(tmp_path: Path, sample_dump: Path) -> None:
    extract_dumps([sample_dump], tmp_path / "out")
    articles = list(read_articles(tmp_path / "out"))
    pages = list(read_pages(tmp_path / "out", PageKind.ARTICLE))
    assert [(a.page_id, a.title, a.text, a.categories) for a in articles] == [
        (page.page_id, page.title, page.text, page.categories) for page in pages
    ]
