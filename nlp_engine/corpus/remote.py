"""Which files on a server a pattern means, by the server's own list of checksums or its index.

Wikimedia splits large dumps into part files whose names hold page ranges that change, and lists
them in `…/latest/XXwiki-latest-sha1sums.txt` under the date of the dump run, as in
`enwiki-20261101-pages-articles-multistream1.xml-p1p41242.bz2`. Such a name is looked up in the
folder of that date, so that a run keeps to one dump even while the next one is being published.
"""

from __future__ import annotations

import fnmatch
import re
import urllib.parse

from nlp_engine.corpus.download import RemoteFile
from nlp_engine.corpus.http import fetch_text
from nlp_engine.errors import InputError

_CHECKSUM_LINE = re.compile(r"([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}) [ *](\S.*)")
_LINK = re.compile(r"""\bhref\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_LATEST = "latest"
_DATE = "[0-9]" * 8


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
        digests = _read_checksums(fetch_text(checksums))
        patterns = {pattern, pattern.replace(f"-{_LATEST}-", f"-{_DATE}-")}
        names = [name for name in digests if any(fnmatch.fnmatchcase(name, p) for p in patterns)]
        found = [
            RemoteFile(url=_url(folder, pattern, name), checksum=digests[name]) for name in names
        ]
        return _in_order(found, pattern, checksums)
    if not re.search(r"[*?[]", pattern):
        return [RemoteFile(url=address)]
    names = [name for name in _read_index(fetch_text(folder + "/")) if "/" not in name]
    found = [RemoteFile(url=_url(folder, pattern, name)) for name in fnmatch.filter(names, pattern)]
    return _in_order(found, pattern, folder + "/")


def _in_order(found: list[RemoteFile], pattern: str, place: str) -> list[RemoteFile]:
    if not found:
        raise InputError(
            f"{place} names no file like {pattern}; a dump run that is still going on may not "
            "have come to it: try again later, or name the folder of an earlier date"
        )
    return sorted(found, key=lambda file: _natural(file.name))


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


def _read_index(text: str) -> list[str]:
    return list(dict.fromkeys(urllib.parse.unquote(link) for link in _LINK.findall(text)))


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(digits or 0), other) for digits, other in re.findall(r"(\d+)|(\D+)", name)]
