"""Requests as JSON lines on standard error, each with the id that its response carries.

A thread of its own writes them: where nobody reads standard error, lines are lost, but requests are
answered.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import os
import queue
import threading
import uuid
from typing import Any

from nlp_engine.sagemaker.endpoint.invocations import Response
from nlp_engine.sagemaker.endpoint.routes import Request

_SHOWN_CHARACTERS = 300
_WAITING_LINES = 10_000
_STANDARD_ERROR = 2
_END_SECONDS = 1.0


class RequestLog:
    """One worker's log.

    Args:
        which: `none`, `errors` (statuses from 400) or `all`.
    """

    def __init__(self, which: str) -> None:
        self.least_status = {"none": 1000, "errors": 400, "all": 0}[which]
        # Ids look like AWS's, UUIDs, but a worker's differ in their last part alone: they cost
        # nothing to make.
        self._prefix = str(uuid.uuid4())[:24].encode()
        self._numbers = itertools.count(1)
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue(_WAITING_LINES)
        self._writer = threading.Thread(target=self._write_lines, daemon=True)
        self._writer.start()

    def next_id(self) -> bytes:
        """An id that no other request has."""
        return b"%b%012x" % (self._prefix, next(self._numbers))

    def write(self, request: Request, response: Response, id: bytes, seconds: float) -> None:
        """Write a line.

        Args:
            request: The request.
            response: Its response.
            id: Its id.
            seconds: From its last byte to the response.
        """
        now = datetime.datetime.now(datetime.UTC)
        line: dict[str, Any] = {
            "time": now.isoformat(timespec="milliseconds"),
            "request_id": id.decode(),
            "worker": os.getpid(),
            "method": request.method.decode("latin-1"),
            "path": request.target.decode("latin-1")[:_SHOWN_CHARACTERS],
            "status": response.status,
            "seconds": round(seconds, 6),
            "request_bytes": len(request.body),
            "response_bytes": len(response.body),
            "instances": response.instances,
        }
        inference_id = request.headers.get(b"x-amzn-sagemaker-inference-id")
        if inference_id:
            line["inference_id"] = inference_id.decode("latin-1")
        if response.status >= 400:
            line["error"] = response.body[:_SHOWN_CHARACTERS].decode("utf-8", "replace")
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(line)

    def close(self) -> None:
        """Write what waits, as far as it is read soon."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
            self._writer.join(_END_SECONDS)

    def _write_lines(self) -> None:
        while (line := self._lines.get()) is not None:
            # Past sys.stderr: its lock would be held where the pipe is full.
            with contextlib.suppress(OSError):
                os.write(_STANDARD_ERROR, json.dumps(line).encode() + b"\n")
