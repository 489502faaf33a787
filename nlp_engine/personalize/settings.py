"""Settings of the item commands."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.corpus.settings import SourceSettings
from nlp_engine.personalize.profiles import Domain
from nlp_engine.settings import setting

ENCODINGS = ("topics", "cluster", "product", "pca")

_MAPPED = "; COL=NAME gives it another name; may be given several times"


@dataclass(frozen=True, kw_only=True)
class DatasetSettings(SourceSettings):
    """What every dataset is made by."""

    domain: str = setting(
        Domain.CUSTOM, choices=tuple(Domain), help="kind of the dataset group that it is for"
    )
    categories: tuple[str, ...] = setting(
        (), metavar="COL", help=f"column passed on as categories{_MAPPED}"
    )
    numbers: tuple[str, ...] = setting(
        (), metavar="COL", help=f"column passed on as a number{_MAPPED}"
    )
    integers: tuple[str, ...] = setting(
        (), metavar="COL", help=f"column passed on as a whole number{_MAPPED}"
    )
    strings: tuple[str, ...] = setting(
        (),
        metavar="COL",
        help=f"column passed on as plain text, for filters alone, not for training{_MAPPED}",
    )
    language: str | None = setting(
        None, metavar="CODE", help="language code such as en; by default what the source says"
    )


@dataclass(frozen=True, kw_only=True)
class ItemSettings(DatasetSettings):
    """How an Items dataset is made."""

    id: str = setting("id", metavar="COL", help="column that holds the item's id")
    text: tuple[str, ...] = setting(
        ("text",),
        metavar="COL",
        help="column that holds text of the item, the most informative one first; may be given "
        "several times",
    )
    title: str | None = setting(None, metavar="COL", help="column that holds the item's title")
    timestamp: str | None = setting(
        None,
        metavar="COL",
        help="column with the time of creation, in seconds since 1970 or as ISO 8601 has it",
    )
    item_name: bool = setting(
        False,
        help="mark the title as the item's name, which the recipe Semantic-Similarity and themes "
        "need",
    )
    vector_encoding: str = setting(
        "topics",
        choices=ENCODINGS,
        help="what text vectors become: topics: the codes of the nearest topics; cluster: the "
        "nearest one; product: codes of product quantisation; pca: numbers",
    )
    topics: int = setting(600, minimum=2, maximum=1000, help="topic codes at most")
    topics_per_item: int = setting(32, minimum=1, maximum=64, help="topic codes per item at most")
    pieces: int = setting(10, minimum=1, maximum=100, help="product: codes per item")
    components: int = setting(32, minimum=1, maximum=90, help="pca: columns at most")
    rho: float = setting(0.2, minimum=0, maximum=1, help="entities with a lower rho are left out")
    entity_values: str = setting(
        "auto",
        choices=("auto", "entities", "categories"),
        help="what stands for an item's entities: entities: their titles, in ENTITIES; categories: "
        "Wikipedia's categories of these, in ENTITY_CATEGORIES; auto: entities, or their "
        "categories where fewer than 70 % of the items keep an entity and so many a category",
    )
    seed: int = setting(0, minimum=0, help="start of the random generator")
    workers: int = setting(1, minimum=1, recorded=False, help="processes that link entities")

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class UserSettings(DatasetSettings):
    """How a Users dataset is made."""

    id: str = setting("id", metavar="COL", help="column that holds the user's id")


@dataclass(frozen=True, kw_only=True)
class InteractionSettings(DatasetSettings):
    """How an Interactions dataset is made."""

    user: str = setting("user_id", metavar="COL", help="column that holds the user's id")
    item: str = setting("item_id", metavar="COL", help="column that holds the item's id")
    timestamp: str = setting(
        "timestamp",
        metavar="COL",
        help="column with the time, in seconds since 1970 or as ISO 8601 has it",
    )
    event_type: str | None = setting(None, metavar="COL", help="column with the event's type")
    event_value: str | None = setting(None, metavar="COL", help="column with the event's value")


@dataclass(frozen=True, kw_only=True)
class CheckSettings:
    """How a dataset is checked."""

    domain: str | None = setting(
        None,
        choices=tuple(Domain),
        help="kind of the dataset group that it is for; by default what the folder says, else "
        "CUSTOM",
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
