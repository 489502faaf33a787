"""PutItems, PutUsers and PutEvents: records in, dictionaries as boto3 takes them out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from nlp_engine.personalize import limits
from nlp_engine.personalize.schema import ITEM_ID, USER_ID

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One call of Personalize's API.

    Attributes:
        operation: Its name, such as `PutItems`.
        parameters: What boto3's method takes.
    """

    operation: str
    parameters: Mapping[str, Any]


def put_items(dataset_arn: str, items: Sequence[Mapping[str, Any]]) -> Request:
    """PutItems: each item replaces the whole item of the same id."""
    return Request("PutItems", {"datasetArn": dataset_arn, "items": list(items)})


def put_users(dataset_arn: str, users: Sequence[Mapping[str, Any]]) -> Request:
    """PutUsers: each user replaces the whole user of the same id."""
    return Request("PutUsers", {"datasetArn": dataset_arn, "users": list(users)})


def put_events(
    tracking_id: str, user_id: str | None, session_id: str, events: Sequence[Mapping[str, Any]]
) -> Request:
    """PutEvents: events of one session; those whose `eventId` is known are kept once."""
    user = {} if user_id is None else {"userId": user_id}
    return Request(
        "PutEvents",
        {"trackingId": tracking_id, **user, "sessionId": session_id, "eventList": list(events)},
    )


def item(values: Mapping[str, Any]) -> dict[str, Any]:
    """A row of an Items dataset as PutItems has it.

    Args:
        values: By column name; missing ones are left out.

    Raises:
        ValueError: The id or the properties break a limit, which the message has.
    """
    return _entity("itemId", ITEM_ID, values, limits.MAX_ITEM_PROPERTIES_CHARACTERS)


def user(values: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a Users dataset as PutUsers has it; see `item`.

    Raises:
        ValueError: The id or the properties break a limit, which the message has.
    """
    return _entity("userId", USER_ID, values, limits.MAX_USER_PROPERTIES_CHARACTERS)


def properties_json(properties: Mapping[str, Any]) -> str:
    """Properties as the text that Personalize takes inside its JSON.

    Every value is a string; several categories of one stand with `|` between them.
    """
    strings = {name: value_text(value) for name, value in properties.items()}
    return json.dumps(strings, ensure_ascii=False, separators=(",", ":"))


def value_text(value: Any) -> str:
    """A value as `properties` have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def property_name(column: str) -> str:
    """The name of a column inside `properties`: camelCase.

    Parts in capitals are lowered; a name that is in camel case already stays as it is.
    """
    parts = [part for part in column.split("_") if part]
    plain = [part.lower() if part.isupper() else part for part in parts]
    first, *others = plain or [column]
    return first[:1].lower() + first[1:] + "".join(o[:1].upper() + o[1:] for o in others)


def doubtful_names(columns: Iterable[str]) -> list[str]:
    """Columns whose name Personalize may not find again from that of the property.

    How it reads digits beside an underscore is not documented: `EMB_01` becomes `emb01`.
    """
    return [name for name in columns if any(part[:1].isdigit() for part in name.split("_")[1:])]


def batches(records: Iterable[T], most: int) -> Iterator[list[T]]:
    """Records in lists of at most so many."""
    batch: list[T] = []
    for record in records:
        batch.append(record)
        if len(batch) == most:
            yield batch
            batch = []
    if batch:
        yield batch


def _entity(key: str, id_column: str, values: Mapping[str, Any], most: int) -> dict[str, Any]:
    id = str(values.get(id_column, ""))
    if not 1 <= len(id) <= limits.MAX_ID_CHARACTERS:
        raise ValueError(
            f"column {id_column}: {len(id)} characters; 1 to {limits.MAX_ID_CHARACTERS} are allowed"
        )
    rest = {property_name(name): value for name, value in values.items() if name != id_column}
    if not rest:
        return {key: id}
    text = properties_json(rest)
    if len(text) > most:
        operation = f"Put{key[0].upper()}{key[1:-2]}s"
        raise ValueError(
            f"the properties have {len(text)} characters; {operation} allows {most}: shorten the "
            "longest column, or import the file in bulk"
        )
    return {key: id, "properties": text}
