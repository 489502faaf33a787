"""Which files on a server a pattern means, by the server's own list of checksums or its index.

Wikimedia splits large dumps into part files whose names hold page ranges that change, and lists
them in `…/latest/XXwiki-latest-sha1sums.txt` under the date of the dump run, as in
`enwiki-20261101-pages-articles-multistream1.xml-p1p41242.bz2`. Such a name is looked up in the
folder of that date, so that a run keeps to one dump even while the next one is being published;
and while the newest dump has not come to it, in the lists of the dates before.
"""

from __future__ import annotations

import fnmatch
import itertools
import re
import urllib.parse
from collections.abc import Iterator

from nlp_engine.corpus.download import RemoteFile
from nlp_engine.corpus.http import fetch_text
from nlp_engine.errors import InputError

_CHECKSUM_LINE = re.compile(r"([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}) [ *](\S.*)")
_LINK = re.compile(r"""\bhref\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_LATEST = "latest"
_DATE = "[0-9]" * 8
_EARLIER_DATES = 3


def list_files(address: str, checksums: str | None = None) -> list[RemoteFile]:
    """The files that an address means.

    Args:
        address: Of one file; or of several, with `*`, `?` or `[…]` in the last part.
        checksums: Address of a text file of `md5sum`'s, `sha1sum`'s or `sha256sum`'s form that
            lists them. Without it, a pattern is looked up in the index page of its folder.

    Returns:
        The files, in natural order: part 2 before part 10.

    Raises:
        InputError: The list cannot be had, or names no such file.
    """
    folder, _, pattern = address.rpartition("/")
    if checksums is not None:
        for place in itertools.chain([checksums], _earlier_lists(checksums)):
            found = _listed(fetch_text(place), folder, pattern)
            if found:
                return _in_order(found)
        raise _nothing_found(checksums, pattern)
    if not re.search(r"[*?[]", pattern):
        return [RemoteFile(url=address)]
    names = fnmatch.filter(_read_index(folder), pattern)
    if not names:
        raise _nothing_found(folder + "/", pattern)
    return _in_order([RemoteFile(url=_url(folder, pattern, name)) for name in names])


def _listed(text: str, folder: str, pattern: str) -> list[RemoteFile]:
    """The files of a list of checksums that a pattern means."""
    dated = pattern.replace(f"-{_LATEST}-", f"-{_DATE}-")
    return [
        RemoteFile(url=_url(folder, pattern, name), checksum=digest)
        for name, digest in _read_checksums(text).items()
        if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name, dated)
    ]


def _earlier_lists(checksums: str) -> Iterator[str]:
    """The lists of the dumps of earlier dates, for when the newest is not yet complete."""
    parent, slash, name = checksums.partition(f"/{_LATEST}/")
    if slash:
        dates = fnmatch.filter(_read_index(parent, folders=True), _DATE)
        for date in sorted(dates, reverse=True)[:_EARLIER_DATES]:
            yield f"{parent}/{date}/{name.replace(f'-{_LATEST}-', f'-{date}-')}"


def _in_order(found: list[RemoteFile]) -> list[RemoteFile]:
    return sorted(found, key=lambda file: _natural(file.name))


def _nothing_found(place: str, pattern: str) -> InputError:
    return InputError(
        f"{place} names no file like {pattern}; a dump that is being made may not have come to "
        "it: try again later, or name the folder of an earlier date"
    )


def _url(folder: str, pattern: str, name: str) -> str:
    """The address of a file of a list; the folder `latest` gives way to the name's date."""
    date = re.search(rf"-({_DATE})-", name)
    if date and f"-{_LATEST}-" in pattern and folder.endswith(f"/{_LATEST}"):
        folder = folder.removesuffix(_LATEST) + date[1]
    return f"{folder}/{urllib.parse.quote(name)}"


def _read_checksums(text: str) -> dict[str, str]:
    """Digests by file name; names with folders are no files of the same folder."""
    matches = (_CHECKSUM_LINE.fullmatch(line.strip()) for line in text.splitlines())
    return {match[2]: match[1].lower() for match in matches if match and "/" not in match[2]}


def _read_index(folder: str, *, folders: bool = False) -> list[str]:
    """The files, or folders, that the index page of a folder links to."""
    links = [urllib.parse.unquote(link) for link in _LINK.findall(fetch_text(folder + "/"))]
    if folders:
        links = [link.removesuffix("/") for link in links if link.endswith("/")]
    return [link for link in dict.fromkeys(links) if "/" not in link]


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(digits or 0), other) for digits, other in re.findall(r"(\d+)|(\D+)", name)]
