"""Columns of a source as columns of a dataset."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nlp_engine.errors import SettingError
from nlp_engine.personalize import limits
from nlp_engine.personalize.profiles import Profile
from nlp_engine.personalize.schema import (
    CREATION_TIMESTAMP,
    INTEGERS,
    TIMESTAMP,
    Column,
)

_LONGEST_WORD = 50
_NOT_IN_NAMES = re.compile(r"[^0-9A-Za-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of the source that a column of the dataset is made of.

    Attributes:
        source: Its name in the source.
        column: The dataset's column.
    """

    source: str
    column: Column

    @classmethod
    def of(cls, mapping: str, rules: Profile, **kind: Any) -> Field:
        """What `COL` or `COL=NAME` means.

        Args:
            mapping: Without a name, the column is called as in the source, in upper case.
            rules: Of the dataset; what it reserves a name for decides whether values may be
                missing.
            **kind: Attributes of `Column`.

        Raises:
            SettingError: One of the names is empty.
        """
        source, has_name, name = mapping.partition("=")
        name = name if has_name else column_name(source)
        if not source or not name:
            raise SettingError(f"{mapping!r} names no column; give COL or COL=NAME")
        column = Column(name=name, **kind)
        for reserved in (*rules.required, *rules.reserved):
            if reserved.name == name:
                column = replace(column, nullable=reserved.nullable and column.nullable)
        return cls(source=source, column=column)


def column_name(source: str) -> str:
    """The name of a source's column by AWS's custom: upper case, with _ between words."""
    return _NOT_IN_NAMES.sub("_", source).strip("_").upper()


def cell_maker(column: Column) -> Callable[[Any], Any]:
    """What makes a cell of a source's value; None stays a missing value.

    Of a categorical column it makes the list of categories. What cannot be of the column's type
    stays as it is, for the check to name.
    """
    if column.name in (TIMESTAMP, CREATION_TIMESTAMP):
        return _seconds
    if column.type == "string":
        return categories if column.categorical else _string
    return _integer if column.type in INTEGERS else _number


def categories(value: Any) -> list[str]:
    """The categories of a native value: a list, or text with `|` between them."""
    if value is None or value == "":
        return []
    parts: Iterable[Any] = (
        value if isinstance(value, list | tuple) else str(value).split(limits.VALUE_SEPARATOR)
    )
    texts = (str(part) for part in parts if part is not None)
    cleaned = (" ".join(text.replace(limits.VALUE_SEPARATOR, " ").split()) for text in texts)
    return list(dict.fromkeys(text for text in cleaned if text))


def cell_of(values: Iterable[str]) -> str | None:
    """Values joined by `|`, as many as fit a cell; None if there are none."""
    kept = list(values)
    cell = limits.VALUE_SEPARATOR.join(kept)
    if len(cell) <= limits.MAX_CELL_CHARACTERS:
        return cell or None
    cell = ""
    for value in kept:
        longer = f"{cell}{limits.VALUE_SEPARATOR}{value}" if cell else value
        if len(longer) <= limits.MAX_CELL_CHARACTERS:
            cell = longer
    return cell or None


def shortened(text: str, most: int) -> str:
    """A text that is cut where it is too long, between two words if one ends near there."""
    if len(text) <= most:
        return text
    cut = text.rfind(" ", max(most - _LONGEST_WORD, 0), most + 1)
    return text[: cut if cut > 0 else most].rstrip()


def joined_text(values: Sequence[Any], title: str | None, most: int) -> str:
    """The text of an item in one line: its title, then the other texts in their order.

    Args:
        values: Of the text columns; a list is several texts.
        title: Left out where the texts begin with it.
        most: Characters at most.
    """
    text = " ".join(filter(None, map(_one_line, values)))
    if title and not text.startswith(title):
        text = f"{title}. {text}" if text else title
    return shortened(text, most)


def _string(value: Any) -> str | None:
    return _one_line(value) or None


def _one_line(value: Any) -> str:
    """A value as text in one line; a list is several texts."""
    if isinstance(value, list | tuple):
        return " ".join(filter(None, map(_one_line, value)))
    return "" if value is None else " ".join(str(value).split())


def _integer(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return _stripped(value)


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    return _stripped(value)


def _stripped(value: Any) -> Any:
    return value.strip() or None if isinstance(value, str) else value


def _seconds(value: Any) -> Any:
    """A time as seconds since 1970: numbers as they are, dates and ISO 8601 as what they mean.

    Times without a zone are taken as UTC.
    """
    if isinstance(value, str) and ("-" in value[1:] or ":" in value):
        try:
            value = datetime.datetime.fromisoformat(value.strip())
        except ValueError:
            return value
    if isinstance(value, datetime.datetime):
        zoned = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        return int(zoned.timestamp())
    if isinstance(value, datetime.date):
        midnight = datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC)
        return int(midnight.timestamp())
    return _integer(value)
