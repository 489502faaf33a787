"""Patterns find the files that a server lists; the lists have the shapes that servers give."""

from __future__ import annotations

import hashlib

import pytest

from nlp_engine.corpus.download import RemoteFile
from nlp_engine.corpus.remote import list_files
from nlp_engine.errors import InputError
from tests.corpus.web import Web

PARTS = [
    "enwiki-20261101-pages-articles-multistream1.xml-p1p41242.bz2",
    "enwiki-20261101-pages-articles-multistream2.xml-p41243p151573.bz2",
    "enwiki-20261101-pages-articles-multistream10.xml-p4045403p5399366.bz2",
]
OTHERS = [
    "enwiki-20261101-pages-articles-multistream-index1.txt-p1p41242.bz2",
    "enwiki-20261101-pages-articles1.xml-p1p41242.bz2",
    "enwiki-20261101-pages-articles-multistream.xml.bz2",
    "enwiki-20261101-abstract.xml.gz",
]
FIRST_PART = "enwiki-latest-pages-articles-multistream1.xml-p*.bz2"


def sha1(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()


@pytest.fixture
def wiki(web: Web) -> str:
    """A folder as Wikimedia's: links to the newest files, and checksums under dated names."""
    names = [PARTS[2], *OTHERS, PARTS[0], PARTS[1]]
    lines = [f"{sha1(name)}  {name}\n" for name in names]
    web.files["/enwiki/latest/enwiki-latest-sha1sums.txt"] = "".join(lines).encode()
    links = [name.replace("20261101", "latest") for name in names]
    links += [name + "-rss.xml" for name in links]
    rows = [f'<a href="{name}">{name}</a>   01-Nov-2026 12:00   123\n' for name in links]
    page = '<html><pre><a href="../">../</a>\n' + "".join(rows) + "</pre></html>"
    web.files["/enwiki/latest/"] = page.encode()
    return web.address + "/enwiki/latest"


def test_checksums_name_the_files_of_one_date(wiki: str) -> None:
    checksums = wiki + "/enwiki-latest-sha1sums.txt"
    dated = wiki.replace("latest", "20261101")
    assert list_files(f"{wiki}/{FIRST_PART}", checksums) == [
        RemoteFile(url=f"{dated}/{PARTS[0]}", checksum=sha1(PARTS[0]))
    ]
    every_part = f"{wiki}/enwiki-latest-pages-articles-multistream[0-9]*.xml-p*.bz2"
    assert [file.name for file in list_files(every_part, checksums)] == PARTS
    (whole,) = list_files(f"{wiki}/{OTHERS[2].replace('20261101', 'latest')}", checksums)
    assert whole == RemoteFile(url=f"{dated}/{OTHERS[2]}", checksum=sha1(OTHERS[2]))


def test_while_a_dump_is_being_made_the_one_before_is_taken(web: Web, wiki: str) -> None:
    latest = "/enwiki/latest/enwiki-latest-sha1sums.txt"
    web.files["/enwiki/20261001/enwiki-20261001-sha1sums.txt"] = web.files[latest].replace(
        b"20261101", b"20261001"
    )
    begun = f"{sha1('x')}  enwiki-20261101-abstract.xml.gz\n".encode()
    web.files[latest] = web.files["/enwiki/20261101/enwiki-20261101-sha1sums.txt"] = begun
    dates = ("20260901", "20261001", "20261101", "latest")
    rows = [f'<a href="{date}/">{date}/</a>\n' for date in dates]
    web.files["/enwiki/"] = ('<a href="../">../</a>\n' + "".join(rows)).encode()
    (found,) = list_files(f"{wiki}/{FIRST_PART}", f"{wiki}/enwiki-latest-sha1sums.txt")
    name = PARTS[0].replace("20261101", "20261001")
    assert found.url == f"{web.address}/enwiki/20261001/{name}"
    assert found.checksum == sha1(PARTS[0])


def test_the_index_page_names_the_files(wiki: str) -> None:
    assert list_files(f"{wiki}/{FIRST_PART}") == [
        RemoteFile(url=f"{wiki}/{PARTS[0].replace('20261101', 'latest')}")
    ]


def test_one_address_needs_no_list(web: Web) -> None:
    url = web.address + "/texts/novel.txt.gz"
    assert list_files(url) == [RemoteFile(url=url)]
    assert web.requests == []


@pytest.mark.parametrize("digits", [32, 40, 64])
def test_lists_of_the_checksum_programs(web: Web, digits: int) -> None:
    web.files["/sums"] = f"{'a' * digits} *a b.txt\nnot a line\n\n{'B' * digits}  c.txt\n".encode()
    found = list_files(web.address + "/*.txt", web.address + "/sums")
    assert found == [
        RemoteFile(url=web.address + "/a%20b.txt", checksum="a" * digits),
        RemoteFile(url=web.address + "/c.txt", checksum="b" * digits),
    ]


def test_names_in_a_list_do_not_lead_elsewhere(web: Web) -> None:
    web.files["/sums"] = f"{'a' * 40}  ../../evil.txt\n{'b' * 40}  good.txt\n".encode()
    (found,) = list_files(web.address + "/*.txt", web.address + "/sums")
    assert found.name == "good.txt"


def test_a_list_without_such_a_file(web: Web, wiki: str) -> None:
    web.files["/enwiki/"] = b"<html>no dates</html>"
    with pytest.raises(InputError, match=r"sha1sums.txt names no file like enwiki-latest-stub\*"):
        list_files(f"{wiki}/enwiki-latest-stub*", f"{wiki}/enwiki-latest-sha1sums.txt")
    with pytest.raises(InputError, match=r"latest/ names no file like enwiki-latest-stub\*"):
        list_files(f"{wiki}/enwiki-latest-stub*")


def test_a_list_that_does_not_come(web: Web, wiki: str, pauses: list[float]) -> None:
    with pytest.raises(InputError, match="md5sums.txt: the server answers 404"):
        list_files(f"{wiki}/{FIRST_PART}", f"{wiki}/md5sums.txt")
    web.cuts = [10] * 20
    with pytest.raises(InputError, match="only 10 of .* bytes came, 5 times in a row"):
        list_files(f"{wiki}/{FIRST_PART}")
