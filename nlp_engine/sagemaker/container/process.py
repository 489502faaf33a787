"""The container's command `train`: the log as BlazingText prints it, signals, the exit code."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from nlp_engine.sagemaker import training_log
from nlp_engine.sagemaker.container import mpi
from nlp_engine.sagemaker.container.training import ML_ROOT, train

ROOT_VARIABLE = "NLP_ENGINE_ML_ROOT"
"""The environment variable that names what stands for `/opt/ml`."""

_INTERRUPTED = 130  # a shell's exit code for Ctrl-C

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Train, and exit with 0, 1 or 2 (`train`); with 0 after SIGTERM.

    SageMaker stops a job by SIGTERM and kills it 120 seconds later. It is a stop that somebody
    asked for, no failure: what there is of the training is saved, and no failure file is written.
    Processes that mpirun has started stop by its signal, too, and tell it that they have.

    Args:
        arguments: The command line; by default that of this process.
    """
    parser = argparse.ArgumentParser(
        prog="train", description="A SageMaker training job with BlazingText's settings."
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(os.environ.get(ROOT_VARIABLE) or ML_ROOT),
        metavar="DIR",
        help=f"what stands for {ML_ROOT}; also by the variable {ROOT_VARIABLE}",
    )
    root = parser.parse_args(arguments).root
    _log_as_blazingtext()
    logging.getLogger(training_log.__name__).info("Arguments: train")
    by_mpirun = mpi.started_by_mpirun()
    stopped = _interrupt_on(signal.SIGTERM, *([mpi.STOP_SIGNAL] if by_mpirun else []))
    try:
        code = train(root)
    except KeyboardInterrupt:
        if by_mpirun or not stopped:
            sys.exit(_INTERRUPTED)
        if (root / "checkpoints").is_dir():
            kept = "it goes on from its last checkpoint, if any, when the job starts again"
        else:
            kept = "nothing is kept, as the job has no CheckpointConfig"
        _log.info("The training was stopped by SIGTERM; %s.", kept)
        code = 0
    sys.exit(code)


def _interrupt_on(*numbers: int) -> list[int]:
    """Make the first of some signals raise KeyboardInterrupt, and others do nothing.

    Returns:
        A list that gets the signal's number.
    """
    received: list[int] = []

    def stop(number: int, _: object) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        received.append(number)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, stop)
    return received


class _Formatter(logging.Formatter):
    """BlazingText's: what its trainer prints is plain, what it logs has a time and a thread."""

    def __init__(self) -> None:
        super().__init__("[%(asctime)s %(levelname)s %(thread)d] %(message)s", "%m/%d/%Y %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        if record.name == training_log.__name__:
            return record.getMessage()
        return super().format(record)


def _log_as_blazingtext() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Formatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("nlp_engine").setLevel(logging.INFO)  # other packages have much to say
