from __future__ import annotations

import datetime
from typing import Any

import pytest

from nlp_engine.errors import SettingError
from nlp_engine.personalize.entity_types import default_types
from nlp_engine.personalize.mapping import (
    Field,
    categories,
    cell_maker,
    column_name,
    joined_text,
    shortened,
)
from nlp_engine.personalize.profiles import Domain, profile
from nlp_engine.personalize.schema import Column, DatasetType

CUSTOM = profile(DatasetType.ITEMS)
DAY = datetime.date(2019, 10, 2)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1570003267, 1570003267),
        (1570003267.0, 1570003267),
        ("1570003267", "1570003267"),
        ("2019-10-02", 1569974400),
        (DAY, 1569974400),
        ("2019-10-02T07:41:07Z", 1570002067),
        ("2019-10-02 09:41:07+02:00", 1570002067),
        (datetime.datetime(2019, 10, 2, 7, 41, 7), 1570002067),
        ("next week", "next week"),
        ("a-b", "a-b"),
        (None, None),
        ("", None),
    ],
)
def test_times_in_any_form(value: Any, seconds: Any) -> None:
    make = cell_maker(Column(name="CREATION_TIMESTAMP", type="long"))
    assert make(value) == seconds


@pytest.mark.parametrize(
    ("type", "value", "cell"),
    [
        ("long", 3.0, 3), ("long", 3.5, 3.5), ("long", " 7 ", "7"), ("long", float("nan"), None),
        ("long", True, 1), ("float", float("nan"), None), ("float", "", None), ("float", 0, 0),
        ("string", " a\n b ", "a b"), ("string", "", None), ("string", 5, "5"),
    ],
)  # fmt: skip
def test_cells_of_native_values(type: str, value: Any, cell: Any) -> None:
    assert cell_maker(Column(name="X", type=type))(value) == cell


def test_categories_of_lists_and_texts() -> None:
    assert categories(["a", "b|c", " a ", None, 5]) == ["a", "b c", "5"]
    assert categories("a|b||a| c") == ["a", "b", "c"]
    assert categories(None) == categories("") == []


def test_names_of_columns() -> None:
    assert column_name("Product type (main)") == "PRODUCT_TYPE_MAIN"
    field = Field.of("kind=GENRES", CUSTOM, categorical=True)
    assert (field.source, field.column) == ("kind", Column(name="GENRES", categorical=True))
    video = profile(DatasetType.ITEMS, Domain.VIDEO_ON_DEMAND)
    assert not Field.of("genres", video, categorical=True).column.nullable
    for mapping in ("=X", "x=", ""):
        with pytest.raises(SettingError, match="names no column"):
            Field.of(mapping, CUSTOM)


def test_texts_end_between_words_if_one_is_near() -> None:
    assert shortened("one two three", 13) == "one two three"
    assert shortened("one two three", 12) == "one two"
    assert shortened("one two three", 7) == "one two"
    assert shortened("字" * 100, 10) == "字" * 10
    assert shortened("a " + "x" * 100, 90) == "a " + "x" * 88


def test_the_title_leads_the_text() -> None:
    assert joined_text(["about\nit", None, "", "more"], "Title", 100) == "Title. about it more"
    assert joined_text(["Title is it"], "Title", 100) == "Title is it"
    assert joined_text([""], "Title", 100) == "Title"
    assert joined_text([None], None, 100) == ""


@pytest.mark.parametrize(
    ("category", "types"),
    [
        ("1809 births", {"PEOPLE"}),
        ("living people", {"PEOPLE"}),
        ("countries in europe", {"PLACES"}),
        ("member states of nato", {"PLACES"}),
        ("french-speaking countries and territories", {"PLACES"}),
        ("confederate states army full generals", set()),
        ("organizations established in 1918", {"ORGANIZATIONS"}),
        ("computer companies of the united states", {"ORGANIZATIONS"}),
        ("films directed by allan dwan", set()),
    ],
)
def test_types_of_english_categories(category: str, types: set[str]) -> None:
    known = default_types("en")
    assert {name for name, pattern in known.items() if pattern.search(category)} == types
    assert "PEOPLE" in default_types("de")
