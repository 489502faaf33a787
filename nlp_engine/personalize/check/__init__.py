"""Checking datasets by Personalize's rules before anything is created or sent."""

from nlp_engine.personalize.check.changes import check_changes
from nlp_engine.personalize.check.dataset import check_dataset
from nlp_engine.personalize.check.findings import (
    Finding,
    Findings,
    Level,
    findings_json,
    raise_on_errors,
)

__all__ = [
    "Finding",
    "Findings",
    "Level",
    "check_changes",
    "check_dataset",
    "findings_json",
    "raise_on_errors",
]
