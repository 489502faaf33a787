"""The package's exceptions: messages say what is wrong, where, and what to do."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType


class NlpEngineError(Exception):
    """Base of every error that the package raises on purpose."""


class InputError(NlpEngineError):
    """Input that cannot be used: missing, damaged, empty, or not what it should be."""


class FormatError(InputError):
    """A file or folder of another format, of a newer format version, or cut short."""


class OutputError(NlpEngineError):
    """Output that cannot be written: the target exists, or the disk is full or read-only."""


class SettingError(NlpEngineError, ValueError):
    """A setting that does not exist or has a value out of its range."""


class EngineError(NlpEngineError):
    """An external trainer failed; the message carries its last words."""


class MissingExtraError(NlpEngineError, ImportError):
    """An optional dependency is not installed; the message carries the pip line."""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional dependency.

    Args:
        module: Full name of the module, e.g. ``"gensim.models"``.
        extra: The extra of this package that installs it.

    Raises:
        MissingExtraError: The module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise
        raise _missing(package, extra) from error


def require_file(package: str, path: str, extra: str) -> Path:
    """A data file of an optional dependency, which is not imported: that may take seconds.

    Args:
        package: Name of the package, e.g. ``"gensim"``.
        path: The file's path in its folder.
        extra: The extra of this package that installs it.

    Raises:
        MissingExtraError: The package is not installed.
    """
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise _missing(package, extra)
    return Path(found.origin).parent / path


def cut(text: str, characters: int = 100) -> str:
    """A text of any length, such as a value, as errors show it."""
    return text if len(text) <= characters else text[:characters] + "…"


def _missing(package: str, extra: str) -> MissingExtraError:
    return MissingExtraError(
        f"{package} is not installed; it comes with: pip install 'nlp-engine[{extra}]'"
    )


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during work that can go on later; the message says how."""
