"""How much memory there is."""

from __future__ import annotations

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")


def available_memory() -> int:
    """Bytes that this process can take without swapping: the machine's, or its container's."""
    return min([_machine(), *_container()])


def _machine() -> int:
    if _MEMINFO.exists():
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.split()[0]) * 1024
    # Where the system does not tell, half of what is built in.
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _container() -> list[int]:
    """What a container's limit leaves, if there is one (cgroup v2, where cached files count)."""
    try:
        limit = (_CONTAINER / "memory.max").read_text(encoding="ascii").strip()
        used = (_CONTAINER / "memory.current").read_text(encoding="ascii").strip()
        cache = (_CONTAINER / "memory.stat").read_text(encoding="ascii")
    except OSError:
        return []
    if limit == "max":
        return []
    cached = dict(line.split() for line in cache.splitlines())["inactive_file"]
    return [max(int(limit) - int(used) + int(cached), 0)]
