"""A model's folder as the archive that SageMaker hosts."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Sequence
from pathlib import Path

from nlp_engine.errors import InputError
from nlp_engine.files import sha256

ARCHIVE = "model.tar.gz"
_MODELS = ("model.bin", "vectors.bin", "vectors.txt")
_BLAZINGTEXT = (*_MODELS, "eval.json")
_COMPRESSION = 1  # numbers hardly get smaller by more


def model_files(folder: Path, *, blazingtext: bool) -> list[Path]:
    """The files of a model to pack.

    Args:
        folder: As a training makes it.
        blazingtext: Whether AWS's image will read them: those that it writes itself.

    Raises:
        InputError: The folder has no model.
    """
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name[0] != "."]
    if not any(path.name in _MODELS for path in files):
        raise InputError(f"{folder} has no model; expected {', '.join(_MODELS)}")
    return [path for path in files if not blazingtext or path.name in _BLAZINGTEXT]


def content_hash(folder: Path, files: Sequence[Path]) -> str:
    """Hexadecimal SHA-256 of places and contents of files in a folder."""
    lines = [f"{sha256(path)} {path.relative_to(folder).as_posix()}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def pack(files: Sequence[Path], archive: Path) -> None:
    """Make an archive with files at its root, as SageMaker unpacks it into `/opt/ml/model`."""
    with tarfile.open(archive, "w:gz", compresslevel=_COMPRESSION) as opened:
        for path in files:
            opened.add(path, path.name)
