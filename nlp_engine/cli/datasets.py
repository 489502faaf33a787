"""What the commands that make datasets print: counts, and what the check warns of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from nlp_engine.cli.console import print_made

_SHOWN = 5


def print_dataset(folder: Path, counts: Mapping[str, int], *, quiet: bool, as_json: bool) -> None:
    """Print what a dataset has, and the first warnings of its `check.json` on standard error."""
    print_made(folder, counts, quiet=quiet, as_json=as_json)
    if quiet or not counts["warnings"]:
        return
    path = folder / "check.json"
    findings = json.loads(path.read_text(encoding="utf-8"))
    for finding in findings[:_SHOWN]:
        typer.echo(f"warning: {_place(finding)}{finding['message']}", err=True)
    if len(findings) > _SHOWN:
        typer.echo(f"{len(findings) - _SHOWN:,} more warnings are in {path}", err=True)


def _place(finding: Mapping[str, Any]) -> str:
    parts = [f"{name} {finding[name]}" for name in ("row", "column") if finding[name] is not None]
    return ", ".join(parts) + ": " if parts else ""
