"""Settings of the extraction."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.settings import setting


@dataclass(frozen=True, kw_only=True)
class ExtractSettings:
    """What of a dump is kept, and how many processors work on it."""

    language: str | None = setting(
        None, metavar="CODE", help="language code such as en; by default what the dump says"
    )
    captions: bool = setting(False, help="keep the text of image captions")
    tables: bool = setting(False, help="keep the text of tables, one row per line")
    workers: int = setting(
        1, minimum=1, recorded=False, help="threads that extract; the result does not depend on it"
    )

    def __post_init__(self) -> None:
        settings.check(self)
