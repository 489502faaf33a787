"""`manifest.json`: what a folder holds, what it was made from, and with which settings."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nlp_engine.errors import FormatError, InputError
from nlp_engine.files import sha256

FILE_NAME = "manifest.json"

FORMAT_VERSIONS = {
    "extracted": 2,
    "corpus": 1,
    "labelled corpus": 1,
    "vectors": 1,
    "classifier": 1,
    "evaluation": 1,
    "knowledge base": 2,
    "items": 1,
    "users": 1,
    "interactions": 1,
    "codebook": 2,
    "items evaluation": 1,
    "factorization machine": 1,
    "demo": 1,
}
"""The version of each folder format that this engine writes and reads."""

_MADE_BY = {
    "extracted": "nlp-engine wiki extract",
    "corpus": "nlp-engine corpus build",
    "labelled corpus": "nlp-engine corpus label",
    "vectors": "nlp-engine train --mode batch_skipgram",
    "classifier": "nlp-engine train --mode supervised",
    "evaluation": "nlp-engine evaluate CLASSIFIER",
    "knowledge base": "nlp-engine kb build",
    "items": "nlp-engine items build",
    "users": "nlp-engine users build",
    "interactions": "nlp-engine events build",
    "codebook": "nlp-engine items build",
    "items evaluation": "nlp-engine items evaluate ITEMS INTERACTIONS",
    "factorization machine": "FactorizationMachine.save",
    "demo": "nlp-engine demo",
}


@dataclass(frozen=True, slots=True)
class FileRecord:
    """Name, size in bytes and SHA-256 of a file; no hash of what came from standard input."""

    name: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path, name: str | None = None) -> FileRecord:
        """Describe the file at `path`, under `name` or its own name."""
        return cls(name or path.name, path.stat().st_size, sha256(path))


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The content of `manifest.json`.

    Attributes:
        format: What the folder holds, a key of `FORMAT_VERSIONS`.
        format_version: Version of that format.
        engine_version: Version of the package that wrote the folder.
        id: Hash of format, settings, sources, parents and files: equal content, equal id. Files
            that `record_file` adds do not change it.
        language: Language code of the content, e.g. ``"en"``.
        licence: Licence of the content, if known.
        attribution: Whom to name as the source of the content, if known.
        sources: The files that it was made from.
        parents: Ids of the folders that it was made from, by format; several with spaces between.
        settings: The settings that were used.
        counts: What the folder holds, counted.
        seconds: How long it took to make.
        files: The folder's files.
    """

    format: str
    format_version: int
    engine_version: str
    id: str
    language: str
    licence: str = ""
    attribution: str = ""
    sources: Sequence[FileRecord] = ()
    parents: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    files: Sequence[FileRecord] = ()


def engine_version() -> str:
    """The installed version of this package."""
    return importlib.metadata.version("nlp-engine")


def resume_key(inputs: Sequence[Path], *wanted: Any) -> str:
    """What must be equal for a later call to go on with what an earlier one has finished.

    Args:
        inputs: The files that are read; their sizes and times count.
        wanted: Settings, as JSON has them.
    """
    stamps = [
        (str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in inputs
    ]
    return json.dumps([engine_version(), stamps, *wanted])


def content_key(inputs: Sequence[Path], *wanted: Any) -> str:
    """Like `resume_key`, but for copies of the files elsewhere, too: their content counts."""
    return json.dumps([engine_version(), [sha256(path) for path in inputs], *wanted])


def write_manifest(
    folder: Path,
    *,
    format: str,
    language: str,
    started: float,
    licence: str = "",
    attribution: str = "",
    sources: Sequence[Path | FileRecord] = (),
    parents: Sequence[Manifest] = (),
    settings: Mapping[str, Any] | None = None,
    counts: Mapping[str, int] | None = None,
) -> Manifest:
    """Describe all files of a finished folder in its `manifest.json`.

    Args:
        folder: The folder; its files are hashed, but for hidden ones.
        format: A key of `FORMAT_VERSIONS`.
        language: Language code of the content.
        started: `time.monotonic()` when the work began.
        licence: Licence of the content, if known.
        attribution: Whom to name as the source of the content, if known.
        sources: Files that the content was made from, which are hashed, or their records.
        parents: Manifests of the folders that the content was made from.
        settings: The settings that were used.
        counts: What the folder holds, counted.
    """
    files = [
        FileRecord.of(path, path.relative_to(folder).as_posix())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != FILE_NAME and not path.name.startswith(".")
    ]
    content = {
        "format": format,
        "format_version": FORMAT_VERSIONS[format],
        "language": language,
        "sources": [
            dataclasses.asdict(FileRecord.of(source) if isinstance(source, Path) else source)
            for source in sources
        ],
        "parents": _ids(parents),
        "settings": dict(settings or {}),
        "files": [dataclasses.asdict(record) for record in files],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    content |= {
        "engine_version": engine_version(),
        "id": digest[:16],
        "licence": licence,
        "attribution": attribution,
        "counts": dict(counts or {}),
        "seconds": round(time.monotonic() - started, 3),
    }
    _write(folder / FILE_NAME, content)
    return _parse(content)


def _ids(parents: Sequence[Manifest]) -> dict[str, str]:
    ids: dict[str, str] = {}
    for parent in parents:
        before = ids.get(parent.format)
        ids[parent.format] = f"{before} {parent.id}" if before else parent.id
    return ids


def record_file(folder: Path, name: str) -> None:
    """Record a file that was made from a finished folder, e.g. its report, in the manifest.

    The folder keeps its id, by which others know it as their parent.
    """
    path = folder / FILE_NAME
    content = json.loads(path.read_text(encoding="utf-8"))
    others = [record for record in content["files"] if record["name"] != name]
    added = dataclasses.asdict(FileRecord.of(folder / name))
    content["files"] = sorted([*others, added], key=lambda record: str(record["name"]))
    _write(path, content)


def read_manifest(folder: Path, *formats: str) -> Manifest:
    """Read and check the manifest of a folder.

    Args:
        folder: The folder.
        formats: The formats that the caller can use.

    Raises:
        InputError: There is no such folder.
        FormatError: No manifest, another format, a newer version, or a file cut short.
    """
    remedy = " or ".join(f"`{_MADE_BY[name]}`" for name in formats)
    wanted = " or ".join(formats)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {what}; expected the folder ({wanted}) that {remedy} makes")
    path = folder / FILE_NAME
    if not path.exists():
        raise FormatError(
            f"{folder} has no {FILE_NAME}; expected the folder ({wanted}) that {remedy} makes"
        )
    try:
        manifest = _parse(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError) as error:
        raise FormatError(
            f"{path} is no manifest of nlp_engine ({error}); make it again"
        ) from error
    if manifest.format not in formats:
        raise FormatError(
            f"{folder} holds: {manifest.format}; expected the folder ({wanted}) that {remedy} makes"
        )
    readable = FORMAT_VERSIONS[manifest.format]
    if manifest.format_version > readable:
        raise FormatError(
            f"{folder} has {manifest.format} format version {manifest.format_version}, written by "
            f"nlp_engine {manifest.engine_version}; this engine reads up to {readable}: "
            "pip install --upgrade nlp-engine"
        )
    if manifest.format_version < readable:
        raise FormatError(
            f"{folder} has {manifest.format} format version {manifest.format_version}, written by "
            f"nlp_engine {manifest.engine_version}; this engine reads version {readable}: make the "
            f"folder again with {remedy}"
        )
    _check_files(folder, manifest, remedy)
    return manifest


def manifest_of_file(path: Path, *formats: str) -> Manifest | None:
    """The manifest of the folder that a file belongs to, or None if it stands alone."""
    if not (path.parent / FILE_NAME).exists():
        return None
    return read_manifest(path.parent, *formats)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _check_files(folder: Path, manifest: Manifest, remedy: str) -> None:
    for record in manifest.files:
        path = folder / record.name
        if not path.is_file():
            raise FormatError(f"{path} is missing; make the folder again with {remedy}")
        if path.stat().st_size != record.bytes:
            raise FormatError(
                f"{path} has {path.stat().st_size} bytes, its manifest says {record.bytes}; "
                f"make the folder again with {remedy}"
            )


def _parse(content: Mapping[str, Any]) -> Manifest:
    if not isinstance(content["format_version"], int):
        raise ValueError("format_version is no integer")
    records = {
        key: [FileRecord(**record) for record in content.get(key, ())]
        for key in ("sources", "files")
    }
    return Manifest(**{**content, **records})
