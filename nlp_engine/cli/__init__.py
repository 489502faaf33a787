"""The command line: parses, calls the library, prints; no logic of its own."""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType
from typing import NoReturn


def main() -> NoReturn:
    """Run `nlp-engine`; exit codes are 0, 1 (a check failed), 2 (bad input) and 130 (Ctrl-C)."""
    signal.signal(signal.SIGTERM, _stop)
    # From its import on, and after each product, NumPy's OpenBLAS would keep the other processors
    # running for 0.1 s, in case there is another one.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "10")
    logging.basicConfig(stream=sys.stderr, format="nlp-engine: %(message)s", level=logging.WARNING)
    try:
        from nlp_engine.cli.app import app

        app(prog_name="nlp-engine")
    except KeyboardInterrupt:  # before a command has begun
        sys.stderr.write("nlp-engine: interrupted\n")
        sys.exit(130)
    sys.exit(0)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    sys.stderr.write("nlp-engine: stopped by SIGTERM; nothing half-made is left behind\n")
    # An exception, so that half-made folders are removed on the way out.
    sys.exit(128 + number)
