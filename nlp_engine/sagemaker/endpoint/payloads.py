"""Requests' and answers' bodies: JSON, JSON Lines and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from nlp_engine.errors import InputError, cut, require

JSON, JSON_LINES, CSV = "application/json", "application/jsonlines", "text/csv"
NOT_DECODED = (
    "Customer Error: Unable to decode payload: Incorrect data format. (caused by ValueError)"
)
"""BlazingText's own words."""
_TEXT_CHARACTERS = 1 << 30
_SHOWN_CHARACTERS = 60  # of a value, in an error
_DIGITS = re.compile("[0-9]{1,18}")


class Instances(NamedTuple):
    """What a request asks.

    Attributes:
        texts: (N) words or texts.
        ks: (N) how many labels each gets at most.
        linked: (N) whether each gets its links, too; empty: none.
    """

    texts: Sequence[str]
    ks: Sequence[int]
    linked: Sequence[bool] = ()


class Codec:
    """Decodes requests and encodes answers.

    Raises:
        MissingExtraError: orjson is not installed.
    """

    def __init__(self) -> None:
        orjson = require("orjson", "serve")
        self._loads, self._dumps = orjson.loads, orjson.dumps
        self._numpy = orjson.OPT_SERIALIZE_NUMPY
        # The library's limit of 128 KiB is for the whole process.
        csv.field_size_limit(max(csv.field_size_limit(), _TEXT_CHARACTERS))

    def decode(self, body: bytes, kind: str, parameters: dict[str, str]) -> Instances:
        """Read a request's body.

        Args:
            body: The body.
            kind: `JSON`, `JSON_LINES` or `CSV`.
            parameters: Of the content type: with CSV `k`, and `header=present`.

        Raises:
            InputError: No such body; the message is what the client gets.
        """
        if kind == JSON:
            return _from_json(self._load(body))
        if kind == JSON_LINES:
            return _from_lines([self._load(line) for line in body.splitlines() if line.strip()])
        return _from_csv(body, parameters)

    def encode(self, answers: Sequence[Any], kind: str, rows: Sequence[Sequence[Any]]) -> bytes:
        """Write a response's body.

        Args:
            answers: (N) answers.
            kind: `JSON`, `JSON_LINES` or `CSV`.
            rows: (N) the answers as columns, for CSV.
        """
        if kind == JSON:
            return self.dump(answers)
        if kind == JSON_LINES:
            return b"\n".join([self.dump(answer) for answer in answers])
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows(
            [self.dump(cell).decode() if isinstance(cell, list) else cell for cell in row]
            for row in rows
        )
        return file.getvalue().encode()

    def dump(self, value: Any) -> bytes:
        """A value as JSON."""
        encoded: bytes = self._dumps(value, option=self._numpy)
        return encoded

    def _load(self, text: bytes) -> Any:
        try:
            return self._loads(text)
        except ValueError as error:
            raise InputError(NOT_DECODED) from error


def _from_json(request: Any) -> Instances:
    texts = request.get("instances") if isinstance(request, dict) else None
    if not isinstance(texts, list):
        raise InputError('Customer Error: expected {"instances": ["…", …]}')
    if set(map(type, texts)) - {str}:
        place, found = next((n, t) for n, t in enumerate(texts, 1) if not isinstance(t, str))
        raise InputError(f"Customer Error: instance {place} is {_shown(found)}, not a text")
    configuration = request.get("configuration")
    if configuration is None:
        configuration = {}
    if not isinstance(configuration, dict):
        raise InputError('Customer Error: expected {"configuration": {"k": 1}}')
    k, linked = _k(configuration), _linked(configuration)
    return Instances(texts, [k] * len(texts), [True] * len(texts) if linked else ())


def _from_lines(records: Sequence[Any]) -> Instances:
    for place, record in enumerate(records, 1):
        if not isinstance(record, dict) or not isinstance(record.get("source"), str):
            raise InputError(f'Customer Error: record {place}: expected {{"source": "…"}}')
    linked = [_linked(record, place) for place, record in enumerate(records, 1)]
    ks = [_k(record, place) for place, record in enumerate(records, 1)]
    return Instances([record["source"] for record in records], ks, linked if any(linked) else ())


def _from_csv(body: bytes, parameters: dict[str, str]) -> Instances:
    """One text per row, quoted where it has commas or quotes."""
    k = parameters.get("k", "1")
    number = _k({"k": int(k) if _DIGITS.fullmatch(k) else k})
    header = parameters.get("header", "absent").lower()
    if header not in ("present", "absent"):
        raise InputError(
            f"Customer Error: header is {_shown(header)}; it must be present or absent"
        )
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (ValueError, csv.Error) as error:
        raise InputError(NOT_DECODED) from error
    for place, row in enumerate(rows, 1):
        if len(row) > 1:
            raise InputError(
                f"Customer Error: row {place} has {len(row)} columns, expected one text; "
                "texts with commas need quotes around them"
            )
    texts = [row[0] for row in rows if row]
    if header == "present":
        del texts[:1]
    return Instances(texts, [number] * len(texts))


def _k(options: dict[str, Any], record: int = 0) -> int:
    k = options.get("k", 1)
    if type(k) is not int or k < 1:
        raise _wrong("k", k, "a positive integer", record)
    return k


def _linked(options: dict[str, Any], record: int = 0) -> bool:
    linked = options.get("links", False)
    if type(linked) is not bool:
        raise _wrong("links", linked, "true or false", record)
    return linked


def _wrong(name: str, value: Any, expected: str, record: int) -> InputError:
    place = f"record {record}: " if record else ""
    return InputError(f"Customer Error: {place}{name} is {_shown(value)}; it must be {expected}")


def _shown(value: Any) -> str:
    """A value as its sender has written it, but short."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return cut(json.dumps(value, ensure_ascii=False), _SHOWN_CHARACTERS)
