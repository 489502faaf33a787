"""Small models that the fastText library trains, and servers of them as processes."""

from __future__ import annotations

import contextlib
import json
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

from tests.fasttext_library import train_with_library

TOPICS = {
    "fruit": "apple pear plum cherry grape fig quince",
    "metal": "iron copper zinc lead gold tin nickel",
    "music": "song drum flute chord tune choir violin",
}
TEXTS = ["apple pear and iron", "violin", "größer é 日本 unknown", "zinc\tgold tin"]


def train_models(folder: Path) -> Any:
    """Write `model.bin` and `vectors.bin`, with sub-words; gives both as fastText has them."""
    lines = [
        f"__label__{topic} {' '.join(words.split()[i:] + words.split()[:i])}"
        for i in range(7)
        for topic, words in TOPICS.items()
    ] * 3
    (folder / "train.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    common = {"input": str(folder / "train.txt"), "dim": 10, "bucket": 500, "minCount": 1}
    common |= {"thread": 1, "epoch": 10}
    return (
        train_with_library("supervised", folder / "model.bin", wordNgrams=2, lr=0.5, **common),
        train_with_library("unsupervised", folder / "vectors.bin", minn=3, maxn=6, **common),
    )


@dataclass
class Server:
    """A server process.

    Attributes:
        process: The process.
        port: Where it listens.
    """

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, content: bytes | str, kind: str = "application/json", **more: Any) -> Any:
        headers = {"content-type": kind, **more.pop("headers", {})}
        return httpx.post(f"{self.url}/invocations", content=content, headers=headers, timeout=20)

    def ask(self, *texts: str, k: int = 1) -> Any:
        request = {"instances": texts, "configuration": {"k": k}}
        response = self.post(json.dumps(request))
        assert response.status_code == 200, response.text
        return response.json()

    def connect(self, data: bytes = b"") -> socket.socket:
        """A connection that has sent some bytes."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        client.sendall(data)
        return client

    def metric(self, name: str) -> float:
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def stop(self) -> str:
        """End it by SIGTERM; gives what it has written."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=30)[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run `nlp-engine serve` until the block ends."""
    port = free_port()
    module = ["-m", "nlp_engine", "serve", "--port", str(port)]
    with running([sys.executable, *module, *map(str, arguments)], port, env or {}) as server:
        yield server


@contextlib.contextmanager
def running(command: list[str], port: int, env: Mapping[str, str]) -> Iterator[Server]:
    """Run a server until the block ends; it must then be alive, or have ended well."""
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **env}
    )
    server = Server(process, port)
    try:
        for _ in range(400):
            assert process.poll() is None, process.communicate()[1]
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{server.url}/ping").status_code == 200:
                    break
            time.sleep(0.05)
        else:
            raise AssertionError("the server does not answer")
        yield server
        assert process.poll() in (None, 0)
    finally:
        process.kill()
        process.communicate()
