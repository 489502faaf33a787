"""What other processes have."""

from __future__ import annotations

from pathlib import Path


def children(process: int) -> list[int]:
    """The processes that a process's main thread has started and that are there still."""
    return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))
