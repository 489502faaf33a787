"""What a check finds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from nlp_engine.errors import InputError

_MAX_PER_RULE = 20


class Level(StrEnum):
    """What a finding means for an import."""

    ERROR = "error"  # the import fails or the data is wrong
    WARNING = "warning"  # the import succeeds, but something is cut or of little use


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a dataset breaks.

    Attributes:
        level: How bad it is.
        rule: Short name of the rule.
        message: What is wrong, the limit, and what to do.
        row: Row of the CSV, the first after the header being 1; None for the whole file.
        column: Column name; None for the whole row or file.
        file: Name of the CSV file; None for the schema or the whole dataset.
    """

    level: Level
    rule: str
    message: str
    row: int | None = None
    column: str | None = None
    file: str | None = None


@dataclass(slots=True)
class Findings:
    """Collects findings: of one rule, column and file the first 20, and how many more."""

    kept: list[Finding] = field(default_factory=list)
    seen: dict[tuple[Level, str, str | None, str | None], int] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Add a finding."""
        key = _key(finding)
        self.seen[key] = self.seen.get(key, 0) + 1
        if self.seen[key] <= _MAX_PER_RULE:
            self.kept.append(finding)

    def error(self, rule: str, message: str, column: str | None = None) -> None:
        """Add an error of the schema or the whole dataset."""
        self.add(Finding(Level.ERROR, rule, message, column=column))

    def warning(self, rule: str, message: str, column: str | None = None) -> None:
        """Add a warning of the schema or the whole dataset."""
        self.add(Finding(Level.WARNING, rule, message, column=column))

    def add_rows(self, first: Finding, rows: Sequence[int], messages: Iterator[str]) -> None:
        """Add one finding for each of many rows.

        Args:
            first: What they have in common.
            rows: Their numbers, rising.
            messages: Their messages; only so many are taken as are shown.
        """
        for row, message in zip(rows[:_MAX_PER_RULE], messages, strict=False):
            self.add(replace(first, message=message, row=row))
        if len(rows) > _MAX_PER_RULE:
            self.seen[_key(first)] += len(rows) - _MAX_PER_RULE

    def all(self) -> list[Finding]:
        """What is about the schema or whole columns, then what is about rows, in their order."""
        whole = [finding for finding in self.kept if finding.row is None]
        rows = [finding for finding in self.kept if finding.row is not None]
        rows.sort(key=lambda finding: (finding.file or "", finding.row or 0))
        more = [
            Finding(level, rule, f"and {count - _MAX_PER_RULE:,} more", None, column, file)
            for (level, rule, column, file), count in self.seen.items()
            if count > _MAX_PER_RULE
        ]
        return whole + rows + more


def _key(finding: Finding) -> tuple[Level, str, str | None, str | None]:
    return finding.level, finding.rule, finding.column, finding.file


def findings_json(findings: Sequence[Finding]) -> str:
    """The findings as `check.json` has them."""
    return json.dumps([asdict(finding) for finding in findings], indent=2) + "\n"


def raise_on_errors(findings: Sequence[Finding], path: Path) -> None:
    """`InputError` naming the first error, if there is one.

    Args:
        findings: What a check found.
        path: What it is told of: a dataset's folder, or the file that a dataset is made of.
    """
    errors = [finding for finding in findings if finding.level is Level.ERROR]
    if errors:
        first = errors[0]
        file = path / first.file if path.is_dir() and first.file else path
        place = f", row {first.row}" if first.row else ""
        place += f", column {first.column}" if first.column else ""
        more = f" ({len(errors) - 1} more errors)" if len(errors) > 1 else ""
        raise InputError(f"{file}{place}: {first.message}{more}")
