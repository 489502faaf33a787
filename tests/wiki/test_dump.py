from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.errors import FormatError, InputError
from nlp_engine.wiki import dump as dump_module
from nlp_engine.wiki.dump import page_blocks, page_titles, read_site
from nlp_engine.wiki.extract import dump_batches
from nlp_engine.wiki.segments import Segment, cut, read_chunks
from nlp_engine.wiki.shards import ExtractedPage, pages_of
from tests.conftest import TOY_PAGES, make_dump


def read(path: Path) -> list[ExtractedPage]:
    return [page for batch in dump_batches(path) for page in pages_of(batch)]


def titles(segments: list[Segment]) -> list[list[str]]:
    found = []
    for segment in segments:
        blocks = list(page_blocks(segment, lambda done: None))
        found.append([title for block in blocks for title in page_titles(block) if title])
    return found


def test_pages_of_the_toy_dump(toy_dump: Path) -> None:
    pages = read(toy_dump)
    assert [page.title for page in pages] == list(TOY_PAGES)
    assert [page.page_id for page in pages] == list(range(1, 9))
    assert [page.redirect_to for page in pages] == [None] * 7 + ["Cupertino, California"]


def test_xml_escapes_are_undone_once(tmp_path: Path) -> None:
    wikitext = 'a &amp;lt; b & <nowiki>[[x]]</nowiki> &amp;amp; "q"'
    path = tmp_path / "dump.xml"
    path.write_bytes(make_dump({'AT&T <"x">': wikitext}))
    assert [(page.title, page.text) for page in read(path)] == [
        ('AT&T <"x">', 'a &lt; b & [[x]] &amp; "q"')
    ]
    path.write_bytes(make_dump({"A": "it&#039;s"}).replace(b"&amp;#039;", b"&#039;"))
    assert read(path)[0].text == "it's"
    path.write_bytes(make_dump({"A": "a\r\n== H ==\r\nb\rc"}))
    assert read(path)[0].text == "a\nH\nb c"


def test_the_real_sample_agrees_with_an_xml_parser(sample_dump: Path) -> None:
    with bz2.open(sample_dump) as file:
        root = ElementTree.parse(file).getroot()
    space = root.tag.removesuffix("mediawiki")
    expected = []
    for page in root.iter(f"{space}page"):
        if page.findtext(f"{space}ns") == "0":
            redirect = page.find(f"{space}redirect")
            target = None if redirect is None else redirect.attrib["title"]
            title, number = page.findtext(f"{space}title"), page.findtext(f"{space}id", "")
            expected.append((int(number), title, target))
    assert len(expected) == 205
    found = [(page.page_id, page.title, page.redirect_to) for page in read(sample_dump)]
    assert found == expected


def test_what_siteinfo_says(sample_dump: Path, toy_dump: Path) -> None:
    site = read_site(sample_dump)
    assert site.language.code == "en"
    assert site.prefixes["education program"] == "other"
    assert site.first_letter
    assert read_site(toy_dump, "gd").language.code == "gd"


def test_pages_larger_than_a_block(tmp_path: Path) -> None:
    pages = {"Large": "x" * 9_500_000, "Small": "y", "Larger": "z" * 15_000_000}
    path = tmp_path / "dump.xml"
    path.write_bytes(make_dump(pages))
    assert {page.title: page.text for page in read(path)} == pages


def test_the_newest_revision_counts(tmp_path: Path) -> None:
    history = b"<revision><text>old</text></revision><revision><text>new</text></revision>"
    path = tmp_path / "dump.xml"
    path.write_bytes(
        b"<mediawiki><page><title>A</title><id>1</id>" + history + b"</page></mediawiki>"
    )
    assert [page.text for page in read(path)] == ["new"]


def zstd(data: bytes) -> bytes:
    sink = io.BytesIO()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
        stream.flush()
        return sink.getvalue() if stream.closed else _closed(stream, sink)


def _closed(stream: pa.CompressedOutputStream, sink: io.BytesIO) -> bytes:
    sink.close = lambda: None  # type: ignore[method-assign]
    stream.close()
    return sink.getvalue()


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "xml": bytes,
    "bz2": bz2.compress,
    "gz": gzip.compress,
    "xz": lzma.compress,
    "zst": zstd,
    "utf16": lambda data: data.decode().encode("utf-16"),
    "utf16-be": lambda data: b"\xfe\xff" + data.decode().encode("utf-16-be"),
    "utf16.bz2": lambda data: bz2.compress(data.decode().encode("utf-16")),
}


@pytest.mark.parametrize("name", COMPRESS)
def test_every_compression_and_encoding(tmp_path: Path, toy_dump: Path, name: str) -> None:
    path = tmp_path / "dump"  # recognised by content, not by its name
    path.write_bytes(COMPRESS[name](toy_dump.read_bytes()))
    assert read(path) == read(toy_dump)


@pytest.mark.parametrize("name", ["bz2", "gz", "xz", "zst"])
def test_compressed_files_cut_short(tmp_path: Path, toy_dump: Path, name: str) -> None:
    stored = COMPRESS[name](toy_dump.read_bytes())
    path = tmp_path / f"dump.{name}"
    path.write_bytes(stored[: len(stored) * 3 // 4])
    with pytest.raises(InputError, match=f"dump.{name}: the .*(ends|damaged)"):
        read(path)


def test_standard_input(tmp_path: Path, toy_dump: Path) -> None:
    command = [sys.executable, "-c", "from nlp_engine.cli import main; main()"]
    command += ["wiki", "extract", "-", "-o"]
    with bz2.open(tmp_path / "toy.bz2", "wb") as file:
        file.write(toy_dump.read_bytes())
    with (tmp_path / "toy.bz2").open("rb") as file:
        subprocess.run([*command, str(tmp_path / "out"), "--quiet"], stdin=file, check=True)
    assert list((tmp_path / "out").glob("part-*.parquet"))


def make_pages(count: int) -> dict[str, str]:
    return {f"Page {n}": f"Text of [[page {n}]]. " * (n % 7 + 1) for n in range(count)}


def multistream(dump: bytes, stream_bytes: int) -> bytes:
    """Streams that cut pages anywhere, as pbzip2 writes them."""
    pieces = [dump[i : i + stream_bytes] for i in range(0, len(dump), stream_bytes)]
    return b"".join(map(bz2.compress, pieces))


@settings(max_examples=30)
@given(st.integers(100, 5000), st.integers(200, 4000), st.booleans())
def test_segments_hold_every_page_once(
    tmp_path_factory: pytest.TempPathFactory, length: int, stream_bytes: int, plain: bool
) -> None:
    dump = make_dump(make_pages(60))
    path = tmp_path_factory.mktemp("segments") / "dump"
    path.write_bytes(dump if plain else multistream(dump, stream_bytes))
    segments = cut(path, plain_bytes=length, stream_bytes=length)
    assert [title for part in titles(segments) for title in part] == list(make_pages(60))
    assert all(segment.end is not None for segment in segments)


def test_page_tags_cut_by_a_segment_end(tmp_path: Path) -> None:
    dump = make_dump({"A": "first", "B": "second"})
    path = tmp_path / "dump.xml"
    path.write_bytes(dump)
    second = dump.rindex(b"<page>")
    for shift in range(-1, 8):
        begin = second + shift
        parts = [Segment(path, 0, begin), Segment(path, begin, len(dump))]
        assert titles(parts) == ([["A"], ["B"]] if shift <= 0 else [["A", "B"], []])


def test_a_multistream_dump_needs_no_index(tmp_path: Path) -> None:
    pages = make_pages(50)
    head, *rest = re.split(rb"(?=<page>)", make_dump(pages))
    streams = [head, *(b"".join(rest[i : i + 10]) for i in range(0, 50, 10))]
    path = tmp_path / "pages-articles-multistream.xml.bz2"
    path.write_bytes(b"".join(map(bz2.compress, streams)))
    segments = cut(path, stream_bytes=500)
    assert len(segments) > 3
    assert [title for part in titles(segments) for title in part] == list(pages)
    single = tmp_path / "single.xml.bz2"
    single.write_bytes(bz2.compress(make_dump(pages)))
    assert cut(single, stream_bytes=500) == [Segment(single, 0, None)]


def test_what_follows_the_last_stream_is_ignored_as_bzip2_does(tmp_path: Path) -> None:
    path = tmp_path / "dump.bz2"
    stored = multistream(make_dump(make_pages(30)), 2000)
    path.write_bytes(stored + b"trailing zeros " + bytes(100))
    assert len([t for part in titles(cut(path, stream_bytes=300)) for t in part]) == 30


def test_damage_inside_a_later_stream_is_found(tmp_path: Path) -> None:
    path = tmp_path / "dump.bz2"
    stored = bytearray(multistream(make_dump(make_pages(300)), 4000))
    stored[len(stored) // 2] ^= 0xFF
    path.write_bytes(stored)
    with pytest.raises(InputError, match="dump.bz2: the compressed data is damaged"):
        for segment in cut(path, stream_bytes=1000):
            list(read_chunks(segment, lambda done: None))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"<html><body>404</body></html>", "no MediaWiki XML export"),
        (b"\x00\x01\x02binary", "no MediaWiki XML export"),
        (b"\xff\xfe<\x00m\x00", "no MediaWiki XML export"),
        (b"\xff\xfe<\x00m", "no MediaWiki XML export"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "dump.xml"
    path.write_bytes(content)
    with pytest.raises(FormatError) as error:
        read(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_a_file_cut_inside_a_page(tmp_path: Path, toy_dump: Path) -> None:
    path = tmp_path / "cut.xml"
    path.write_bytes(toy_dump.read_bytes().partition(b"iPhone</text>")[0][:-700])
    with pytest.raises(InputError, match="ends inside page 'Cupertino, California'"):
        read(path)


def test_a_file_cut_between_pages(tmp_path: Path, toy_dump: Path) -> None:
    path = tmp_path / "cut.xml"
    path.write_bytes(toy_dump.read_bytes().removesuffix(b"</mediawiki>\n"))
    with pytest.raises(InputError, match="ends after page 'Cupertino', without </mediawiki>"):
        read(path)


def test_a_page_without_an_id(tmp_path: Path, toy_dump: Path) -> None:
    path = tmp_path / "bad.xml"
    path.write_bytes(
        toy_dump.read_bytes().replace(b"<id>3</id>", b"").replace(b"<id>1003</id>", b"")
    )
    with pytest.raises(InputError, match="a page after 'Apple Inc.' has no title or no id"):
        read(path)


def test_bytes_that_are_not_utf8_name_the_page(tmp_path: Path, toy_dump: Path) -> None:
    path = tmp_path / "bad.xml"
    path.write_bytes(toy_dump.read_bytes().replace(b"fruit", b"fr\xffit"))
    with pytest.raises(InputError, match="page 'Apple' is not valid UTF-8"):
        read(path)


def test_utf16_cut_inside_a_character(tmp_path: Path, toy_dump: Path) -> None:
    path = tmp_path / "bad.xml"
    path.write_bytes(toy_dump.read_text().encode("utf-16")[:-1])
    with pytest.raises(InputError, match="begins as UTF-16 but is none"):
        read(path)


def test_the_block_size_does_not_matter(sample_dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read(sample_dump)
    monkeypatch.setattr(dump_module, "BLOCK_BYTES", 10_000)
    assert read(sample_dump) == expected
