"""One process that answers: its event loop, its connections, and how it stops."""

from __future__ import annotations

import asyncio
import email.utils
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from nlp_engine.errors import require
from nlp_engine.sagemaker.endpoint import metrics as numbers
from nlp_engine.sagemaker.endpoint.door import Door
from nlp_engine.sagemaker.endpoint.invocations import Response
from nlp_engine.sagemaker.endpoint.metrics import WorkerMetrics
from nlp_engine.sagemaker.endpoint.request_log import RequestLog
from nlp_engine.sagemaker.endpoint.routes import Request, Routes
from nlp_engine.sagemaker.endpoint.settings import ServeSettings

if TYPE_CHECKING:
    from nlp_engine.sagemaker.endpoint.connection import Connection

_SWEEP_SECONDS = 0.25
_THREADS = 2  # for requests that take longer
_SPARE_FILES = 64  # besides connections


class Worker:
    """Accepts connections and has their requests answered until it is stopped.

    Args:
        routes: What answers.
        settings: Time limits and the log.
        metrics: What it counts.
        parent: The process without which it ends, too.
    """

    def __init__(
        self,
        routes: Routes,
        settings: ServeSettings,
        metrics: WorkerMetrics,
        parent: int | None = None,
    ) -> None:
        self.routes = routes
        self.settings = settings
        self.metrics = metrics
        self.log = RequestLog(settings.log)
        self.time: Callable[[], float] = time.monotonic
        self.date = b""
        self._held = 0
        self._most_held = settings.max_held_bytes
        self._connections: set[Connection] = set()
        self._pool = ThreadPoolExecutor(_THREADS)
        self._most_connections = _allow_files() - _SPARE_FILES
        self._stopping = asyncio.Event()
        self._parent = parent

    def run(self, listener: socket.socket) -> None:
        """Answer until SIGTERM or SIGINT, then finish what is under way.

        Raises:
            MissingExtraError: The extra `serve` is not installed.
        """
        uvloop = require("uvloop", "serve")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve(listener))
        self.log.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _serve(self, listener: socket.socket) -> None:
        from nlp_engine.sagemaker.endpoint.connection import Connection

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        door = Door(listener, lambda: Connection(self), self.metrics)
        sweeping = loop.create_task(self._sweep())
        await self._stopping.wait()
        await door.close()
        for connection in tuple(self._connections):
            connection.retire()
        end = self.after(self.settings.grace_seconds)
        while self._connections and self.time() < end:
            await asyncio.sleep(0.02)
        for connection in tuple(self._connections):
            connection.abort()
        sweeping.cancel()

    async def _sweep(self) -> None:
        while True:
            self.date = email.utils.formatdate(usegmt=True).encode()
            now = self.time()
            for connection in tuple(self._connections):
                if connection.deadline < now:
                    connection.expire()
            if self._parent not in (None, os.getppid()):  # nobody would stop it any more
                self._stopping.set()
            await asyncio.sleep(_SWEEP_SECONDS)

    # What connections call.

    def after(self, seconds: float) -> float:
        """The time in so many seconds."""
        return self.time() + seconds

    def opened(self, connection: Connection) -> None:
        """Take a new connection; over the limit it is closed at once."""
        self._connections.add(connection)
        self.metrics.add(numbers.CONNECTIONS)
        if len(self._connections) > self._most_connections:
            self.metrics.add(numbers.REFUSED)
            connection.abort()

    def closed(self, connection: Connection) -> None:
        """Let go of a connection."""
        self._connections.discard(connection)
        self.metrics.add(numbers.CONNECTIONS, -1)

    @property
    def full(self) -> bool:
        """Whether connections hold so much of requests and answers that no large one is taken."""
        return self._held > self._most_held

    def hold(self, bytes: int) -> None:
        """Count bytes that a connection holds, or, below zero, holds no longer."""
        self._held += bytes

    def answer_later(self, request: Request, then: Callable[[Any], None]) -> Future[Response]:
        """Answer in a thread, so that others need not wait.

        Args:
            request: The request.
            then: Called with the future of the response, in this thread.

        Returns:
            What may be cancelled until its turn comes.
        """
        loop = asyncio.get_running_loop()
        future: Future[Response] = self._pool.submit(self.routes.respond, request)
        asyncio.wrap_future(future, loop=loop).add_done_callback(then)
        return future

    def answered(self, request: Request, response: Response, id: bytes, seconds: float) -> None:
        """Count and log a request."""
        metrics = self.metrics
        metrics.request(
            request.route, response.status, seconds, len(request.body), len(response.body)
        )
        if response.instances:
            metrics.add(numbers.INSTANCES, response.instances)
        if response.status >= self.log.least_status:
            self.log.write(request, response, id, seconds)


def _allow_files() -> int:
    """Allow this process as many open files as it may have; gives how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        most = hard if hard != resource.RLIM_INFINITY else max(soft, 1 << 16)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft
