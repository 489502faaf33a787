"""Trials as processes of their own: they train side by side, can be stopped, and end with us."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from nlp_engine.errors import EngineError

_SECONDS_TO_STOP = 10.0


class Processes:
    """The processes that train at the moment."""

    def __init__(self) -> None:
        self._running = set[subprocess.Popen[str]]()
        self._lock, self._closed = threading.Lock(), False

    def train(self, root: Path, go_on: Callable[[str], bool]) -> bool:
        """Run the training container's code.

        Args:
            root: What stands for `/opt/ml`.
            go_on: Gets every line of the log; False stops the training.

        Returns:
            Whether it came to its end; False if it was stopped.

        Raises:
            EngineError: It failed; the message is the container's failure file.
        """
        stopped, last = False, ""
        with self._start(root) as process:
            assert process.stdout
            try:
                for line in process.stdout:
                    last = line.strip() or last
                    if not (stopped or go_on(line)):
                        stopped = True
                        process.terminate()
                code = process.wait()
            finally:
                process.kill()  # unless it has ended
                with self._lock:
                    self._running.discard(process)
        if stopped or self._closed:
            return False
        if code != 0:
            failure = root / "output" / "failure"
            if failure.exists():
                raise EngineError(failure.read_text(encoding="utf-8"))
            raise EngineError(f"the training process ended with code {code}: {last}")
        return True

    def close(self) -> None:
        """Stop all, and start none any more."""
        with self._lock:
            self._closed, running = True, list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_SECONDS_TO_STOP)
            process.kill()

    def _start(self, root: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-P", "-m", __package__, "--root", str(root)]
        with self._lock:
            if self._closed:
                raise EngineError("the tuning has been stopped")
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,  # which ends when we do
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours to pass on
                encoding="utf-8",
                errors="replace",
            )
            self._running.add(process)
        return process
