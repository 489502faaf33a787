"""What a failed job tells SageMaker: an exit code, and `output/failure`, which people read."""

from __future__ import annotations

import errno
import logging
import traceback
from pathlib import Path

from nlp_engine.errors import NlpEngineError

CLIENT_ERROR, INTERNAL_ERROR = 1, 2
"""Exit codes: the job's data or settings are to blame; the container's own code is."""

_SHOWN_CHARACTERS = 1024  # of the failure file, as the job's FailureReason

_log = logging.getLogger(__name__)


def report_failure(root: Path, error: Exception) -> int:
    """Write why a job has failed: the cause first, whatever follows.

    Args:
        root: What stands for `/opt/ml`.
        error: What ended the job.

    Returns:
        The exit code.
    """
    code = CLIENT_ERROR
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        message = f"not enough memory ({error}); choose a larger instance or a smaller model"
    elif isinstance(error, OSError) and error.filename:
        message = f"{error.filename}: {error.strerror}"
    elif isinstance(error, NlpEngineError | OSError):
        message = str(error)
    else:
        code = INTERNAL_ERROR
        message = f"internal error: {type(error).__name__}: {error}"[:_SHOWN_CHARACTERS]
        message += "\n\n" + "".join(traceback.format_exception(error))
    _log.error("Training failed: %s", message)
    try:
        (root / "output").mkdir(parents=True, exist_ok=True)
        (root / "output" / "failure").write_text(message, encoding="utf-8", errors="replace")
    except OSError as unwritable:
        _log.error("The failure file cannot be written: %s", unwritable)
    return code
