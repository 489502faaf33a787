"""The child's side of `nlp_engine.engines.process`: one job from standard input.

The parent holds standard input open; when that closes, the parent is gone and the worker stops.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any


def run(work: Callable[[dict[str, Any]], None]) -> None:
    """Read the job, do the work, and exit: with 0, or with 1 and the error as last line."""
    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    status = 0
    try:
        work(job)
    except Exception as error:
        sys.stderr.write(f"\n{type(error).__name__}: {error}\n")
        status = 1
    sys.stderr.flush()
    os._exit(status)  # the watching thread still waits for standard input


def _stop_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)
