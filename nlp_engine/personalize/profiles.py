"""What a dataset of each type must and may have: custom dataset groups, and AWS's two domains.

From its developer guide: "Custom datasets and schemas", "VIDEO_ON_DEMAND datasets and schemas",
"ECOMMERCE datasets and schemas".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nlp_engine.personalize import limits
from nlp_engine.personalize.schema import (
    CREATION_TIMESTAMP,
    EVENT_TYPE,
    ITEM_ID,
    TIMESTAMP,
    USER_ID,
    Column,
    DatasetType,
)


class Domain(StrEnum):
    """The kinds of dataset groups."""

    CUSTOM = "CUSTOM"
    VIDEO_ON_DEMAND = "VIDEO_ON_DEMAND"
    ECOMMERCE = "ECOMMERCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules of one dataset type in one kind of dataset group.

    Attributes:
        ids: Columns that name a user or an item.
        key: The column whose values are all different; None in Interactions.
        required: Columns that the schema must have, `ids` among them.
        reserved: Columns that, if the schema has them, must be of this kind.
        max_columns: Metadata columns at most.
        needs_metadata: Whether one column beside the ids is required.
        event_types: Event types that the domain's use cases are made for.
    """

    ids: Sequence[str]
    key: str | None
    required: Sequence[Column]
    reserved: Sequence[Column] = ()
    max_columns: int
    needs_metadata: bool = True
    event_types: Sequence[str] = ()

    def is_metadata(self, name: str) -> bool:
        """Whether a column counts as metadata: it is no id and, in Interactions, not reserved."""
        if self.needs_metadata:
            return name not in self.ids
        return not any(name == column.name for column in (*self.required, *self.reserved))


def profile(dataset: DatasetType, domain: Domain = Domain.CUSTOM) -> Profile:
    """The rules of a dataset type in a kind of dataset group."""
    return _PROFILES[domain][dataset]


def reserved_words(dataset: DatasetType, domain: Domain = Domain.CUSTOM) -> frozenset[str]:
    """Names of required and reserved columns, which may not be values in the data."""
    chosen = profile(dataset, domain)
    return frozenset(column.name for column in (*chosen.required, *chosen.reserved))


def _string(name: str) -> Column:
    return Column(name=name, nullable=False)


def _categories(*names: str) -> list[Column]:
    return [Column(name=name, categorical=True) for name in names]


def _interactions(*required: Column, event_types: Sequence[str] = ()) -> Profile:
    timestamp = Column(name=TIMESTAMP, type="long", nullable=False)
    optional = ("IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE")
    return Profile(
        ids=(USER_ID, ITEM_ID),
        key=None,
        required=(_string(USER_ID), _string(ITEM_ID), timestamp, *required),
        reserved=[
            *([] if required else [Column(name=EVENT_TYPE)]),
            Column(name="EVENT_VALUE", type="float"),
            *(Column(name=name) for name in optional),
        ],
        max_columns=limits.MAX_INTERACTION_COLUMNS,
        needs_metadata=False,
        event_types=event_types,
    )


def _items(required: Sequence[Column] = (), reserved: Sequence[Column] = ()) -> Profile:
    return Profile(
        ids=(ITEM_ID,),
        key=ITEM_ID,
        required=(_string(ITEM_ID), *required),
        reserved=reserved,
        max_columns=limits.MAX_ITEM_COLUMNS,
    )


def _users(reserved: Sequence[Column] = ()) -> Profile:
    return Profile(
        ids=(USER_ID,),
        key=USER_ID,
        required=(_string(USER_ID),),
        reserved=reserved,
        max_columns=limits.MAX_USER_COLUMNS,
    )


# Null in CREATION_TIMESTAMP is not listed; missing times are documented to be inferred.
_CREATED = Column(name=CREATION_TIMESTAMP, type="long")
_PRICE = Column(name="PRICE", type="float", nullable=False)
_DESCRIPTION = Column(name="PRODUCT_DESCRIPTION", textual=True)
_REQUIRED_EVENT_TYPE = Column(name=EVENT_TYPE, nullable=False)

_PROFILES: Mapping[Domain, Mapping[DatasetType, Profile]] = {
    Domain.CUSTOM: {
        DatasetType.INTERACTIONS: _interactions(),
        DatasetType.ITEMS: _items(reserved=[_CREATED]),
        DatasetType.USERS: _users(),
    },
    Domain.VIDEO_ON_DEMAND: {
        DatasetType.INTERACTIONS: _interactions(
            _REQUIRED_EVENT_TYPE, event_types=("Watch", "Click")
        ),
        DatasetType.ITEMS: _items(
            required=[
                Column(name=CREATION_TIMESTAMP, type="long", nullable=False),
                Column(name="GENRES", nullable=False, categorical=True),
            ],
            reserved=[
                _PRICE,
                Column(name="DURATION", type="float", nullable=False),
                *_categories("GENRE_L2", "GENRE_L3", "CONTENT_OWNER", "CONTENT_CLASSIFICATION"),
                Column(name="AVERAGE_RATING", type="float"),
                _DESCRIPTION,
            ],
        ),
        DatasetType.USERS: _users(_categories("SUBSCRIPTION_MODEL")),
    },
    Domain.ECOMMERCE: {
        DatasetType.INTERACTIONS: _interactions(
            _REQUIRED_EVENT_TYPE, event_types=("View", "Purchase")
        ),
        DatasetType.ITEMS: _items(
            required=[_PRICE, Column(name="CATEGORY_L1", nullable=False, categorical=True)],
            reserved=[
                Column(name=CREATION_TIMESTAMP, type="float", nullable=False),
                *_categories("CATEGORY_L2", "CATEGORY_L3", "AGE_GROUP", "ADULT", "GENDER"),
                _DESCRIPTION,
            ],
        ),
        DatasetType.USERS: _users(_categories("MEMBERSHIP_STATUS")),
    },
}
