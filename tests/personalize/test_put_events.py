"""Events as people send them: what is right, and each thing that may be wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.personalize.sending.events import BadEvent, make_event, read_event
from tests.personalize.aws_stub import checked_events

GOOD = {
    "userId": "u",
    "sessionId": "s",
    "eventType": "click",
    "itemId": "i",
    "sentAt": 1_700_000_000,
}
FULL = GOOD | {
    "eventId": "e1",
    "eventValue": 4,
    "properties": {"NUMBER_OF_RATINGS": 12, "discount": 0.5, "tags": ["a", "b"], "none": None},
    "recommendationId": "r",
    "impression": ["i", 7],
    "metricAttribution": {"eventAttributionSource": "mail"},
}


def problems(value: Any, **more: Any) -> set[tuple[str, str]]:
    try:
        make_event(value, **more)
    except BadEvent as error:
        return {(problem.rule, problem.field) for problem in error.problems}
    return set()


def test_an_event_byte_by_byte() -> None:
    event = make_event(FULL)
    assert (event.user_id, event.session_id) == ("u", "s")
    assert event.to_json() == (
        '{"userId":"u","sessionId":"s","eventId":"e1","eventType":"click","eventValue":4.0,'
        '"itemId":"i","properties":"{\\"numberOfRatings\\":\\"12\\",\\"discount\\":\\"0.5\\",'
        '\\"tags\\":\\"a|b\\"}","sentAt":1700000000,"recommendationId":"r","impression":["i","7"],'
        '"metricAttribution":{"eventAttributionSource":"mail"}}'
    )
    assert read_event(event.to_json()) == event


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"sessionId": None}, "missing", "sessionId"),
        ({"sessionId": ""}, "length", "sessionId"),
        ({"userId": "u" * 257}, "length", "userId"),
        ({"eventType": None}, "missing", "eventType"),
        ({"eventType": ["click"]}, "type", "eventType"),
        ({"itemId": "i" * 257}, "length", "itemId"),
        ({"itemId": "\ud800"}, "characters", "itemId"),
        ({"sentAt": None}, "missing", "sentAt"),
        ({"sentAt": 1_700_000_000_000}, "milliseconds", "sentAt"),
        ({"sentAt": "yesterday"}, "time", "sentAt"),
        ({"sentAt": "2024-01-01T00:00:00"}, "time", "sentAt"),
        ({"sentAt": True}, "time", "sentAt"),
        ({"sentAt": -5}, "time", "sentAt"),
        ({"sentAt": float("inf")}, "time", "sentAt"),
        ({"eventValue": "4"}, "type", "eventValue"),
        ({"eventValue": 1e39}, "not-finite", "eventValue"),
        ({"eventValue": 10**400}, "not-finite", "eventValue"),
        ({"properties": "{half"}, "json", "properties"),
        ({"properties": [1]}, "type", "properties"),
        ({"properties": {"a": {"b": 1}}}, "type", "properties.a"),
        ({"properties": {"USER_ID": "x"}}, "reserved", "properties.USER_ID"),
        ({"properties": {"TimeStamp": 1}}, "reserved", "properties.TimeStamp"),
        ({"properties": {"A_B": 1, "aB": 2}}, "repeated", "properties.aB"),
        ({"properties": {"a": "x" * 1017}}, "length", "properties"),
        ({"recommendationId": "r" * 41}, "length", "recommendationId"),
        ({"impression": []}, "impression", "impression"),
        ({"impression": ["i"] * 26}, "impression", "impression"),
        ({"impression": ["i", ""]}, "length", "impression[1]"),
        ({"impression": "i"}, "impression", "impression"),
        ({"metricAttribution": "mail"}, "type", "metricAttribution"),
        (
            {"metricAttribution": {"eventAttributionSource": "é"}},
            "characters",
            "metricAttribution.eventAttributionSource",
        ),
        ({"evenType": "click"}, "unknown", "evenType"),
    ],
)
def test_everything_that_may_be_wrong(change: dict[str, Any], rule: str, field: str) -> None:
    assert problems(GOOD | change) == {(rule, field)}


def test_all_problems_are_named_at_once() -> None:
    assert problems({"sentAt": "x", "eventValue": "y"}) == {
        ("missing", "sessionId"), ("missing", "eventType"), ("time", "sentAt"),
        ("type", "eventValue"),
    }  # fmt: skip


@pytest.mark.parametrize("value", [None, [], "text", 5, True])
def test_what_is_no_event(value: Any) -> None:
    assert problems(value) == {("type", "")}


@pytest.mark.parametrize("text", ["", "{", '{"a":NaN}', "[" * 100_000, "9" * 5000, b"\xff\xfe"])
def test_what_is_no_json(text: str | bytes) -> None:
    with pytest.raises(BadEvent) as error:
        read_event(text)
    assert error.value.problems[0].rule in ("json", "type")


def test_limits_are_inclusive() -> None:
    longest = {
        "userId": "u" * 256, "sessionId": "s" * 256, "itemId": "i" * 256, "eventId": "e" * 256,
        "recommendationId": "r" * 40, "properties": {"a": "x" * 1016}, "impression": ["j"] * 25,
    }  # fmt: skip
    event = make_event(GOOD | longest)
    assert len(event.body["properties"]) == 1024
    call = {"trackingId": "t", "userId": event.user_id, "sessionId": event.session_id}
    assert list(checked_events({**call, "eventList": [event.body]}, "t"))


def test_an_event_over_10_kilobytes() -> None:
    assert problems(GOOD | {"impression": ["日" * 256] * 25}) == {("size", "")}


def test_times() -> None:
    def seconds(sent_at: Any) -> Any:
        return make_event(GOOD | {"sentAt": sent_at}).body["sentAt"]

    assert seconds("2023-11-14T22:13:20Z") == 1_700_000_000
    assert seconds("2023-11-14T23:13:20.9+01:00") == 1_700_000_000
    assert seconds(1_700_000_000.9) == 1_700_000_000
    del (rest := dict(GOOD))["sentAt"]
    assert make_event(rest, now=5).body["sentAt"] == 5


def test_an_event_without_id_gets_the_same_one_each_time() -> None:
    first, again = make_event(GOOD), make_event(dict(reversed(GOOD.items())))
    assert first.body["eventId"] == again.body["eventId"]
    ids = {
        make_event(GOOD | change).body["eventId"]
        for change in ({}, {"userId": "v"}, {"sessionId": "t"}, {"itemId": "j"}, {"sentAt": 5})
    }
    assert len(ids) == 5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*FULL, "other"]), JSON))
def test_whatever_comes_is_refused_or_sendable(value: dict[str, Any]) -> None:
    try:
        event = make_event(GOOD | value)
    except BadEvent as error:
        assert error.problems
        return
    call = {"trackingId": "t", "sessionId": event.session_id, "eventList": [event.body]}
    assert list(checked_events(call, "t"))
    assert read_event(json.dumps(json.loads(event.to_json()))) == event
