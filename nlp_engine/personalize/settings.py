"""Settings of the item commands."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.corpus.settings import SourceSettings
from nlp_engine.personalize.profiles import Domain
from nlp_engine.settings import setting


@dataclass(frozen=True, kw_only=True)
class ItemSettings(SourceSettings):
    """How an Items dataset is made."""

    id: str = setting("id", metavar="COL", help="column that holds the item's id")
    text: tuple[str, ...] = setting(
        ("text",),
        metavar="COL",
        help="column that holds text of the item; may be given several times",
    )
    title: str | None = setting(None, metavar="COL", help="column that holds the item's title")
    categories: tuple[str, ...] = setting(
        (), metavar="COL", help="column passed on as categories; may be given several times"
    )
    timestamp: str | None = setting(
        None, metavar="COL", help="column with the time of creation, in seconds since 1970"
    )
    language: str | None = setting(
        None, metavar="CODE", help="language code such as en; by default what the source says"
    )
    topics: int = setting(1000, minimum=2, maximum=1000, help="topic codes at most")
    topics_per_item: int = setting(32, minimum=1, maximum=64, help="topic codes per item at most")
    rho: float = setting(0.2, minimum=0, maximum=1, help="entities with a lower rho are left out")
    seed: int = setting(0, minimum=0, help="start of the random generator")

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class CheckSettings:
    """How a dataset is checked."""

    domain: str = setting(
        Domain.CUSTOM, choices=tuple(Domain), help="kind of the dataset group that it is for"
    )
    import_mode: str = setting(
        "FULL",
        choices=("FULL", "INCREMENTAL"),
        help="of the import job, which decides how large the files may be",
    )
    language: str | None = setting(
        None,
        metavar="CODE",
        help="language code of the texts; by default what the folder says, else en",
    )

    def __post_init__(self) -> None:
        settings.check(self)
