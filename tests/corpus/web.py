"""A web server on this machine that misbehaves as it is told."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Web:
    """What the server has and how it behaves; `answers` and `cuts` are used up one per request.

    Attributes:
        files: Content by path.
        ranges: Whether it knows Range.
        if_range: Whether it knows If-Range; else it gives the range of whatever file it has.
        validator: What names a version: ETag, a weak ETag, Last-Modified, or nothing.
        length: Whether it announces lengths.
        answers: Status codes of the next requests; 0 for an ordinary answer.
        cuts: How many bytes the next answers send before the connection breaks; None for all.
        hang: Whether it leaves requests unanswered.
        on_request: Called at each request, before it is answered.
        requests: The path and headers of every request so far.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    if_range: bool = True
    validator: str = "ETag"
    length: bool = True
    answers: list[int] = field(default_factory=list)
    retry_after: str | None = None
    cuts: list[int | None] = field(default_factory=list)
    hang: bool = False
    on_request: Callable[[], None] = lambda: None
    requests: list[tuple[str, Message]] = field(default_factory=list)
    address: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)

    def version(self, content: bytes) -> str | None:
        digest = hashlib.md5(content).hexdigest()
        second = int(digest[:4], 16) % 60
        return {
            "ETag": f'"{digest}"',
            "weak": f'W/"{digest}"',
            "Last-Modified": f"Sun, 01 Nov 2026 10:00:{second:02} GMT",
        }.get(self.validator)

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def ranges_asked(self) -> list[str | None]:
        return [headers.get("Range") for _, headers in self.requests]


class _Handler(BaseHTTPRequestHandler):
    web: Web

    def do_GET(self) -> None:
        web = self.web
        web.requests.append((self.path, self.headers))
        web.on_request()
        if web.hang:
            web.stopped.wait(10)
            return
        status = web.answers.pop(0) if web.answers else 0
        cut = web.cuts.pop(0) if web.cuts else None
        content = web.files.get(self.path)
        if status or content is None:
            self.send_response(status or 404)
            if web.retry_after:
                self.send_header("Retry-After", web.retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send(content, cut)

    def _send(self, content: bytes, cut: int | None) -> None:
        web = self.web
        version = web.version(content)
        start = 0
        asked = self.headers.get("Range")
        same = self.headers.get("If-Range") in (None, version)
        if asked and web.ranges and (same or not web.if_range):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            last = len(content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        else:
            self.send_response(200)
        if version:
            name = "Last-Modified" if web.validator == "Last-Modified" else "ETag"
            self.send_header(name, version)
        if web.length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None and cut < len(body):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        pass


def serve() -> tuple[Web, ThreadingHTTPServer]:
    """Start a server; close it with `stop`."""
    web = Web()
    handler = type("Handler", (_Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    web.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return web, server


def stop(web: Web, server: ThreadingHTTPServer) -> None:
    web.stopped.set()
    server.shutdown()
    server.server_close()
