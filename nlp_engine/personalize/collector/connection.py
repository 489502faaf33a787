"""A client's connection to the collector, which must say in time what it wants."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nlp_engine.personalize.collector.settings import CollectorSettings

_MARGIN = 100  # connections beyond the limit that are answered 503, and not cut at once
_HEAD_BYTES = 64 << 10


def connection_class(chosen: CollectorSettings) -> type[HttpToolsProtocol]:
    """The class of a collector's connections.

    uvicorn itself waits for ever for a request's head, of whatever size, for what is left of a body
    that nobody reads, and for clients that do not take their answer.
    """

    class Connection(_Connection):
        settings = chosen

    return Connection


class _Connection(HttpToolsProtocol):
    settings: CollectorSettings

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._timer: TimerHandle | None = None
        self._head_begun = False
        self._head_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.settings.max_clients + _MARGIN:
            transport.abort()
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_begun:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES:
                self._end(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        self._head_begun, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_begun = False
        if not self.flow.write_paused:
            self._rest()  # the application has its own limit of time for the body
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        if not (self.pipeline or self.flow.write_paused):
            self._expect_head()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait(self.settings.body_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._expect_head()
        super().resume_writing()

    def _expect_head(self) -> None:
        self._wait(self.settings.header_seconds, self._leave)

    def _leave(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            return  # a request is under way, whose head came before its forerunner's answer left
        if self.transport.is_closing():
            self.transport.abort()
            return
        if self._head_begun:
            self._end(b"408 Request Timeout")
        else:
            self.transport.close()

    def _end(self, status: bytes) -> None:
        if not self.transport.is_closing():
            head = b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(head % status)
            self.transport.close()

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._rest()
        self._timer = self.loop.call_later(seconds, then)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
