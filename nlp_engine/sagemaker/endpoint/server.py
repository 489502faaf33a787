"""The server: one listening socket, and workers that share it and the mapped model."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nlp_engine import settings
from nlp_engine.errors import require
from nlp_engine.listening import listen
from nlp_engine.sagemaker.endpoint import metrics as numbers
from nlp_engine.sagemaker.endpoint.invocations import Endpoint
from nlp_engine.sagemaker.endpoint.metrics import Metrics
from nlp_engine.sagemaker.endpoint.routes import Routes
from nlp_engine.sagemaker.endpoint.settings import ServeSettings
from nlp_engine.sagemaker.endpoint.worker import Worker

_SHORT_LIFE_SECONDS = 1.0  # a worker that ends so soon is not started again at once
_CLOSING_SECONDS = 2.0  # beyond the grace for requests
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve(
    endpoint: Endpoint,
    *,
    started: Callable[[ServeSettings], None] | None = None,
    **options: Any,
) -> None:
    """Answer HTTP requests until SIGTERM or SIGINT; then finish those under way.

    Args:
        endpoint: What answers.
        started: Called once requests can come.
        **options: Fields of `ServeSettings`.

    Raises:
        SettingError: An option that does not exist or is out of range.
        InputError: The port is taken or the address is not this machine's.
        MissingExtraError: The extra `serve` is not installed.
    """
    for module in ("httptools", "uvloop"):
        require(module, "serve")
    chosen = settings.from_mapping(ServeSettings, options)
    metrics = Metrics(chosen.processes)
    routes = Routes(endpoint, chosen, metrics)
    with listen(chosen.host, chosen.port) as listener:
        # What is here now stays where it is: workers share its memory.
        gc.collect()
        gc.freeze()
        try:
            if started is not None:
                started(chosen)
            if chosen.processes == 1:
                _work(routes, chosen, metrics, 0, listener, None)
            else:
                own = os.getpid()
                _Supervisor(
                    lambda i: _work(routes, chosen, metrics, i, listener, own), chosen, listener
                ).run()
        finally:
            gc.unfreeze()


def _work(
    routes: Routes,
    chosen: ServeSettings,
    metrics: Metrics,
    i: int,
    listener: socket.socket,
    parent: int | None,
) -> None:
    own = metrics.workers[i]
    own.values[numbers.CONNECTIONS] = 0  # of a worker that was killed
    own.add(numbers.STARTS)
    Worker(routes, chosen, own, parent).run(listener)


@dataclass(slots=True)
class _Child:
    pid: int
    number: int
    started: float


class _Supervisor:
    """Forks the workers, starts again those that die, and passes on signals to stop."""

    def __init__(
        self, work: Callable[[int], None], chosen: ServeSettings, listener: socket.socket
    ) -> None:
        self._work = work
        self._listener = listener
        self._settings = chosen
        self._children: dict[int, _Child] = {}
        self._stopping = False

    def run(self) -> None:
        for number in _STOP_SIGNALS:
            signal.signal(number, self._stop)
        for i in range(self._settings.processes):
            self._start(i)
        end = None
        while self._children:
            if self._stopping and end is None:
                end = time.monotonic() + self._settings.grace_seconds + _CLOSING_SECONDS
                self._signal(signal.SIGTERM)  # to one that was just being started, too
            if end is not None and time.monotonic() > end:
                self._signal(signal.SIGKILL)
            self._reap()

    def _reap(self) -> None:
        """Wait a little for a worker to end."""
        pid, status = os.waitpid(-1, os.WNOHANG)
        child = self._children.pop(pid, None)
        if child is None:
            time.sleep(0.05)
            return
        if self._stopping:
            return
        code = os.waitstatus_to_exitcode(status)
        print(f"worker {pid} ended with {code}; another one starts", file=sys.stderr)  # noqa: T201
        if time.monotonic() - child.started < _SHORT_LIFE_SECONDS:
            time.sleep(_SHORT_LIFE_SECONDS)
        if not self._stopping:
            self._start(child.number)

    def _start(self, number: int) -> None:
        # A signal to stop that came to a new process before it ran would be lost: after a fork,
        # Python clears what has come until then. So it waits until it can be heeded.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        with warnings.catch_warnings():
            # Threads of numpy's library for linear algebra, which forks as it should.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid:
            self._children[pid] = _Child(pid, number, time.monotonic())
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            self._work(number)
            code = 0
        except BaseException as error:
            print(f"a worker failed: {error!r}", file=sys.stderr)  # noqa: T201
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _stop(self, *_: object) -> None:
        self._stopping = True
        self._listener.close()  # nobody is to come while no worker accepts
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        for pid in tuple(self._children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
