"""Which columns of a source become which columns of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from nlp_engine.corpus.sources import Row
from nlp_engine.errors import SettingError
from nlp_engine.personalize import limits
from nlp_engine.personalize.mapping import Field, joined_text
from nlp_engine.personalize.profiles import Domain, Profile, profile
from nlp_engine.personalize.schema import (
    CREATION_TIMESTAMP,
    EVENT_TYPE,
    ITEM_ID,
    TIMESTAMP,
    USER_ID,
    Column,
    DatasetType,
)
from nlp_engine.personalize.settings import (
    DatasetSettings,
    InteractionSettings,
    ItemSettings,
    UserSettings,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeFields:
    """Columns that are passed on.

    Attributes:
        categories: As categories, of which the most frequent ones stay in Items.
        others: Numbers and plain texts.
    """

    categories: Sequence[Field]
    others: Sequence[Field]

    @classmethod
    def of(cls, chosen: DatasetSettings, rules: Profile) -> Self:
        """What settings name."""
        return cls(
            categories=[Field.of(name, rules, categorical=True) for name in chosen.categories],
            others=[
                *(Field.of(name, rules, type="float") for name in chosen.numbers),
                *(Field.of(name, rules, type="long") for name in chosen.integers),
                *(Field.of(name, rules) for name in chosen.strings),
            ],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPlan:
    """What an Items dataset is made of.

    Attributes:
        id: The items' ids.
        title: Their titles.
        timestamp: Their times of creation.
        native: Further columns.
        text: The source's columns that hold texts.
        text_column: The dataset's column for them.
    """

    id: Field
    title: Field | None
    timestamp: Field | None
    native: NativeFields
    text: Sequence[str]
    text_column: Column

    @classmethod
    def of(cls, chosen: ItemSettings) -> Self:
        """What settings name.

        Raises:
            SettingError: They contradict each other.
        """
        if chosen.item_name and not chosen.title:
            raise SettingError("item_name marks the title; name the column that holds it by title")
        rules = profile(DatasetType.ITEMS, Domain(chosen.domain))
        is_custom = chosen.domain == Domain.CUSTOM
        text_name = "DESCRIPTION" if is_custom else "PRODUCT_DESCRIPTION"
        title = Column(name="TITLE", item_name=chosen.item_name)
        time = Column(name=CREATION_TIMESTAMP, type="long", nullable=False)
        return cls(
            id=_id(chosen.id, ITEM_ID),
            title=Field(source=chosen.title, column=title) if chosen.title else None,
            timestamp=Field(source=chosen.timestamp, column=time) if chosen.timestamp else None,
            native=NativeFields.of(chosen, rules),
            text=chosen.text,
            text_column=Column(name=text_name, textual=True),
        )

    @property
    def sources(self) -> list[str]:
        """The source's columns that are read."""
        fields = [self.id, self.title, self.timestamp, *self.native.categories, *self.native.others]
        return [*(field.source for field in fields if field), *self.text]

    def text_of(self, row: Row, language: str) -> str:
        """An item's text in one line, its title first, as long as Personalize reads it."""
        title = None
        if self.title and self.title.source not in self.text:
            title = " ".join(str(row[self.title.source] or "").split())
        most = limits.max_text_characters(language)
        return joined_text([row[name] for name in self.text], title, most)


def user_fields(chosen: UserSettings) -> tuple[Field, NativeFields]:
    """The id of a Users dataset and its other columns."""
    rules = profile(DatasetType.USERS, Domain(chosen.domain))
    return _id(chosen.id, USER_ID), NativeFields.of(chosen, rules)


def interaction_fields(chosen: InteractionSettings) -> tuple[list[Field], NativeFields]:
    """The ids of an Interactions dataset and its other columns."""
    rules = profile(DatasetType.INTERACTIONS, Domain(chosen.domain))
    native = NativeFields.of(chosen, rules)
    time = Column(name=TIMESTAMP, type="long", nullable=False)
    reserved = [Field(source=chosen.timestamp, column=time)]
    if chosen.event_type:
        reserved.append(Field.of(f"{chosen.event_type}={EVENT_TYPE}", rules))
    if chosen.event_value:
        reserved.append(Field.of(f"{chosen.event_value}=EVENT_VALUE", rules, type="float"))
    others = NativeFields(categories=native.categories, others=[*reserved, *native.others])
    return [_id(chosen.user, USER_ID), _id(chosen.item, ITEM_ID)], others


def _id(source: str, name: str) -> Field:
    return Field(source=source, column=Column(name=name, nullable=False))
