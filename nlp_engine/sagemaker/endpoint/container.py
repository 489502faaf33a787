"""The container's `serve`: what lies in `/opt/ml/model` answers on port 8080."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from nlp_engine import settings
from nlp_engine.errors import NlpEngineError
from nlp_engine.sagemaker.endpoint.invocations import Endpoint
from nlp_engine.sagemaker.endpoint.server import serve
from nlp_engine.sagemaker.endpoint.settings import ServeSettings, from_environment

ML_ROOT = Path("/opt/ml")


def run_container(root: Path = ML_ROOT) -> int:
    """Serve the model of a container until SIGTERM.

    Args:
        root: What stands for `/opt/ml`.

    Returns:
        The exit code: 0, or 1 if there is no model, or a variable or the port cannot be used.
    """
    try:
        options = from_environment(os.environ)
        threads = settings.from_mapping(ServeSettings, options).threads
        serve(Endpoint.open(root / "model", threads=threads), **options)
    except (NlpEngineError, OSError) as error:
        sys.stderr.write(f"serve: {error}\n")
        return 1
    return 0


def container_main() -> None:
    """The command `serve` of the container."""
    # A container's first process is not ended by a signal that it does not handle; and a model that
    # is being unpacked is to be removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.exit(run_container(Path(os.environ.get("NLP_ENGINE_ML_ROOT", ML_ROOT))))
