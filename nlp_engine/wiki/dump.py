"""Pages of a MediaWiki XML export, read by scanning bytes.

Every page stands between `<page>` and `</page>`, and inside text only `&lt; &gt; &amp; &quot;`
occur as XML escapes, so no XML parser is needed; decompression dominates the time.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nlp_engine.errors import FormatError, InputError
from nlp_engine.files import open_input
from nlp_engine.languages import language
from nlp_engine.progress import Report, silent
from nlp_engine.wiki.titles import Site, make_site

_HEAD_BYTES = 1 << 18
_CHUNK = 1 << 20

_TITLE = re.compile(rb"<title>(.*?)</title>", re.S)
_NAMESPACE = re.compile(rb"<ns>\s*(-?\d+)\s*</ns>")
_ID = re.compile(rb"<id>\s*(\d+)\s*</id>")
_REDIRECT = re.compile(rb'<redirect\s+title="(.*?)"')
_TEXT = re.compile(rb"<text\b[^>]*?(/?)>")
_SITE_LANGUAGE = re.compile(rb"<mediawiki[^>]*\bxml:lang=[\"']([^\"']+)[\"']")
_SITE_CASE = re.compile(rb"<case>([a-z-]+)</case>")
_SITE_NAMESPACE = re.compile(rb'<namespace key="(-?\d+)"[^>/]*>([^<]*)</namespace>')


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a dump, with its newest revision's wikitext."""

    id: int
    namespace: int
    title: str
    redirect: str | None
    wikitext: str


@dataclass(frozen=True, slots=True)
class Dump:
    """An open dump: what its head says, and its pages (an iterator to be used once)."""

    site: Site
    pages: Iterator[Page]


@contextlib.contextmanager
def open_dump(
    path: Path, *, language_code: str | None = None, report: Report = silent
) -> Iterator[Dump]:
    """Open a MediaWiki XML export, plain or compressed.

    Args:
        path: The dump file.
        language_code: Replaces the language that the dump itself names.
        report: Told of the compressed bytes read.

    Raises:
        InputError: The file is missing, damaged or cut short.
        FormatError: The file is no MediaWiki export.
    """
    with open_input(path, report=report, stage=f"reading {path.name}") as file:
        head = _read_head(file, path)
        yield Dump(_read_site(head, language_code), _read_pages(file, head, path))


def is_dump(path: Path) -> bool:
    """Whether the file looks like a MediaWiki XML export, whatever its name."""
    with open_input(path) as file:
        return b"<mediawiki" in file.read(1 << 12)


def _read_head(file: BinaryIO, path: Path) -> bytes:
    head = file.read(_CHUNK)
    if not head:
        raise FormatError(f"{path} is empty; expected a MediaWiki XML export")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(
            f"{path} is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8 {path.name}"
        )
    if b"<mediawiki" not in head[:_HEAD_BYTES]:
        start = ascii(head[:40].decode("utf-8", "replace").strip())
        raise FormatError(
            f"{path} is no MediaWiki XML export: it has no <mediawiki> element and begins with "
            f"{start}; expected a file such as enwiki-latest-pages-articles.xml.bz2"
        )
    return head


def _read_site(head: bytes, language_code: str | None) -> Site:
    match = _SITE_LANGUAGE.search(head)
    code = language_code or (match[1].decode().lower() if match else "en")
    language(code)  # an impossible code fails here, before any work
    case = _SITE_CASE.search(head)
    names = [
        (html.unescape(name.decode("utf-8", "replace")), int(key))
        for key, name in _SITE_NAMESPACE.findall(head[:_HEAD_BYTES])
    ]
    return make_site(code, names, first_letter=case is None or case[1] == b"first-letter")


def _read_pages(file: BinaryIO, head: bytes, path: Path) -> Iterator[Page]:
    buffer, count, closed = head, 0, False
    while True:
        start = 0
        while (begin := buffer.find(b"<page>", start)) >= 0:
            end = buffer.find(b"</page>", begin)
            if end < 0:
                break
            count += 1
            yield _parse_page(buffer[begin:end], path, count)
            start = end + len(b"</page>")
        rest = buffer[start:]
        closed = closed or (begin < 0 and b"</mediawiki>" in rest)
        # A page longer than the buffer makes it grow geometrically, so the time stays linear.
        chunk = file.read(max(_CHUNK, len(rest)))
        if not chunk:
            break
        buffer = rest + chunk
    if not closed:
        where = f"inside page {count + 1}" if begin >= 0 else f"after page {count}"
        raise InputError(
            f"{path}: the file ends {where}, without </mediawiki>; copy or download it again"
        )


def _parse_page(page: bytes, path: Path, count: int) -> Page:
    title = _TITLE.search(page)
    page_id = _ID.search(page)
    namespace = _NAMESPACE.search(page)
    if title is None or page_id is None:
        raise InputError(f"{path}: page {count} has no title or no id; is it a MediaWiki export?")
    redirect = _REDIRECT.search(page)
    return Page(
        id=int(page_id[1]),
        namespace=int(namespace[1]) if namespace else 0,
        title=_decode(title[1], path, count),
        redirect=_decode(redirect[1], path, count) if redirect else None,
        wikitext=_decode(_wikitext(page), path, count),
    )


def _wikitext(page: bytes) -> bytes:
    """The last revision's `<text>`, still with XML escapes."""
    openings = list(_TEXT.finditer(page))
    if not openings or openings[-1][1]:
        return b""
    opening = openings[-1]
    end = page.find(b"</text>", opening.end())
    return page[opening.end() : end if end >= 0 else len(page)]


def _decode(raw: bytes, path: Path, count: int) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: page {count} is not valid UTF-8 ({error.reason})") from error
    if "&" not in text:
        return text
    # &amp; last: `&amp;lt;` is the wikitext `&lt;`.
    return (
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    )
