"""How long work tells its caller how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of running work.

    Attributes:
        stage: What is being done, in a few words.
        done: Units finished so far.
        total: Units in all; None while unknown.
        unit: What is counted: ``"bytes"``, ``"words"``, ``"documents"``, ...
        detail: Further figures as text, e.g. the loss.
    """

    stage: str
    done: int
    total: int | None
    unit: str
    detail: str = ""


Report = Callable[[Progress], None]
"""Takes the reports; may be called often and from the calling thread only."""


def silent(progress: Progress) -> None:
    """Drop the report."""
