"""Single records as AWS's own API model and documentation want them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import botocore.validate
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.errors import InputError
from nlp_engine.personalize import limits
from nlp_engine.personalize.schema import Column
from nlp_engine.personalize.sending import requests
from nlp_engine.personalize.sending.datasets import DatasetRecords
from nlp_engine.personalize.sending.event_file import EventFile
from nlp_engine.personalize.sending.put import requests as dry_run
from nlp_engine.personalize.sending.requests import Request, property_name
from tests.personalize.aws_stub import ITEMS_ARN, USERS_ARN
from tests.personalize.catalogues import (
    HOSTILE,
    plain_event,
    plain_items,
    write_dataset,
    write_events,
)

GOLDEN = Path(__file__).with_name("put_items_golden.json")


@pytest.fixture(scope="module")
def operations() -> Any:
    session = botocore.session.get_session()
    return session.get_service_model("personalize-events").operation_model


def report(operations: Any, request: Request) -> str:
    """What botocore finds wrong."""
    shape = operations(request.operation).input_shape
    found = botocore.validate.ParamValidator().validate(request.parameters, shape)
    return str(found.generate_report())


def test_put_items_of_a_hostile_catalogue_byte_by_byte(tmp_path: Path, operations: Any) -> None:
    folder = write_dataset(tmp_path / "items", HOSTILE)
    (request,) = dry_run(DatasetRecords("items", folder, ITEMS_ARN))
    golden = GOLDEN.read_text(encoding="utf-8")
    golden = golden.replace("{256 x}", "x" * 256).replace("{20001 t}", "t" * 20_001)
    assert json.dumps(request.parameters, ensure_ascii=False, indent=2) + "\n" == golden
    assert report(operations, request) == ""
    for item in request.parameters["items"]:
        properties = json.loads(item.get("properties", "{}"))
        assert all(type(value) is str for value in properties.values())


def test_25_items_are_three_calls(tmp_path: Path, operations: Any) -> None:
    folder = write_dataset(tmp_path / "items", plain_items(25))
    calls = list(dry_run(DatasetRecords("items", folder, ITEMS_ARN)))
    assert [len(call.parameters["items"]) for call in calls] == [10, 10, 5]
    assert [item["itemId"] for call in calls for item in call.parameters["items"]] == [
        f"i{n}" for n in range(25)
    ]
    assert {report(operations, call) for call in calls} == {""}


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("GENRES", "genres"),
        ("CREATION_TIMESTAMP", "creationTimestamp"),
        ("CATEGORY_L1", "categoryL1"),
        ("GENRE_L2_X", "genreL2X"),
        ("numberOfRatings", "numberOfRatings"),
        ("genres", "genres"),
        ("_HIDDEN", "hidden"),
        ("EMB_01", "emb01"),
        ("_", "_"),
    ],
)
def test_names_of_properties(column: str, name: str) -> None:
    assert property_name(column) == name


def test_names_that_may_not_be_found_again() -> None:
    assert requests.doubtful_names(["EMB_01", "EMB_AA", "CATEGORY_L1", "X1"]) == ["EMB_01"]


@given(st.dictionaries(st.from_regex(r"[A-Z]{1,8}", fullmatch=True), st.text(max_size=50)))
def test_properties_are_the_same_values_again(values: dict[str, str]) -> None:
    found = requests.item({"ITEM_ID": "a", **values})
    assert json.loads(found.get("properties", "{}")) == {k.lower(): v for k, v in values.items()}


def test_properties_have_a_limit() -> None:
    frame = len('{"text":""}')
    most = limits.MAX_ITEM_PROPERTIES_CHARACTERS
    longest = {"ITEM_ID": "a", "TEXT": "é" * (most - frame)}
    assert len(requests.item(longest)["properties"]) == 32_000
    with pytest.raises(ValueError, match="32001 characters; PutItems allows 32000"):
        requests.item({"ITEM_ID": "a", "TEXT": "é" * (most - frame + 1)})
    with pytest.raises(ValueError, match="PutUsers allows 24000"):
        requests.user({"USER_ID": "a", "TEXT": "x" * 24_000})


@pytest.mark.parametrize("id", ["", "x" * 257])
def test_ids_have_a_limit(id: str) -> None:
    with pytest.raises(ValueError, match=f"column ITEM_ID: {len(id)} characters; 1 to 256"):
        requests.item({"ITEM_ID": id, "TEXT": "t"})


def test_items_over_a_limit_are_named_before_anything_is_sent(tmp_path: Path) -> None:
    rows = [*plain_items(2), {"ITEM_ID": "c", "CREATION_TIMESTAMP": 1, "DESCRIPTION": "d" * 32_000}]
    folder = write_dataset(tmp_path / "items", rows)
    with pytest.raises(InputError, match=r"items\.csv, row 3: the properties have 3\d+ characters"):
        next(dry_run(DatasetRecords("items", folder, ITEMS_ARN)))


def test_events_are_gathered_by_session(tmp_path: Path, operations: Any) -> None:
    events = [plain_event(n) for n in range(100)]
    path = write_events(tmp_path / "events.jsonl", events)
    calls = list(dry_run(EventFile(path, "tracker")))
    assert {report(operations, call) for call in calls} == {""}
    assert all(1 <= len(call.parameters["eventList"]) <= 10 for call in calls)
    assert len(calls) == 14  # 7 sessions of 14 or 15 events
    found = [
        {**event, "userId": call.parameters["userId"], "sessionId": call.parameters["sessionId"]}
        for call in calls
        for event in call.parameters["eventList"]
    ]
    assert sorted(found, key=lambda e: e["sentAt"]) == events
    of_one = [e["sentAt"] for e in found if e["sessionId"] == "s3"]
    assert of_one == sorted(of_one)


def test_an_anonymous_event(tmp_path: Path, operations: Any) -> None:
    event = plain_event(1)
    del event["userId"]
    path = write_events(tmp_path / "events.jsonl", [event])
    (call,) = dry_run(EventFile(path, "tracker"))
    assert "userId" not in call.parameters
    assert report(operations, call) == ""


def test_the_rules_are_those_of_the_domain(tmp_path: Path) -> None:
    columns = [
        Column(name="ITEM_ID", nullable=False),
        Column(name="PRICE", type="float", nullable=False),
        Column(name="CATEGORY_L1", categorical=True, nullable=False),
    ]
    row = {"ITEM_ID": "a", "PRICE": 1, "CATEGORY_L1": "shoes"}
    folder = write_dataset(tmp_path / "items", [row], columns)
    shop = DatasetRecords("items", folder, ITEMS_ARN, domain="ECOMMERCE")
    (call,) = dry_run(shop)
    assert call.parameters["items"][0]["properties"] == '{"price":"1.0","categoryL1":"shoes"}'
    with pytest.raises(InputError, match="CREATION_TIMESTAMP: the schema needs"):
        list(dry_run(DatasetRecords("items", folder, ITEMS_ARN, domain="VIDEO_ON_DEMAND")))


@pytest.mark.parametrize(
    ("unit", "arn", "message"),
    [
        ("items", "films", "no ARN of Personalize"),
        ("items", "arn:aws:s3:::bucket", "no ARN of Personalize"),
        ("items", USERS_ARN, "must end in /ITEMS"),
    ],
)
def test_wrong_places(tmp_path: Path, unit: str, arn: str, message: str) -> None:
    folder = write_dataset(tmp_path / "items", plain_items(1))
    with pytest.raises(InputError, match=message):
        DatasetRecords(unit, folder, arn)
