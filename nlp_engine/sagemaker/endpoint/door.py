"""Taking new connections, so that all workers get their share.

Clients keep their connections: a worker that takes all that wait, as an event loop's own server
does, would answer them all while the others idle.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from nlp_engine.sagemaker.endpoint import metrics as numbers
from nlp_engine.sagemaker.endpoint.metrics import WorkerMetrics

_COURTESY_SECONDS = 0.001  # for a worker with fewer connections to come first
_TROUBLE_SECONDS = 0.1  # where the system has no more open files, say


class Door:
    """Takes connections one by one, the worker with fewest first.

    Args:
        listener: The listening socket, which the workers share.
        connection: Makes a connection's protocol.
        metrics: The worker's.
    """

    def __init__(
        self,
        listener: socket.socket,
        connection: Callable[[], asyncio.Protocol],
        metrics: WorkerMetrics,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._connection = connection
        self._metrics = metrics
        self._later: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        listener.setblocking(False)
        self._watch()

    async def close(self) -> None:
        """Take those that have come, and no more."""
        if self._later is not None:
            self._later.cancel()
        self._loop.remove_reader(self._listener)
        with contextlib.suppress(OSError):
            while True:
                self._let_in(self._listener.accept()[0])
        self._listener.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _watch(self) -> None:
        self._later = None
        self._loop.add_reader(self._listener, self._knocked)

    def _knocked(self) -> None:
        if self._metrics.is_ahead(numbers.CONNECTIONS):
            self._loop.remove_reader(self._listener)
            self._later = self._loop.call_later(_COURTESY_SECONDS, self._take_and_watch)
        else:
            self._take()

    def _take_and_watch(self) -> None:
        self._watch()
        self._take()

    def _take(self) -> None:
        try:
            client, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another worker was faster; it has gone
            return
        except OSError:
            self._loop.remove_reader(self._listener)
            self._later = self._loop.call_later(_TROUBLE_SECONDS, self._watch)
            return
        self._let_in(client)

    def _let_in(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connecting = self._loop.connect_accepted_socket(self._connection, client)
        task: asyncio.Task[object] = self._loop.create_task(connecting)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
