"""Events as people send them, checked, and as PutEvents takes them."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nlp_engine.errors import cut
from nlp_engine.personalize import limits
from nlp_engine.personalize.sending.requests import properties_json, property_name

_FORBIDDEN = frozenset(
    ("userid", "sessionid", "eventtype", "timestamp", "recommendationid", "impression")
)
_LATEST = 10**11  # seconds; milliseconds are beyond it
_WINDOW = 10_000  # events among which those of a session are gathered
_SCALARS = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an event.

    Attributes:
        rule: Short name of the rule.
        field: The event's field; empty for the whole event.
        message: What is wrong and what to do.
    """

    rule: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class BadEvent(ValueError):
    """An event that Personalize would not take.

    Args:
        problems: All that is wrong with it.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Event:
    """One checked event.

    Attributes:
        user_id: Whose it is; None while that is not known.
        session_id: Its session.
        body: The event as PutEvents has it, with `eventId`; `sentAt` in seconds since 1970.
    """

    user_id: str | None
    session_id: str
    body: Mapping[str, Any]

    def to_json(self) -> str:
        """The event in one line, as `read_event` takes it."""
        user = {} if self.user_id is None else {"userId": self.user_id}
        content = {**user, "sessionId": self.session_id, **self.body}
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def read_event(text: str | bytes, *, now: int | None = None) -> Event:
    """An event from JSON.

    Raises:
        BadEvent: It is no JSON, or breaks a rule.
    """
    return make_event(parse_json(text), now=now)


def parse_json(text: str | bytes) -> Any:
    """A value from JSON.

    Raises:
        BadEvent: It is none.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadEvent([Problem("json", "", f"no JSON: {error}")]) from error


def make_event(value: Any, *, now: int | None = None) -> Event:
    """Check an event.

    Args:
        value: An object with `sessionId`, `userId` and the fields of PutEvents' events.
            `properties` may be an object, whose names may be those of columns.
        now: What `sentAt` is if it is missing, in seconds; None if it must be there.

    Returns:
        The event. Without an `eventId` it gets one from its content, so that the same event sent
        twice counts once.

    Raises:
        BadEvent: With everything that is wrong.
    """
    if not isinstance(value, dict):
        raise BadEvent([Problem("type", "", f"an event is a JSON object, not {_kind(value)}")])
    reading = _Reading(value)
    session = reading.text("sessionId", limits.MAX_ID_CHARACTERS, required=True)
    user = reading.text("userId", limits.MAX_ID_CHARACTERS)
    body: dict[str, Any] = {
        "eventId": reading.text("eventId", limits.MAX_ID_CHARACTERS),
        "eventType": reading.text("eventType", limits.MAX_EVENT_TYPE_CHARACTERS, required=True),
        "eventValue": reading.number("eventValue"),
        "itemId": reading.text("itemId", limits.MAX_ID_CHARACTERS),
        "properties": reading.properties(),
        "sentAt": reading.time("sentAt", now),
        "recommendationId": reading.text(
            "recommendationId", limits.MAX_RECOMMENDATION_ID_CHARACTERS
        ),
        "impression": reading.impression(),
        "metricAttribution": reading.attribution(),
    }
    reading.check_rest()
    body = {name: found for name, found in body.items() if found is not None}
    if not reading.problems:
        event = Event(user, session or "", {"eventId": _event_id(user, session, body), **body})
        size = len(event.to_json().encode())
        if size <= limits.MAX_EVENT_BYTES:
            return event
        reading.wrong("size", "", f"{size} bytes; Personalize allows {limits.MAX_EVENT_BYTES}")
    raise BadEvent(reading.problems)


Numbered = tuple[int, Event]
"""An event and its place in what it came from."""


def sessions(events: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Events in lists that one call can take: of one user's session, as many as are allowed.

    Within a session their order stays.
    """
    window: dict[tuple[str | None, str], list[Numbered]] = {}
    waiting = 0
    for number, event in events:
        key = (event.user_id, event.session_id)
        group = window.setdefault(key, [])
        group.append((number, event))
        waiting += 1
        if len(group) == limits.MAX_EVENTS_PER_PUT:
            yield window.pop(key)
            waiting -= len(group)
        elif waiting >= _WINDOW:
            yield from window.values()
            window, waiting = {}, 0
    yield from window.values()


def _event_id(user: str | None, session: str | None, body: Mapping[str, Any]) -> str:
    content = json.dumps([user, session, body], sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:32]


class _Reading:
    """Reads the fields of one event and gathers what is wrong."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._value = value
        self._known: set[str] = set()
        self.problems: list[Problem] = []

    def wrong(self, rule: str, field: str, message: str) -> None:
        self.problems.append(Problem(rule, field, message))

    def text(self, field: str, most: int, *, required: bool = False) -> str | None:
        value = self._get(field, required=required)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # ids are often numbers
        if value is None:
            return None
        return value if self._is_text(field, value, most) else None

    def number(self, field: str) -> float | None:
        value = self._get(field)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong("type", field, f"must be a number, not {_kind(value)}")
            return None
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if abs(number) > 3.4e38:  # a float of 32 bits
            self.wrong("not-finite", field, "must be a finite number")
            return None
        return number

    def time(self, field: str, now: int | None) -> int | None:
        value = self._get(field, required=now is None)
        if value is None:
            return now
        seconds = _seconds(value)
        if seconds is None:
            self.wrong(
                "time", field,
                f"{cut(repr(value), 40)} is no time; seconds since 1970, or ISO 8601 with a time "
                "zone",
            )  # fmt: skip
        elif seconds >= _LATEST:
            self.wrong("milliseconds", field, f"{value} looks like milliseconds; give seconds")
        elif seconds <= 0:
            self.wrong("time", field, f"{value} is before 1970")
        else:
            return seconds
        return None

    def properties(self) -> str | None:
        field = "properties"
        value = self._get(field)
        if isinstance(value, str):
            try:
                value = json.loads(value, parse_constant=_refuse_constant)
            except (ValueError, RecursionError):
                self.wrong("json", field, "the text is no JSON; give an object")
                return None
        if value is None:
            return None
        if not isinstance(value, dict):
            self.wrong("type", field, f"must be an object, not {_kind(value)}")
            return None
        properties = self._named(value)
        if not properties:
            return None
        text = properties_json(properties)
        return text if self._is_text(field, text, limits.MAX_EVENT_PROPERTIES_CHARACTERS) else None

    def _named(self, value: Mapping[str, Any]) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for name, part in value.items():
            place = f"properties.{name}"
            key = property_name(name)
            if key.lower() in _FORBIDDEN:
                self.wrong("reserved", place, "is a field of the event, and no property")
            elif key in properties:
                self.wrong("repeated", place, f"two properties are called {key}")
            elif isinstance(part, list) and all(isinstance(p, _SCALARS) for p in part):
                properties[key] = limits.VALUE_SEPARATOR.join(map(str, part))
            elif isinstance(part, _SCALARS):
                properties[key] = part
            elif part is not None:
                self.wrong("type", place, f"must be text or a number, not {_kind(part)}")
        return properties

    def impression(self) -> list[str] | None:
        field = "impression"
        value = self._get(field)
        if value is None:
            return None
        if not isinstance(value, list) or not 1 <= len(value) <= limits.MAX_IMPRESSION_ITEMS:
            self.wrong(field, field, f"must be a list of 1 to {limits.MAX_IMPRESSION_ITEMS} ids")
            return None
        ids = [str(id) if type(id) is int else id for id in value]
        right = [self._is_text(f"{field}[{i}]", id, limits.MAX_ID_CHARACTERS) for i, id in
                 enumerate(ids)]  # fmt: skip
        return ids if all(right) else None

    def attribution(self) -> dict[str, str] | None:
        field, key = "metricAttribution", "eventAttributionSource"
        value = self._get(field)
        if value is None:
            return None
        source = value.get(key) if isinstance(value, dict) and len(value) == 1 else None
        if not isinstance(source, str):
            self.wrong("type", field, f"must be an object with the text {key}")
            return None
        if not (source.strip() and source.isascii() and source.isprintable()):
            self.wrong("characters", f"{field}.{key}", "must be of printable ASCII characters")
            return None
        most = limits.MAX_ATTRIBUTION_SOURCE_CHARACTERS
        return {key: source} if self._is_text(f"{field}.{key}", source, most) else None

    def check_rest(self) -> None:
        for name in self._value.keys() - self._known:
            self.wrong("unknown", str(name), f"unknown; known are {', '.join(sorted(self._known))}")

    def _get(self, field: str, *, required: bool = False) -> Any:
        self._known.add(field)
        value = self._value.get(field)
        if value is None and required:
            self.wrong("missing", field, "is required")
        return value

    def _is_text(self, field: str, value: Any, most: int) -> bool:
        if not isinstance(value, str):
            self.wrong("type", field, f"must be text, not {_kind(value)}")
            return False
        if not 1 <= len(value) <= most:
            self.wrong("length", field, f"{len(value)} characters; 1 to {most} are allowed")
            return False
        try:
            value.encode()
        except UnicodeEncodeError:
            self.wrong("characters", field, "has half of a character, which UTF-8 lacks")
            return False
        return True


def _seconds(value: Any) -> int | None:
    if isinstance(value, str):
        try:
            time = datetime.datetime.fromisoformat(value)
        except ValueError:
            return None
        return math.floor(time.timestamp()) if time.tzinfo else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return math.floor(value) if math.isfinite(value) else None


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
