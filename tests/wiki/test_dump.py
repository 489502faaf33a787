from __future__ import annotations

import bz2
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from nlp_engine.errors import FormatError, InputError
from nlp_engine.wiki.dump import Page, is_dump, open_dump
from tests.conftest import TOY_PAGES, make_dump


def read(path: Path) -> list[Page]:
    with open_dump(path) as dump:
        return list(dump.pages)


def test_pages_of_the_toy_dump(toy_dump: Path) -> None:
    pages = read(toy_dump)
    assert [page.title for page in pages] == list(TOY_PAGES)
    assert [page.wikitext for page in pages] == list(TOY_PAGES.values())
    assert [page.id for page in pages] == list(range(1, 9))
    assert [page.redirect for page in pages] == [None] * 7 + ["Cupertino, California"]


def test_xml_escapes_are_undone_once(tmp_path: Path) -> None:
    wikitext = 'a &amp;lt; b <ref>"x"</ref> & &nbsp; &amp;amp;'
    path = tmp_path / "dump.xml"
    path.write_bytes(make_dump({'AT&T <"x">': wikitext}))
    assert [(page.title, page.wikitext) for page in read(path)] == [('AT&T <"x">', wikitext)]


def test_the_real_sample_agrees_with_an_xml_parser(sample_dump: Path) -> None:
    with bz2.open(sample_dump) as file:
        root = ElementTree.parse(file).getroot()
    space = root.tag.removesuffix("mediawiki")
    expected = []
    for page in root.iter(f"{space}page"):
        redirect = page.find(f"{space}redirect")
        expected.append(
            Page(
                id=int(page.findtext(f"{space}id", "")),
                namespace=int(page.findtext(f"{space}ns", "")),
                title=page.findtext(f"{space}title", ""),
                redirect=None if redirect is None else redirect.attrib["title"],
                wikitext=page.findtext(f"{space}revision/{space}text", ""),
            )
        )
    assert len(expected) == 206
    assert read(sample_dump) == expected


def test_what_siteinfo_says(sample_dump: Path, toy_dump: Path) -> None:
    with open_dump(sample_dump) as dump:
        assert dump.site.language.code == "en"
        assert dump.site.namespaces["education program"] == 446
        assert dump.site.first_letter
    with open_dump(toy_dump, language_code="gd") as dump:
        assert dump.site.language.code == "gd"


def test_pages_larger_than_the_reading_buffer(tmp_path: Path) -> None:
    pages = {"Large": "x" * 3_500_000, "Small": "y", "Larger": "z" * 5_000_000}
    path = tmp_path / "dump.xml"
    path.write_bytes(make_dump(pages))
    assert {page.title: page.wikitext for page in read(path)} == pages


def test_the_newest_revision_counts(tmp_path: Path) -> None:
    history = b"<revision><text>old</text></revision><revision><text>new</text></revision>"
    path = tmp_path / "dump.xml"
    path.write_bytes(
        b"<mediawiki><page><title>A</title><id>1</id>" + history + b"</page></mediawiki>"
    )
    assert [page.wikitext for page in read(path)] == ["new"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"<html><body>404</body></html>", "no MediaWiki XML export"),
        (b"\x00\x01\x02binary", "no MediaWiki XML export"),
        (b"\xff\xfe<\x00m\x00", "iconv -f UTF-16"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "dump.xml"
    path.write_bytes(content)
    with pytest.raises(FormatError) as error:
        read(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert not is_dump(path)


def test_a_file_cut_inside_a_page(tmp_path: Path, toy_dump: Path) -> None:
    path = tmp_path / "cut.xml"
    path.write_bytes(toy_dump.read_bytes().partition(b"iPhone</text>")[0][:-700])
    with pytest.raises(InputError, match="ends inside page"):
        read(path)


def test_a_file_cut_between_pages(tmp_path: Path, toy_dump: Path) -> None:
    path = tmp_path / "cut.xml"
    path.write_bytes(toy_dump.read_bytes().removesuffix(b"</mediawiki>\n"))
    with pytest.raises(InputError, match="ends after page 8, without </mediawiki>"):
        read(path)


def test_bytes_that_are_not_utf8_name_the_page(tmp_path: Path, toy_dump: Path) -> None:
    path = tmp_path / "bad.xml"
    path.write_bytes(toy_dump.read_bytes().replace(b"fruit", b"fr\xffit"))
    with pytest.raises(InputError, match="page 7 is not valid UTF-8"):
        read(path)
