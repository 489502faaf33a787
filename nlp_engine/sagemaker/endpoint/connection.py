"""One client's HTTP/1.1 connection, parsed by httptools.

Each stage has a deadline of its own, so that no client keeps a connection for ever: its head, its
body, taking the answer, and being idle. Bodies are counted as they arrive; and so is, over all
connections of a worker, what has to be kept: parts of requests, those that wait, and what a client
has not taken of its answer. Requests that come whole and are answered at once need no counting.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from concurrent.futures import Future
from http import HTTPStatus
from typing import Any

import httptools

from nlp_engine.sagemaker.endpoint import metrics as numbers
from nlp_engine.sagemaker.endpoint.invocations import TEXT, Response
from nlp_engine.sagemaker.endpoint.routes import Request, route_of
from nlp_engine.sagemaker.endpoint.worker import Worker

_HEAD_BYTES = 64 << 10
_HEAD_FIELDS = 200  # each takes far more memory than its bytes
_SMALL_BYTES = 64 << 10
_LEAST_REFUSED = 4 << 10  # bytes of a request in parts, when a worker holds too much
_WAITING_REQUESTS = 16  # that a client may send before it gets answers
_CHUNKING = 8  # bytes on the wire per byte of a body, at most
_FIRST_SECONDS = 1.0  # for a new connection's first bytes, when the worker ends
_FAREWELL_SECONDS = 2.0  # for a client that was refused to take that in
_TOO_LARGE_HEAD = Response(431, TEXT, b"the request's head has more than 64 KiB or 200 fields")
_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}


class Connection(asyncio.Protocol):
    """Reads requests, has them answered in order, and writes the responses.

    Args:
        worker: What it belongs to.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._waiting: deque[tuple[Request, Response | None, bool]] = deque()
        self._busy = self._receiving = self._head_done = self._refused = self._flushing = False
        self._keep_alive = True
        self._future: Future[Response] | None = None
        self._request = Request()
        self._body: bytes | bytearray = b""
        self._body_bytes = self._wire_bytes = self._unsent = 0
        self.deadline = math.inf

    # What the event loop calls.

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        self._transport = transport
        self._parser: Any = httptools.HttpRequestParser(self)
        self.deadline = self._worker.after(self._worker.settings.header_seconds)
        self._worker.opened(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        """It has gone."""
        self._refused = True
        self._drop_waiting()
        self._let_go(self._request)
        self._hold_unsent(0)
        if self._future is not None:
            self._future.cancel()
        # They hold each other: what came would stay until garbage is collected, which is rare.
        self._parser, self._request, self._body = None, Request(), b""
        self._worker.closed(self)

    def eof_received(self) -> bool:
        """It sends nothing more, but may still wait for an answer."""
        self._keep_alive = False
        return (self._busy or bool(self._waiting)) and not self._transport.is_closing()

    def pause_writing(self) -> None:
        """It takes answers more slowly than they are made."""
        self._flushing = True
        if self._worker.full:
            self._worker.metrics.add(numbers.REFUSED)
            self._transport.abort()
            return
        self._hold_unsent(self._transport.get_write_buffer_size())
        self._transport.pause_reading()
        self.deadline = self._worker.after(self._worker.settings.body_seconds)

    def resume_writing(self) -> None:
        """It has taken them."""
        self._flushing = False
        self._hold_unsent(0)
        self._rest()
        self._go_on()
        if not self._keep_alive:
            self.retire()

    def data_received(self, data: bytes) -> None:
        """Some bytes of requests."""
        if self._transport.is_closing():
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._pass_over_upgrades(memoryview(data)[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(Response(400, TEXT, f"no HTTP: {error}".encode()))
        if self._receiving:
            self._check_size(len(data))

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._request = Request()
        self._body = b""
        self._body_bytes = self._wire_bytes = 0
        self._receiving, self._head_done = True, False
        self.deadline = self._worker.after(self._worker.settings.header_seconds)

    def on_url(self, url: bytes) -> None:
        """Its target, or a part of it."""
        self._request.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its header fields; those behind the body do not count."""
        if not self._head_done:
            self._request.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._head_done = True
        self._request.method = self._parser.get_method()
        self._request.route = route_of(self._request.target)
        self.deadline = self._worker.after(self._worker.settings.body_seconds)
        headers = self._request.headers
        limit = self._worker.settings.max_body_bytes
        if len(headers) > _HEAD_FIELDS:
            self._refuse(_TOO_LARGE_HEAD)
        elif limit and int(headers.get(b"content-length", b"0")) > limit:
            self._refuse(self._worker.routes.too_large(self._request))
        elif headers.get(b"expect", b"").lower() == b"100-continue" and not self._busy:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        """Some bytes of its body."""
        if self._refused:
            return
        self._body_bytes += len(part)
        limit = self._worker.settings.max_body_bytes
        if limit and self._body_bytes > limit:
            self._refuse(self._worker.routes.too_large(self._request))
        elif not self._body:
            self._body = part
        else:
            # Parts may be of a byte each: as objects of their own they would take much memory.
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += part

    def on_message_complete(self) -> None:
        """It is whole."""
        if self._parser.should_upgrade():  # it is not: this is where its body begins
            return
        self._receiving = False
        if self._refused:
            if not (self._busy or self._waiting):
                self._transport.close()
            return
        self._request.body = bytes(self._body)  # itself, if it came in one part
        self._body = b""
        self._enqueue(self._request, None, self._parser.should_keep_alive())

    # What the worker calls.

    def expire(self) -> None:
        """Do what is due at the deadline."""
        if self._refused or not (self._flushing or self._receiving):
            self._transport.abort()
            return
        self._worker.metrics.add(numbers.SLOW)
        if self._flushing:
            self._transport.abort()
        else:
            self._refuse(Response(408, TEXT, b"the request took too long to arrive"))

    def retire(self) -> None:
        """Close after the requests under way; a new connection's first one is, in a moment."""
        self._keep_alive = False
        if self._busy or self._receiving or self._waiting or self._flushing:
            return
        if self._request.method:
            self._transport.close()
        else:
            self.deadline = self._worker.after(_FIRST_SECONDS)

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    # Answering.

    def _check_size(self, more: int) -> None:
        self._wire_bytes += more
        limit = self._worker.settings.max_body_bytes
        if self._refused:
            return
        large = self._wire_bytes > _HEAD_BYTES or len(self._request.headers) > _HEAD_FIELDS
        if large and not self._head_done:
            self._refuse(_TOO_LARGE_HEAD)
        elif limit and self._wire_bytes > _CHUNKING * limit + _HEAD_BYTES:
            self._refuse(self._worker.routes.too_large(self._request))
        else:
            self._hold(self._request, self._wire_bytes)
            if self._worker.full and self._wire_bytes > _LEAST_REFUSED:
                self._refuse(self._worker.routes.full(self._request))

    def _pass_over_upgrades(self, data: memoryview) -> None:
        """Read on after a head that offers another protocol, as Java's do, as if it did not."""
        while not self._refused:
            request = self._request
            if request.method == b"CONNECT":
                self._refuse(Response(400, TEXT, b"this is no proxy"))
                return
            version = self._parser.get_http_version().encode()
            lines = [b"%b %b HTTP/%b" % (request.method, request.target, version)]
            lines += [b"%b: %b" % pair for pair in request.headers.items() if pair[0] != b"upgrade"]
            self._parser = httptools.HttpRequestParser(self)
            try:
                self._parser.feed_data(b"\r\n".join([*lines, b"", b""]))
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
            except httptools.HttpParserError as error:
                self._refuse(Response(400, TEXT, f"no HTTP: {error}".encode()))

    def _refuse(self, response: Response) -> None:
        """Answer before the request is whole, and take no other."""
        if self._refused:
            return
        self._refused = True
        self._body = b""
        self._let_go(self._request)
        self._enqueue(self._request, response, False)

    def _enqueue(self, request: Request, response: Response | None, keep_alive: bool) -> None:
        if self._transport.is_closing():
            self._let_go(request)
            return
        if self._busy or self._flushing:
            self._hold(request, _size(request))
        self._waiting.append((request, response, keep_alive))
        if len(self._waiting) == _WAITING_REQUESTS:
            self._transport.pause_reading()
        self._go_on()

    def _go_on(self) -> None:
        """Answer what waits, up to a request that takes longer."""
        while self._waiting and not self._busy and not self._flushing:
            request, response, keep_alive = self._waiting.popleft()
            started = self._worker.time()
            if response is None:
                if not self._worker.routes.is_quick(request):
                    self._hold(request, _size(request))
                    if self._worker.full:
                        response = self._worker.routes.full(request)
                        self._send(request, response, keep_alive, started)
                        continue
                    self._busy = True
                    self.deadline = math.inf
                    self._future = self._worker.answer_later(
                        request,
                        lambda future, r=request, k=keep_alive, s=started: (  # type: ignore[misc]
                            self._answered(r, future, k, s)
                        ),
                    )
                    return
                response = self._worker.routes.respond(request)
            self._send(request, response, keep_alive, started)

    def _answered(
        self, request: Request, future: Future[Response], keep_alive: bool, started: float
    ) -> None:
        self._busy = False
        self._future = None
        self._let_go(request)
        if not self._transport.is_closing():
            response = future.result()
            if self._worker.full and len(response.body) > _SMALL_BYTES:
                response = self._worker.routes.full(request)  # others' answers wait already
            self._send(request, response, keep_alive, started)
            self._go_on()

    def _send(self, request: Request, response: Response, keep_alive: bool, started: float) -> None:
        keep_alive = keep_alive and self._keep_alive
        if request.held:
            self._let_go(request)
        id = self._worker.log.next_id()
        body = response.body
        head = b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\ndate: %b\r\n" % (
            response.status, _PHRASES[response.status], response.content_type.encode(), len(body),
            self._worker.date,
        )  # fmt: skip
        ending = b"x-amzn-requestid: %b\r\n%bconnection: %b\r\n\r\n" % (
            id, response.headers, b"keep-alive" if keep_alive else b"close",
        )  # fmt: skip
        self._transport.write(head + ending + (b"" if request.method == b"HEAD" else body))
        self._worker.answered(request, response, id, self._worker.time() - started)
        if not keep_alive:
            self._leave(more_arrives=response.status in (400, 413, 431, 503))
        elif not self._flushing:
            self._rest()

    def _leave(self, *, more_arrives: bool) -> None:
        self._drop_waiting()
        if more_arrives and self._refused and not self._transport.is_closing():
            # It is dropped for a while: closing at once would lose the answer.
            self.deadline = self._worker.after(_FAREWELL_SECONDS)
        else:
            self._transport.close()

    def _hold(self, request: Request, bytes: int) -> None:
        """Count at least so many bytes of a request."""
        if bytes > request.held:
            self._worker.hold(bytes - request.held)
            request.held = bytes

    def _let_go(self, request: Request) -> None:
        self._worker.hold(-request.held)
        request.held = 0

    def _hold_unsent(self, bytes: int) -> None:
        self._worker.hold(bytes - self._unsent)
        self._unsent = bytes

    def _drop_waiting(self) -> None:
        for request, _, _ in self._waiting:
            self._let_go(request)
        self._waiting.clear()

    def _rest(self) -> None:
        """Wait for the next request, unless one is arriving."""
        if len(self._waiting) < _WAITING_REQUESTS:
            self._transport.resume_reading()
        if not self._receiving:
            self.deadline = self._worker.after(self._worker.settings.idle_seconds)


def _size(request: Request) -> int:
    fields = sum(len(name) + len(value) for name, value in request.headers.items())
    return fields + len(request.target) + len(request.body)
