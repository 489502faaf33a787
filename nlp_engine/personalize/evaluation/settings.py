"""Settings of `items evaluate`."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.corpus.settings import SourceSettings
from nlp_engine.settings import setting


@dataclass(frozen=True, kw_only=True)
class ItemsEvaluationSettings(SourceSettings):
    """How item metadata is evaluated."""

    user: str = setting("USER_ID", metavar="COL", help="column of the interactions with the user")
    item: str = setting("ITEM_ID", metavar="COL", help="column of the interactions with the item")
    timestamp: str = setting(
        "TIMESTAMP", metavar="COL", help="column of the interactions with the time, a number"
    )
    value: str | None = setting(
        None, metavar="COL", help="column of the interactions with a value such as a rating"
    )
    min_value: float = setting(0.0, help="interactions of a lower value are left out")
    users: int = setting(10_000, minimum=1, help="users that are evaluated at most")
    warm_folds: int = setting(
        1, minimum=1, maximum=10, help="tenths of the users that are evaluated, one after the other"
    )
    cold_folds: int = setting(
        5, minimum=2, help="shares of the items, each of which is new to all users in turn"
    )
    factors: int = setting(64, minimum=1, help="factors of ALS")
    topics: int = setting(600, minimum=2, maximum=1000, help="topics of the encodings at most")
    seed: int = setting(0, minimum=0, help="start of the random generator")

    def __post_init__(self) -> None:
        settings.check(self)
