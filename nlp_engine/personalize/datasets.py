"""Users and Interactions datasets, whose columns are those of a source."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.corpus.sources import open_source
from nlp_engine.files import new_folder
from nlp_engine.manifest import Manifest, write_manifest
from nlp_engine.personalize.check import Findings
from nlp_engine.personalize.mapping import Field
from nlp_engine.personalize.plan import NativeFields, interaction_fields, user_fields
from nlp_engine.personalize.schema import DatasetType
from nlp_engine.personalize.settings import DatasetSettings, InteractionSettings, UserSettings
from nlp_engine.personalize.writing import id_part, native_part, write_dataset
from nlp_engine.progress import Report, silent


def build_users(
    source: Path | str,
    out: Path | str,
    *,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Make a Personalize Users dataset: `schema.json`, `users.csv` and `check.json`.

    Args:
        source: What `nlp_engine.corpus.sources.open_source` takes.
        out: The folder to make.
        overwrite: Replace an existing folder.
        report: Told of the rows read.
        **options: Fields of `UserSettings`.

    Returns:
        The folder's manifest; `counts` has users and warnings.

    Raises:
        InputError: The source cannot be read, has no such columns, or breaks a hard limit of
            Personalize; the message names row and column.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    chosen = settings.from_mapping(UserSettings, options)
    id, native = user_fields(chosen)
    return _build(
        DatasetType.USERS, Path(source), Path(out), chosen, [id], native, overwrite, report
    )


def build_interactions(
    source: Path | str,
    out: Path | str,
    *,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Make a Personalize Interactions dataset: `schema.json`, `interactions.csv`, `check.json`.

    Args:
        source: What `nlp_engine.corpus.sources.open_source` takes.
        out: The folder to make.
        overwrite: Replace an existing folder.
        report: Told of the rows read.
        **options: Fields of `InteractionSettings`.

    Returns:
        The folder's manifest; `counts` has interactions and warnings.

    Raises:
        InputError: The source cannot be read, has no such columns, or breaks a hard limit of
            Personalize; the message names row and column.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    chosen = settings.from_mapping(InteractionSettings, options)
    ids, native = interaction_fields(chosen)
    kind = DatasetType.INTERACTIONS
    return _build(kind, Path(source), Path(out), chosen, ids, native, overwrite, report)


def _build(
    dataset: DatasetType,
    source: Path,
    out: Path,
    chosen: DatasetSettings,
    ids: Sequence[Field],
    native: NativeFields,
    overwrite: bool,
    report: Report,
) -> Manifest:
    started = time.monotonic()
    opened = open_source(source, language=chosen.language, reading=chosen)
    fields = [*native.others, *native.categories]
    opened.check_columns([field.source for field in (*ids, *fields)])
    notes = Findings()
    parts = [id_part(id, opened) for id in ids]
    parts += [native_part(field, notes) for field in fields]
    with new_folder(out, overwrite=overwrite) as folder:
        count, findings = write_dataset(
            folder, dataset, parts, opened, domain=chosen.domain, notes=notes, report=report
        )
        return write_manifest(
            folder,
            format=dataset.lower(),
            language=opened.language,
            started=started,
            sources=opened.files,
            parents=opened.parents,
            settings=settings.to_mapping(chosen),
            counts={dataset.lower(): count, "warnings": len(findings)} | opened.damaged,
        )
