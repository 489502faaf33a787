"""Load by wrk, and what it does to the servers' processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_DONE = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {"requests": %d, "seconds": %f, "failed": %d, "p50": %f, "p95": %f, "p99": %f}\\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What came of a load.

    Attributes:
        rate: Answers per second.
        failed: Requests without an answer, or with another status than 200.
        p50: Milliseconds from request to answer, of half of the requests at most.
        p95: Of 95 % of them.
        p99: Of 99 % of them.
        cpu: Processor microseconds of the server per answer.
    """

    rate: float
    failed: int
    p50: float
    p95: float
    p99: float
    cpu: float


def write_script(path: Path, bodies: Sequence[bytes], wait: int = 0) -> None:
    """Write what wrk does.

    Args:
        path: The script.
        bodies: Of requests, which take turns.
        wait: Mean milliseconds that a client waits between requests; they are random.
    """
    lines = ["local bodies = {"]
    lines += [f"[==[{body.decode()}]==]," for body in bodies]
    lines += [
        "}",
        "local ready, turn = {}, 0",
        "init = function()",
        "  for i = 1, #bodies do",
        '    ready[i] = wrk.format("POST", "/invocations",',
        '      {["Content-Type"] = "application/json"}, bodies[i])',
        "  end",
        "end",
        "request = function() turn = turn % #bodies + 1; return ready[turn] end",
    ]
    if wait:
        lines.append(f"delay = function() return math.random(0, {2 * wait}) end")
    path.write_text("\n".join(lines) + _DONE, encoding="utf-8")


def load(port: int, script: Path, *, clients: int, seconds: float, process: int) -> Load:
    """Have clients ask a server for some seconds.

    Args:
        port: Where it listens.
        script: What `write_script` has written.
        clients: Connections.
        seconds: How long.
        process: The server's process; its children count, too.
    """
    before = cpu_seconds(process)
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:.0f}s", "--latency", "-s", str(script)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=False
    )
    found = done.stdout.partition("RESULT ")[2].splitlines()
    if done.returncode or not found:
        sys.exit(f"wrk failed:\n{done.stdout}{done.stderr}")
    result = json.loads(found[0])
    answers = max(result["requests"], 1)
    return Load(
        rate=result["requests"] / result["seconds"],
        failed=result["failed"],
        p50=result["p50"],
        p95=result["p95"],
        p99=result["p99"],
        cpu=(cpu_seconds(process) - before) / answers * 1e6,
    )


class MemoryWatch(threading.Thread):
    """Notes a server's memory every second.

    Attributes:
        megabytes: What it and its children have second by second, each for itself and together,
            without mapped files.
    """

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._over = threading.Event()
        self.megabytes: list[float] = []

    def run(self) -> None:
        while not self._over.wait(1.0):
            alone, shared = 0, 0
            for pid in family(self._process):
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    name, _, value = line.partition(":")
                    if name == "RssAnon":
                        alone += int(value.split()[0])
                    elif name == "RssShmem":
                        shared = max(shared, int(value.split()[0]))
            self.megabytes.append(round((alone + shared) / 1000, 1))

    def finish(self) -> list[float]:
        """Stop; gives what was noted."""
        self._over.set()
        self.join()
        return self.megabytes


def family(process: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *map(int, children)]


def cpu_seconds(process: int) -> float:
    """Processor seconds of a process and its children so far."""
    ticks = 0
    for pid in family(process):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
