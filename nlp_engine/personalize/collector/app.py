"""What the collector answers: `POST /events`, `/ping` and `/metrics`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from nlp_engine.errors import require
from nlp_engine.personalize.collector import metrics as counts
from nlp_engine.personalize.collector.metrics import Metrics
from nlp_engine.personalize.collector.settings import CollectorSettings
from nlp_engine.personalize.collector.spool import Spool, SpoolFull
from nlp_engine.personalize.sending.events import BadEvent, Event, make_event, parse_json

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

_MOST_ERRORS = 100  # in one answer
_RETRY_AFTER = {"Retry-After": "5"}


class Writer:
    """Writes the events of all requests that wait, with one wait for the disk.

    Args:
        spool: Where they go.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._queue: list[tuple[list[bytes], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self.works = True

    async def write(self, lines: list[bytes]) -> None:
        """Have events on disk.

        Raises:
            SpoolFull: They do not fit.
            OSError: They cannot be written.
        """
        future = asyncio.get_running_loop().create_future()
        self._queue.append((lines, future))
        self._wake.set()
        await future

    async def run(self) -> None:
        """Write what comes until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            waiting, self._queue = self._queue, []
            lines = [line for more, _ in waiting for line in more]
            error: Exception | None = None
            try:
                await asyncio.to_thread(self._spool.append, lines)
            except (SpoolFull, OSError) as failure:
                error = failure
            self.works = not isinstance(error, OSError)
            for _, future in waiting:
                if future.done():
                    continue
                if error:
                    future.set_exception(error)
                else:
                    future.set_result(None)


def application(spool: Spool, metrics: Metrics, settings: CollectorSettings) -> Starlette:
    """The collector as an ASGI application.

    Raises:
        MissingExtraError: The extra `events` is not installed.
    """
    starlette = require("starlette.applications", "events")
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.routing import Route

    routes = _Routes(spool, metrics, settings)
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.allow_origin),
        allow_methods=["POST"],
        allow_headers=["content-type"],
    )
    app: Starlette = starlette.Starlette(
        routes=[
            Route("/events", routes.events, methods=["POST"]),
            Route("/ping", routes.ping),
            Route("/metrics", routes.metrics),
        ],
        middleware=[cors] if settings.allow_origin else [],
        lifespan=routes.lifespan,
    )
    return app


class _Routes:
    def __init__(self, spool: Spool, metrics: Metrics, settings: CollectorSettings) -> None:
        self._spool, self._counts, self._settings = spool, metrics, settings
        self._writer = Writer(spool)

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:  # noqa: ARG002
        task = asyncio.create_task(self._writer.run())
        yield
        task.cancel()

    async def events(self, request: Request) -> Response:
        try:
            body = await _body(request, self._settings.body_bytes, self._settings.body_seconds)
        except _TooLarge:
            most = self._settings.body_bytes
            return _failure(413, "size", f"the body has more than {most} bytes; send fewer events")
        except TimeoutError:
            return _failure(408, "time", "the body took too long to arrive")
        try:
            events = _events(body)
        except _BadEvents as error:
            self._counts.add(counts.REJECTED, error.bad)
            return _json(400, {"errors": error.errors})
        try:
            await self._writer.write([event.to_json().encode() for event in events])
        except SpoolFull:
            return _failure(503, "spool-full", "too much waits for AWS; send it again later")
        except OSError as error:
            return _failure(503, "spool", f"the spool cannot be written: {error.strerror}")
        self._counts.add(counts.ACCEPTED, len(events))
        ids = [event.body["eventId"] for event in events]
        return _json(202, {"accepted": len(ids), "eventIds": ids})

    async def ping(self, request: Request) -> Response:  # noqa: ARG002
        if not self._writer.works:
            return _failure(503, "spool", "the spool cannot be written")
        if self._spool.is_full:
            return _failure(503, "spool-full", "too much waits for AWS")
        return _json(200, {"waiting_bytes": self._spool.waiting_bytes})

    async def metrics(self, request: Request) -> Response:  # noqa: ARG002
        from starlette.responses import Response

        text = self._counts.text(self._spool)
        return Response(text, headers={"content-type": counts.CONTENT_TYPE})


class _TooLarge(Exception):
    pass


class _BadEvents(Exception):
    def __init__(self, bad: int, errors: list[dict[str, Any]]) -> None:
        super().__init__()
        self.bad, self.errors = bad, errors


async def _body(request: Request, most: int, seconds: float) -> bytes:
    if int(request.headers.get("content-length", 0)) > most:
        raise _TooLarge
    body = bytearray()
    async with asyncio.timeout(seconds):
        async for part in request.stream():
            body += part
            if len(body) > most:
                raise _TooLarge
    return bytes(body)


def _events(body: bytes) -> list[Event]:
    """The events of a body: one, or a list of them."""
    try:
        value = parse_json(body)
    except BadEvent as error:
        raise _BadEvents(1, _described(None, error)) from error
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    if not values:
        raise _BadEvents(0, [{"rule": "empty", "message": "the list has no events"}])
    now = int(time.time())
    events, errors, bad = [], list[dict[str, Any]](), 0
    for number, one in enumerate(values):
        try:
            events.append(make_event(one, now=now))
        except BadEvent as error:
            bad += 1
            errors += _described(number, error)
    if bad:
        raise _BadEvents(bad, errors[:_MOST_ERRORS])
    return events


def _described(number: int | None, error: BadEvent) -> list[dict[str, Any]]:
    place = {} if number is None else {"event": number}
    return [
        {**place, "rule": problem.rule, "field": problem.field, "message": problem.message}
        for problem in error.problems
    ]


def _failure(status: int, rule: str, message: str) -> Response:
    return _json(status, {"errors": [{"rule": rule, "message": message}]})


def _json(status: int, content: Any) -> Response:
    from starlette.responses import JSONResponse

    return JSONResponse(content, status, headers=_RETRY_AFTER if status == 503 else None)
