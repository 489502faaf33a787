"""Checking the files of a dataset together with its schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file
from nlp_engine.manifest import FILE_NAME
from nlp_engine.personalize import limits
from nlp_engine.personalize.check.changes import check_changes
from nlp_engine.personalize.check.findings import Finding, Findings
from nlp_engine.personalize.check.keys import open_keys
from nlp_engine.personalize.check.schema import check_schema
from nlp_engine.personalize.check.table import check_table
from nlp_engine.personalize.check.totals import TableRules, Totals, check_totals
from nlp_engine.personalize.profiles import Domain
from nlp_engine.personalize.schema import dataset_of, schema_path
from nlp_engine.personalize.settings import CheckSettings
from nlp_engine.progress import Report, silent

_SCHEMA = "schema.json"
_MODES = {
    "FULL": limits.MAX_FULL_IMPORT_BYTES,
    "INCREMENTAL": limits.MAX_INCREMENTAL_IMPORT_BYTES,
}


def check_dataset(
    folder: Path | str,
    *,
    previous: Path | str | None = None,
    report: Report = silent,
    **options: Any,
) -> list[Finding]:
    """Check `schema.json` and the CSV files of a folder, streaming.

    The schema's name says whether it is Items, Users or Interactions. Memory does not grow with
    the files; ids are compared on the disk.

    Args:
        folder: A folder with the schema and one or more CSV files.
        previous: The schema of the last import, or the folder that it is in: what has changed
            since then is an error.
        report: Told of the bytes that were read.
        **options: Fields of `CheckSettings`.

    Returns:
        The findings: first those on the schema and whole columns, then those on rows; of one
        rule, column and file the first 20 and then a count.

    Raises:
        InputError: A file is missing.
        FormatError: The schema is no Avro record schema.
        SettingError: An option that does not exist or is out of range.
    """
    chosen = settings.from_mapping(CheckSettings, options)
    folder = Path(folder)
    text = _schema_text(schema_path(folder))
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        packed = any(folder.glob("*.csv.*"))
        hint = " (compressed files are not imported: unpack them)" if packed else ""
        raise InputError(f"{folder} has no CSV file{hint}; a dataset is {_SCHEMA} and *.csv")
    findings = Findings()
    manifest = _manifest(folder)
    domain = Domain(chosen.domain or manifest.get("domain", Domain.CUSTOM))
    columns = check_schema(text, domain, findings)
    if previous is not None:
        for finding in check_changes(_schema_text(_schema_path(Path(previous))), text):
            findings.add(finding)
    _check_size(paths, chosen.import_mode, findings)
    if columns is None:
        return findings.all()
    rules = TableRules(
        dataset=dataset_of(text),
        domain=domain,
        columns=columns,
        language=chosen.language or manifest.get("language", "en"),
    )
    with open_keys() as keys:
        totals = Totals(columns)
        are_read = [
            check_table(path, number, rules, totals, keys, findings, report)
            for number, path in enumerate(paths)
        ]
        if all(are_read):
            check_totals(rules, totals, keys, [path.name for path in paths], findings)
    return findings.all()


def _schema_text(path: Path) -> str:
    try:
        return check_input_file(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error.reason}); write it again") from error


def _schema_path(previous: Path) -> Path:
    return previous / _SCHEMA if previous.is_dir() else previous


def _manifest(folder: Path) -> Mapping[str, Any]:
    """What the folder's manifest says, if there is one; its files may have been edited since."""
    path = folder / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return {"language": content["language"], "domain": content["settings"]["domain"]}
    except (ValueError, KeyError, TypeError):
        return {}


def _check_size(paths: list[Path], mode: str, findings: Findings) -> None:
    size, most = sum(path.stat().st_size for path in paths), _MODES[mode]
    if size > most:
        findings.error(
            "file-size", f"{size:,} bytes; an import job in mode {mode} takes {most:,}: split it"
        )
