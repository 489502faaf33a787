"""`python -m nlp_engine.sagemaker.trials`: `train`, until the tuning has gone."""

from __future__ import annotations

import os
import signal
import sys
import threading

from nlp_engine.sagemaker import container


def _stop_with_tuning() -> None:
    os.read(sys.stdin.fileno(), 1)  # it never writes: the end comes when its process has ended
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_stop_with_tuning, daemon=True).start()
    container.main()
