"""Settings as frozen data classes: each default stands in one place.

A command's settings are one frozen, keyword-only data class whose fields are made by `setting`.
Command-line flags, container hyperparameters and documentation derive from the fields.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import math
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from nlp_engine.errors import SettingError, cut

T = TypeVar("T")

_IN_WORDS = {
    "int": "an integer", "float": "a number", "bool": "True or False", "str": "text",
    "tuple": "a list",
}  # fmt: skip
_TRUE = {"true": True, "1": True, "false": False, "0": False}


def setting(
    default: Any = dataclasses.MISSING,
    *,
    help: str,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: Sequence[str] | None = None,
    metavar: str | None = None,
    recorded: bool = True,
) -> Any:
    """Declare a field of a settings class.

    Args:
        default: The value if none is given; without it the setting is required.
        help: One line for ``--help`` and the documentation.
        minimum: Smallest allowed value.
        maximum: Largest allowed value.
        above: The value must be greater than this.
        below: The value must be less than this.
        choices: The allowed values.
        metavar: What stands for the value in ``--help``.
        recorded: Whether it decides what the result is, so that manifests record it.
    """
    metadata = {
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "above": above,
        "below": below,
        "choices": choices,
        "metavar": metavar,
        "recorded": recorded,
    }
    return dataclasses.field(default=default, metadata=metadata)


def check(settings: Any) -> None:
    """Check every field of a settings object against its declared range.

    Raises:
        SettingError: Names the setting, its value and the limit.
    """
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if value is not None:
            _check_value(field.name, value, field.metadata)


def _check_value(name: str, value: Any, limits: Mapping[str, Any]) -> None:
    choices, minimum, maximum = limits.get("choices"), limits.get("minimum"), limits.get("maximum")
    above, below = limits.get("above"), limits.get("below")
    if choices is not None and value not in choices:
        raise SettingError(f"{name} is {cut(repr(value))}; it must be one of {', '.join(choices)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingError(f"{name} is {value}; it must be a finite number")
    if minimum is not None and value < minimum:
        raise SettingError(f"{name} is {value}; the smallest allowed value is {minimum}")
    if maximum is not None and value > maximum:
        raise SettingError(f"{name} is {value}; the largest allowed value is {maximum}")
    if above is not None and value <= above:
        raise SettingError(f"{name} is {value}; it must be greater than {above}")
    if below is not None and value >= below:
        raise SettingError(f"{name} is {value}; it must be less than {below}")


def from_mapping(cls: type[T], values: Mapping[str, Any]) -> T:
    """Make a settings object from names and values; values may be strings.

    Args:
        cls: The settings class.
        values: Values by name, e.g. a container's hyperparameters (all strings there).

    Raises:
        SettingError: Unknown or missing name, a value of another type, or out of range.
    """
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    for name in values:
        if name not in fields:
            raise SettingError(_unknown(name, list(fields)))
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING
        if required and name not in values:
            choices = field.metadata.get("choices")
            hint = f"; it must be one of {', '.join(choices)}" if choices else ""
            raise SettingError(f"{name} is required{hint}")
    return cls(**{name: _convert(name, value, hints[name]) for name, value in values.items()})


@contextlib.contextmanager
def in_place(place: str) -> Iterator[None]:
    """Name the place in errors: a file, or a section of one.

    Raises:
        SettingError: One that was raised within, behind the place.
    """
    try:
        yield
    except SettingError as error:
        raise SettingError(f"{place}: {error}") from error


def byte_size(name: str, text: str) -> int:
    """The bytes that a size means: `2GB` and `2000 MB` are powers of 1000, `2GiB` of 1024.

    Args:
        name: Of the setting, for the error.
        text: A number with a unit, from B to TB or TiB.

    Raises:
        SettingError: The text is no size above 0.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?\s*", text.upper())
    size = 0
    if match:
        power = " KMGT".index(match[2] or " ")
        size = int(float(match[1]) * (1024 if match[3] else 1000) ** power)
    if not size:
        raise SettingError(f"{name} is {cut(repr(text))}; it must be a size such as 500MB or 2GB")
    return size


def to_mapping(settings: Any) -> dict[str, Any]:
    """The names and values of the settings that manifests record."""
    return {
        field.name: getattr(settings, field.name)
        for field in dataclasses.fields(settings)
        if field.metadata["recorded"]
    }


def _unknown(name: str, known: Sequence[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else f"; known are {', '.join(sorted(known))}"
    return f"unknown setting {cut(repr(name))}{hint}"


def _convert(name: str, value: Any, hint: Any) -> Any:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is None and type(None) in kinds:
        return None
    kind = next(k for k in kinds if k is not type(None))
    try:
        if kind is bool:
            return value if isinstance(value, bool) else _TRUE[str(value).strip().lower()]
        if kind is int and not isinstance(value, bool):
            return _to_int(value)
        if kind is float and not isinstance(value, bool):
            return float(value)
        if kind is str and isinstance(value, str):
            return value
        if typing.get_origin(kind) is tuple and not isinstance(value, str):
            return tuple(value)
    except (KeyError, ValueError, TypeError):
        pass
    expected = getattr(kind, "__name__", str(kind))
    expected = _IN_WORDS.get(expected, expected)
    raise SettingError(f"{name} is {cut(repr(value))}; it must be {expected}")


def _to_int(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError
    return int(value)
