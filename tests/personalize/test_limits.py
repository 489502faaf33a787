"""The limits beside those of the installed botocore's model: a new model may move one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from nlp_engine.personalize import limits

loaders = pytest.importorskip("botocore.loaders")


def shapes(service: str) -> dict[str, dict[str, Any]]:
    model = loaders.Loader().load_service_model(service, "service-2")
    found: dict[str, dict[str, Any]] = model["shapes"]
    return found


@pytest.mark.parametrize(
    ("service", "shape", "limit"),
    [
        ("personalize", "AvroSchema", limits.MAX_SCHEMA_CHARACTERS),
        ("personalize", "ColumnName", limits.MAX_COLUMN_NAME_CHARACTERS),
        ("personalize", "ColumnNamesList", limits.MAX_EXCLUDED_COLUMNS),
        ("personalize", "FilterExpression", limits.MAX_FILTER_CHARACTERS),
        ("personalize", "Name", limits.MAX_NAME_CHARACTERS),
        ("personalize-events", "ItemId", limits.MAX_ID_CHARACTERS),
        ("personalize-events", "UserId", limits.MAX_ID_CHARACTERS),
        ("personalize-events", "ItemList", limits.MAX_ITEMS_PER_PUT),
        ("personalize-events", "UserList", limits.MAX_USERS_PER_PUT),
        ("personalize-events", "EventList", limits.MAX_EVENTS_PER_PUT),
        ("personalize-events", "ItemProperties", limits.MAX_ITEM_PROPERTIES_CHARACTERS),
        ("personalize-events", "UserProperties", limits.MAX_USER_PROPERTIES_CHARACTERS),
        ("personalize-events", "EventPropertiesJSON", limits.MAX_EVENT_PROPERTIES_CHARACTERS),
        ("personalize-events", "StringType", limits.MAX_EVENT_TYPE_CHARACTERS),
        ("personalize-events", "Impression", limits.MAX_IMPRESSION_ITEMS),
        ("personalize-events", "RecommendationId", limits.MAX_RECOMMENDATION_ID_CHARACTERS),
    ],
)
def test_botocore_has_the_same_limit(service: str, shape: str, limit: int) -> None:
    assert shapes(service)[shape]["max"] == limit


@pytest.mark.parametrize("name", ["A", "_x9", "TOPIC_AA"])
def test_names_that_columns_of_this_package_have(name: str) -> None:
    assert re.fullmatch(shapes("personalize")["ColumnName"]["pattern"], name)


def test_chinese_and_japanese_texts_are_cut_earlier() -> None:
    assert limits.max_text_characters("en") == 20_000
    assert limits.max_text_characters("zh") == limits.max_text_characters("ja") == 7_000
