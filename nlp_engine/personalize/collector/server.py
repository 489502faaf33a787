"""The collector as a process: its socket, its threads, and how it stops."""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.errors import require
from nlp_engine.listening import listen
from nlp_engine.personalize.client import Client
from nlp_engine.personalize.collector.app import application
from nlp_engine.personalize.collector.forwarder import Forwarder
from nlp_engine.personalize.collector.metrics import Metrics
from nlp_engine.personalize.collector.settings import CollectorSettings
from nlp_engine.personalize.collector.spool import Spool
from nlp_engine.personalize.sending.event_file import check_tracking_id


def serve(
    spool: Path,
    tracking_id: str,
    *,
    region: str | None = None,
    started: Callable[[CollectorSettings], None] | None = None,
    **options: Any,
) -> None:
    """Take events over HTTP and forward them until SIGTERM or SIGINT.

    An event that was answered with 202 is on disk; it reaches Personalize at least once, with the
    same event id each time, after a kill, too.

    Args:
        spool: Folder for events that wait.
        tracking_id: Of the event tracker.
        region: AWS region; by default that of the environment.
        started: Called once requests can come.
        **options: Fields of `CollectorSettings`.

    Raises:
        SettingError: An option that does not exist or is out of range.
        InputError: The port is taken, the spool in use, or the tracking id cannot be one.
        OutputError: The spool cannot be written.
        MissingExtraError: The extra `events` is not installed.
        EngineError: No region is known.
    """
    for module in ("uvicorn", "httptools"):
        require(module, "events")
    check_tracking_id(tracking_id)
    chosen = settings.from_mapping(CollectorSettings, options)
    client = Client(
        "personalize-events",
        region,
        timeout_seconds=chosen.timeout_seconds,
        connections=chosen.connections,
    )
    with (
        contextlib.closing(Spool(spool, chosen.spool_bytes)) as held,
        listen(chosen.host, chosen.port) as listener,
    ):
        _run(held, tracking_id, client, chosen, listener, started)


def _run(
    spool: Spool,
    tracking_id: str,
    client: Client,
    chosen: CollectorSettings,
    listener: socket.socket,
    started: Callable[[CollectorSettings], None] | None,
) -> None:
    import uvicorn

    from nlp_engine.personalize.collector.connection import connection_class

    metrics = Metrics()
    config = uvicorn.Config(
        application(spool, metrics, chosen),
        http=connection_class(chosen),
        ws="none",
        access_log=False,
        log_level="error",  # a line for each bad request would fill the disk
        limit_concurrency=chosen.max_clients,
        timeout_graceful_shutdown=int(chosen.body_seconds) + 1,
        lifespan="on",
        server_header=False,
    )
    forwarder = Forwarder(
        spool,
        tracking_id,
        lambda request: client.call(request.operation, request.parameters),
        chosen,
        metrics,
        _log,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ignore)  # uvicorn raises it again when it has stopped
    forwarder.start()
    try:
        if started is not None:
            started(chosen)
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        forwarder.finish(chosen.grace_seconds)


def _ignore(*_: object) -> None:
    pass


def _log(message: str) -> None:
    line = "".join(c if c.isprintable() else " " for c in message)
    print(line, file=sys.stderr, flush=True)  # noqa: T201
