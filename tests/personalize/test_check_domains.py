"""Users, Interactions, and the rules of AWS's two domains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nlp_engine.errors import FormatError
from nlp_engine.personalize.check import Finding, check_dataset
from nlp_engine.personalize.schema import Column, DatasetType, dataset_schema, schema_json

USER_ID = Column(name="USER_ID", nullable=False)
ITEM_ID = Column(name="ITEM_ID", nullable=False)
TIMESTAMP = Column(name="TIMESTAMP", type="long", nullable=False)
EVENT_TYPE = Column(name="EVENT_TYPE", nullable=False)
EVENTS = [USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE]


def check(
    folder: Path, dataset: DatasetType, columns: list[Column], rows: list[str], **options: Any
) -> list[Finding]:
    (folder / "schema.json").write_text(schema_json(dataset_schema(dataset, columns)))
    header = ",".join(column.name for column in columns)
    (folder / "data.csv").write_text("\n".join([header, *rows, ""]))
    return check_dataset(folder, **options)


def rules(findings: list[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.rule, finding.column) for finding in findings]


def interactions(users: int = 500, type: str = "Watch") -> list[str]:
    return [f"u{i % users},i{i},{1_500_000_000 + i},{type}" for i in range(1000)]


def test_good_interactions(tmp_path: Path) -> None:
    assert check(tmp_path, DatasetType.INTERACTIONS, EVENTS, interactions()) == []


def test_the_same_user_and_item_may_occur_again(tmp_path: Path) -> None:
    rows = ["u1,i1,1500000000,Watch"] * 2 + interactions()
    assert check(tmp_path, DatasetType.INTERACTIONS, EVENTS, rows) == []


def test_too_few_interactions(tmp_path: Path) -> None:
    findings = check(tmp_path, DatasetType.INTERACTIONS, EVENTS, interactions()[:-1])
    assert rules(findings) == [("too-few-interactions", None)]
    assert "999 interactions; an import needs 1,000" in findings[0].message


def test_too_few_active_users(tmp_path: Path) -> None:
    findings = check(tmp_path, DatasetType.INTERACTIONS, EVENTS, interactions(users=24))
    assert rules(findings) == [("too-few-users", "USER_ID")]
    assert findings[0].message == "24 of 24 users have 2 interactions; training needs 25 such users"
    rows = [f"u{i},i,1,Watch" for i in range(2600)] + [f"u{i},j,1,Watch" for i in range(25)]
    findings = check(tmp_path, DatasetType.INTERACTIONS, EVENTS, rows)
    assert findings[0].message.endswith("training needs 26 such users")


def test_event_types_and_columns_are_limited_together(tmp_path: Path) -> None:
    rows = [line + str(n % 10) for n, line in enumerate(interactions())]
    findings = check(tmp_path, DatasetType.INTERACTIONS, EVENTS, rows)
    assert rules(findings) == [("event-types", "EVENT_TYPE")]
    assert "10 event types and 1 optional columns; 10 are allowed together" in findings[0].message
    rows = [line + str(n % 9) for n, line in enumerate(interactions())]
    assert check(tmp_path, DatasetType.INTERACTIONS, EVENTS, rows) == []


def test_kinds_of_columns_in_interactions(tmp_path: Path) -> None:
    categorical = Column(name="EVENT_TYPE", categorical=True)
    found = check(tmp_path, DatasetType.INTERACTIONS, [*EVENTS[:3], categorical], interactions())
    assert rules(found) == [("reserved-column", "EVENT_TYPE")]
    own = [Column(name=f"C{letter}", type="int") for letter in "ABCDEF"]
    rows = [line + ",1" * 6 for line in interactions()]
    found = check(tmp_path, DatasetType.INTERACTIONS, [*EVENTS, *own], rows)
    assert rules(found) == [("columns", None)]
    text = Column(name="TEXT", textual=True)
    rows = [line + ',"t"' for line in interactions()]
    found = check(tmp_path, DatasetType.INTERACTIONS, [*EVENTS, text], rows)
    assert rules(found) == [("column-kind", "TEXT")]


def test_reserved_words_as_event_types(tmp_path: Path) -> None:
    findings = check(tmp_path, DatasetType.INTERACTIONS, EVENTS, interactions(type="EVENT_TYPE"))
    assert {finding.rule for finding in findings} == {"reserved-word"}


def test_users(tmp_path: Path) -> None:
    columns = [USER_ID, Column(name="AGE", type="int")]
    assert check(tmp_path, DatasetType.USERS, columns, ["u1,31", "u2,32"]) == []
    findings = check(tmp_path, DatasetType.USERS, columns, ["u1,31", "u1,32"])
    assert rules(findings) == [("duplicate-id", "USER_ID")]
    many = [Column(name=f"C{chr(65 + n)}", type="int") for n in range(26)]
    found = check(tmp_path, DatasetType.USERS, [USER_ID, *many], ["u1" + ",1" * 26])
    assert rules(found) == [("columns", None)]
    assert "26 metadata fields; 25 allowed" in found[0].message


@pytest.mark.parametrize(
    ("domain", "dataset", "columns", "row", "expected"),
    [
        ("VIDEO_ON_DEMAND", "Items", [ITEM_ID, Column(name="GENRE", categorical=True)], "a,x",
         {("required-column", "GENRES"), ("required-column", "CREATION_TIMESTAMP")}),
        ("VIDEO_ON_DEMAND", "Items",
         [ITEM_ID, Column(name="GENRES", categorical=True, nullable=False),
          Column(name="CREATION_TIMESTAMP", type="long", nullable=False)], "a,x,1", set()),
        ("VIDEO_ON_DEMAND", "Items",
         [ITEM_ID, Column(name="GENRES", nullable=False),
          Column(name="CREATION_TIMESTAMP", type="long", nullable=False),
          Column(name="DURATION", type="int", nullable=False)], "a,x,1,2",
         {("reserved-column", "GENRES"), ("reserved-column", "DURATION")}),
        ("ECOMMERCE", "Items", [ITEM_ID, Column(name="PRICE", type="double", nullable=False)],
         "a,1.5", {("required-column", "CATEGORY_L1"), ("reserved-column", "PRICE")}),
        ("ECOMMERCE", "Items",
         [ITEM_ID, Column(name="PRICE", type="float", nullable=False),
          Column(name="CATEGORY_L1", categorical=True, nullable=False),
          Column(name="CREATION_TIMESTAMP", type="float", nullable=False),
          Column(name="PRODUCT_DESCRIPTION", textual=True)], 'a,1.5,x,1570003267,"t"', set()),
        ("CUSTOM", "Items",
         [ITEM_ID, Column(name="CREATION_TIMESTAMP", type="float", nullable=False)], "a,1",
         {("reserved-column", "CREATION_TIMESTAMP")}),
        ("ECOMMERCE", "Users", [USER_ID, Column(name="MEMBERSHIP_STATUS")], "u,gold",
         {("reserved-column", "MEMBERSHIP_STATUS"), ("not-in-training", None)}),
        ("VIDEO_ON_DEMAND", "Users", [USER_ID, Column(name="SUBSCRIPTION_MODEL", categorical=True)],
         "u,gold", set()),
    ],
)  # fmt: skip
def test_what_domains_ask_for(
    tmp_path: Path,
    domain: str,
    dataset: str,
    columns: list[Column],
    row: str,
    expected: set[tuple[str, str | None]],
) -> None:
    found = check(tmp_path, DatasetType(dataset), columns, [row], domain=domain)
    assert set(rules(found)) == expected


def test_event_types_that_domains_are_made_for(tmp_path: Path) -> None:
    rows = interactions(type="Click")
    found = check(tmp_path, DatasetType.INTERACTIONS, EVENTS, rows, domain="VIDEO_ON_DEMAND")
    assert [f.message for f in found] == [
        "no event Watch, which recommenders of VIDEO_ON_DEMAND are made for; rename your event "
        "types"
    ]
    found = check(tmp_path, DatasetType.INTERACTIONS, EVENTS[:3], [r[:-6] for r in interactions()],
                  domain="ECOMMERCE")  # fmt: skip
    assert rules(found) == [("required-column", "EVENT_TYPE")]


def test_fields_in_no_known_form(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(json.dumps({"name": "Items", "fields": [{"name": "A"}]}))
    (tmp_path / "items.csv").write_text("A\n")
    with pytest.raises(FormatError, match="no Avro record schema"):
        check_dataset(tmp_path)
