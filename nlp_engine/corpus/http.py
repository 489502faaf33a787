"""HTTP requests that name the program, time out, and are tried again when a server is busy.

The standard library does all that is needed here, so that downloads cost no dependency.
"""

from __future__ import annotations

import http.client
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Any, TypeVar

from nlp_engine.errors import InputError
from nlp_engine.manifest import engine_version

T = TypeVar("T")

TIMEOUT_SECONDS = 60
ATTEMPTS = 5
"""How often in a row a request may fail without getting further."""

_LONGEST_PAUSE_SECONDS = 60
_LONGEST_TEXT_BYTES = 64 << 20
_BUSY = frozenset((408, 425, 429, 500, 502, 503, 504))


class BrokenOff(Exception):
    """A transfer that did not come to its end; another attempt may.

    Attributes:
        pause: Seconds that the server asks to wait, if it does.
    """

    def __init__(self, reason: str, pause: int | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


def open_url(url: str, headers: Mapping[str, str] | None = None) -> Any:
    """Send a GET request; the response is a context manager with `status`, `headers`, `read1`.

    Answers 200, 206 and 416 are given back; redirects are followed.

    Raises:
        BrokenOff: No connection, a time-out, or a busy server.
        InputError: The server refuses, e.g. with 404.
    """
    request = urllib.request.Request(url, headers={"User-Agent": _user_agent(), **(headers or {})})
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return error
        with error:
            answer = f"the server answers {error.code} {error.reason}"
            if error.code in _BUSY:
                raise BrokenOff(answer, _retry_after(error.headers)) from error
        raise InputError(f"{url}: {answer}; check the address") from error
    except urllib.error.URLError as error:
        raise BrokenOff(f"no connection ({error.reason})") from error
    except (http.client.HTTPException, OSError) as error:
        raise BrokenOff(f"no answer ({error or type(error).__name__})") from error


def read_some(response: Any) -> bytes:
    """The next bytes of a response, at most 1 MiB; none at its end.

    Raises:
        BrokenOff: The connection broke or timed out.
    """
    try:
        return bytes(response.read1(1 << 20))
    except (http.client.HTTPException, OSError) as error:
        raise BrokenOff(f"the connection broke ({error or type(error).__name__})") from error


def try_again(
    url: str,
    attempt: Callable[[], T],
    *,
    bytes_done: Callable[[], int] = lambda: 0,
    pausing: Callable[[str], None] = lambda _: None,
) -> T:
    """Call `attempt` until it does not break off.

    Args:
        url: Named in the error.
        attempt: One attempt; raises `BrokenOff` where another may get further.
        bytes_done: How far the attempts have got; failures count only while this stands still.
        pausing: Told, before each pause, why and for how long.

    Raises:
        InputError: `ATTEMPTS` in a row got no further.
    """
    furthest, failures = bytes_done(), 0
    while True:
        try:
            return attempt()
        except BrokenOff as error:
            done = bytes_done()
            failures = 1 if done > furthest else failures + 1
            furthest = max(furthest, done)
            if failures == ATTEMPTS:
                kept = f" ({done:,} bytes are kept for the next run)" if done else ""
                raise InputError(
                    f"{url}: {error}, {ATTEMPTS} times in a row{kept}; try again later"
                ) from error
            pause = min(error.pause or 2 ** (failures - 1), _LONGEST_PAUSE_SECONDS)
            pausing(f"{error}; trying again in {pause} s")
            time.sleep(pause)


def fetch_text(url: str) -> str:
    """The content of a small text file.

    Raises:
        InputError: It cannot be had, or is too large to be a list of files.
    """

    def attempt() -> bytes:
        with open_url(url) as response:
            content = b""
            while chunk := read_some(response):
                content += chunk
                if len(content) > _LONGEST_TEXT_BYTES:
                    raise InputError(f"{url} is too large for a list of files; check the address")
            announced = content_length(response)
            if announced is not None and len(content) < announced:
                raise BrokenOff(f"only {len(content):,} of {announced:,} bytes came")
            return content

    return try_again(url, attempt).decode("utf-8", "replace")


def content_length(response: Any) -> int | None:
    """The length in bytes that a response announces, if it does."""
    value = response.headers.get("Content-Length", "")
    return int(value) if value.isdigit() else None


def _user_agent() -> str:
    # https://meta.wikimedia.org/wiki/User-Agent_policy asks programs to name themselves.
    python = f"Python-urllib/{sys.version_info.major}.{sys.version_info.minor}"
    return f"nlp_engine/{engine_version()} (corpus download) {python}"


def _retry_after(headers: Message) -> int | None:
    value = headers.get("Retry-After", "")
    return int(value) if value.isdigit() and int(value) > 0 else None
