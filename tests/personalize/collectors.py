"""The event collector as a process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx


@dataclass
class Collector:
    """A collector process and where it answers."""

    process: subprocess.Popen[str]
    client: httpx.Client
    spool: Path

    @property
    def url(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, events: Any, **more: Any) -> httpx.Response:
        return self.client.post("/events", json=events, **more)

    def metric(self, name: str) -> int:
        lines = self.get("/metrics").text.splitlines()
        (value,) = [
            line.split()[1] for line in lines if line.startswith(f"nlp_engine_events_{name} ")
        ]
        return int(value)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def stop(self) -> str:
        """End it by SIGTERM; gives what it has written."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=60)[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def collecting(spool: Path, env: Mapping[str, str], *options: str) -> Iterator[Collector]:
    """Run `nlp-engine events serve` until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "nlp_engine", "events", "serve", "--tracking-id", "tracker",
               "--spool", str(spool), "--port", str(port), "--linger-seconds", "0.02",
               "--longest-pause", "0.1", *options]  # fmt: skip
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **env}
    )
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)
    collector = Collector(process, client, spool)
    try:
        for _ in range(600):
            assert process.poll() is None, process.communicate()[1]
            with contextlib.suppress(httpx.TransportError):
                collector.get("/ping")
                break
            time.sleep(0.05)
        else:
            raise AssertionError("the collector does not answer")
        yield collector
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        client.close()
        if process.stderr:
            process.stderr.close()


def until(wanted: Any, seconds: float = 30) -> None:
    """Wait until something is so."""
    for _ in range(int(seconds / 0.01)):
        if wanted():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about")
