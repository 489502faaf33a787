"""Running contenders in processes of their own, and what they ran on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a run took.

    Attributes:
        wall: Seconds.
        cpu: User and system seconds, children included.
        memory: Peak resident bytes of its largest process.
    """

    wall: float
    cpu: float
    memory: int


def run(commands: Sequence[Sequence[str | Path]]) -> Usage:
    """Run commands one after another, without their output; they must succeed.

    The caller must be small: a child's peak memory begins with that of the process it came from.
    """
    wall = cpu = 0.0
    memory = 0
    for command in commands:
        started = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        messages = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{command} failed:\n{messages.decode(errors='replace')[-2000:]}")
        wall += time.monotonic() - started
        cpu += used.ru_utime + used.ru_stime
        memory = max(memory, used.ru_maxrss * 1024)
    return Usage(wall=wall, cpu=cpu, memory=memory)


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Rates of several runs over the same megabytes."""

    megabytes: float
    runs: Sequence[Usage]

    @property
    def per_cpu_second(self) -> float:
        """Median megabytes per CPU-second."""
        return statistics.median(self.megabytes / run.cpu for run in self.runs)

    @property
    def best_per_cpu_second(self) -> float:
        """The same of the run that other work disturbed least."""
        return self.megabytes / min(run.cpu for run in self.runs)

    @property
    def per_second(self) -> float:
        """Median megabytes per second of wall time."""
        return statistics.median(self.megabytes / run.wall for run in self.runs)

    @property
    def best_wall(self) -> float:
        """Shortest wall time in seconds, the least disturbed by other work."""
        return min(run.wall for run in self.runs)

    @property
    def memory(self) -> float:
        """Largest peak memory of one process in megabytes."""
        return max(run.memory for run in self.runs) / 1e6

    def to_mapping(self) -> dict[str, Any]:
        """For JSON."""
        cpu = [round(self.megabytes / run.cpu, 3) for run in self.runs]
        return {
            "MB per CPU-second": round(self.per_cpu_second, 3),
            "MB per second": round(self.per_second, 3),
            "best seconds": round(self.best_wall, 3),
            "peak MB": round(self.memory, 1),
            "runs, MB per CPU-second": cpu,
        }


def machine() -> dict[str, Any]:
    """Processor, cores, system, Python, and how busy the machine is."""
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        model = next((li.partition(":")[2].strip() for li in lines if "model name" in li), "")
    return {
        "processor": model or platform.processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Installed versions."""
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
