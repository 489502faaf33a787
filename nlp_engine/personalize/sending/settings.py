"""Settings of what sends records."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.settings import setting


@dataclass(frozen=True, kw_only=True)
class CallSettings:
    """How AWS is called."""

    calls_per_second: float | None = setting(
        None,
        above=0,
        help="calls per second at most; by default AWS's quota, 10 for items and users and 1000 "
        "for events",
    )
    connections: int = setting(8, minimum=1, maximum=64, help="calls under way at a time")
    timeout_seconds: float = setting(30.0, above=0, help="time for an answer of AWS")
    longest_pause: float = setting(
        20.0, above=0, help="seconds between two tries of a call at most; they double each time"
    )

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class PutSettings(CallSettings):
    """How records are sent."""

    attempts: int = setting(10, minimum=1, help="tries of a call before giving up")
