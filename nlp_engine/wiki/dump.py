"""MediaWiki XML exports as blocks of whole pages.

Every page stands between `<page>` and `</page>`, and text holds no `<` of its own, so no XML
parser is needed to cut a dump; decompression dominates the time.
"""

from __future__ import annotations

import codecs
import html
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from nlp_engine.errors import FormatError, InputError
from nlp_engine.files import open_input
from nlp_engine.languages import language
from nlp_engine.wiki.segments import UTF16_MARKS, OnRead, Segment, read_chunks
from nlp_engine.wiki.titles import Site, make_site

BLOCK_BYTES = 4 << 20
_HEAD_BYTES = 1 << 18
_PAGE, _PAGE_END, _DUMP_END = b"<page>", b"</page>", b"</mediawiki>"

_TITLE = re.compile(rb"<title>(.*?)</title>", re.S)
_SITE_LANGUAGE = re.compile(rb"<mediawiki[^>]*\bxml:lang=[\"']([^\"']+)[\"']")
_SITE_CASE = re.compile(rb"<case>([a-z-]+)</case>")
_SITE_NAMESPACE = re.compile(rb'<namespace key="(-?\d+)"[^>/]*>([^<]*)</namespace>')


def read_site(path: Path, language_code: str | None = None) -> Site:
    """What the head of a dump says about its wiki.

    Args:
        path: The dump file, plain or compressed.
        language_code: Replaces the language that the dump itself names.

    Raises:
        InputError: The file is missing, damaged or cut short.
        FormatError: The file is no MediaWiki export.
    """
    with open_input(path) as file:
        return parse_site(_utf8(file.read(_HEAD_BYTES)), path, language_code)


def parse_site(head: bytes, path: Path, language_code: str | None = None) -> Site:
    """The wiki that the first bytes of a dump describe.

    Args:
        head: At least the `<siteinfo>` element.
        path: Where they come from, for messages.
        language_code: Replaces the language that the dump itself names.

    Raises:
        FormatError: They are no MediaWiki export.
    """
    head = head[:_HEAD_BYTES]
    _check_head(head, path)
    match = _SITE_LANGUAGE.search(head)
    code = language_code or (match[1].decode().lower() if match else "en")
    language(code)  # an impossible code fails here, before any work
    case = _SITE_CASE.search(head)
    names = [
        (html.unescape(name.decode("utf-8", "replace")), int(key))
        for key, name in _SITE_NAMESPACE.findall(head)
    ]
    return make_site(code, names, first_letter=case is None or case[1] == b"first-letter")


def _check_head(head: bytes, path: Path) -> None:
    if not head:
        raise FormatError(f"{path} is empty; expected a MediaWiki XML export")
    if b"<mediawiki" not in head:
        start = ascii(head[:40].decode("utf-8", "replace").strip())
        raise FormatError(
            f"{path} is no MediaWiki XML export: it has no <mediawiki> element and begins with "
            f"{start}; expected a file such as enwiki-latest-pages-articles.xml.bz2"
        )


def page_blocks(segment: Segment, on_read: OnRead) -> Iterator[bytes]:
    """The pages of a segment as blocks of UTF-8 XML that end with a page.

    A page that begins in the segment is whole even if it ends beyond. The first block of a file
    begins with its head. Memory holds one block, or one page if that is longer.

    Raises:
        InputError: The file is damaged, cut short, or no UTF-8 or UTF-16.
    """
    buffer, cut_at, last_title = bytearray(), BLOCK_BYTES, ""
    empty = segment.begin > 0  # a range in which no stream begins
    chunks = _utf8_chunks(segment, on_read)
    for chunk, own in chunks:
        if not own:
            yield _with_last_page(buffer, itertools.chain([chunk], (c for c, _ in chunks)), segment)
            return
        if segment.begin == 0 and not buffer and not last_title:
            _check_head(chunk[:_HEAD_BYTES], segment.path)
        empty = False
        buffer += chunk
        if len(buffer) < cut_at:
            continue
        end = buffer.rfind(_PAGE_END) + len(_PAGE_END)
        if end < len(_PAGE_END):
            cut_at = 2 * len(buffer)  # a page longer than a block; this keeps the time linear
            continue
        block, cut_at = bytes(memoryview(buffer)[:end]), BLOCK_BYTES
        del buffer[:end]
        last_title = _last_title(block)
        yield block
    rest = bytes(buffer)
    if segment.begin == 0 and not rest and not last_title:
        _check_head(rest, segment.path)
    if not empty and not _ends_dump(rest):
        raise _cut_short(rest, last_title, segment.path)
    yield rest


def _ends_dump(rest: bytes) -> bool:
    after = rest[rest.rfind(_PAGE_END) + 1 :].strip()
    return _DUMP_END in after or (after != b"" and _DUMP_END.endswith(after))


def page_titles(xml: bytes) -> list[str]:
    """The titles of the pages in a piece of XML, for messages; "" where one is missing."""
    return [_title(page) for page in xml.split(_PAGE)[1:]]


def _last_title(xml: bytes) -> str:
    begin = xml.rfind(_PAGE)
    return _title(xml[begin : begin + _HEAD_BYTES]) if begin >= 0 else ""


def _title(page: bytes) -> str:
    match = _TITLE.search(page)
    return html.unescape(match[1].decode("utf-8", "replace")) if match else ""


def _with_last_page(buffer: bytearray, beyond: Iterator[bytes], segment: Segment) -> bytes:
    """What is left of a segment, and the rest of the page that begins at its end."""
    begin = buffer.rfind(_PAGE)
    if begin < buffer.rfind(_PAGE_END) or begin < 0:  # none, or only a part of its tag
        tag = next((k for k in range(len(_PAGE) - 1, 0, -1) if buffer.endswith(_PAGE[:k])), 0)
        if tag == 0:
            return bytes(buffer)
        begin = len(buffer) - tag
    for chunk in beyond:
        searched = max(begin, len(buffer) - len(_PAGE_END))
        buffer += chunk
        if len(buffer) >= begin + len(_PAGE) and not buffer.startswith(_PAGE, begin):
            return bytes(buffer[:begin])
        if (end := buffer.find(_PAGE_END, searched)) >= 0:
            return bytes(buffer[: end + len(_PAGE_END)])
    raise _cut_short(bytes(buffer), "", segment.path)


def _cut_short(rest: bytes, last_title: str, path: Path) -> InputError:
    inside = rest.rfind(_PAGE) > rest.rfind(_PAGE_END)
    title = _last_title(rest) or last_title
    where = f"{'inside' if inside else 'after'} page {title!r}" if title else "before any page"
    return InputError(
        f"{path}: the file ends {where}, without </mediawiki>; copy or download it again"
    )


def _utf8_chunks(segment: Segment, on_read: OnRead) -> Iterator[tuple[bytes, bool]]:
    chunks = read_chunks(segment, on_read)
    first = next(chunks, None)
    if first is None:
        return
    chunks = itertools.chain([first], chunks)
    if not first[0].startswith(UTF16_MARKS):
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        for chunk, own in chunks:
            yield decoder.decode(chunk).encode(), own
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise InputError(f"{segment.path} begins as UTF-16 but is none ({error})") from error


def _utf8(head: bytes) -> bytes:
    if not head.startswith(UTF16_MARKS):
        return head
    return head.decode("utf-16", "ignore").encode("utf-8", "ignore")
