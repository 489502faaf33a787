"""Requests against the model of SageMaker's API that botocore has."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

import regex

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker.requests import Request


def check_requests(requests: Sequence[Request]) -> None:
    """Check the names, types, lengths, patterns and choices of what is sent to SageMaker.

    Nothing is checked where botocore is not installed, and nothing can be sent.

    Raises:
        SettingError: The first thing that the API would refuse.
    """
    try:
        import botocore.session
        from botocore.validate import ParamValidator
    except ImportError:
        return
    service = botocore.session.Session().get_service_model("sagemaker")
    for request in requests:
        shape = service.operation_model(request.operation).input_shape
        report = ParamValidator().validate(dict(request.parameters), shape)
        if report.has_errors():
            raise SettingError(f"{request.operation}: {report.generate_report()}")
        for problem in _problems(request.parameters, shape, request.operation):
            raise SettingError(problem)


def _problems(value: Any, shape: Any, place: str) -> Iterator[str]:
    """What botocore does not look at, in words: choices, patterns, and the longest lengths."""
    if shape.type_name == "structure":
        for name, part in value.items():
            yield from _problems(part, shape.members[name], f"{place}.{name}")
    elif shape.type_name == "list":
        yield from _length(value, shape, place, "entries")
        for part in value:
            yield from _problems(part, shape.member, place)
    elif shape.type_name == "map":
        yield from _length(value, shape, place, "entries")
        for name, part in value.items():
            yield from _problems(name, shape.key, place)
            yield from _problems(part, shape.value, f"{place}.{name}")
    elif shape.type_name == "string":
        yield from _length(value, shape, place, "characters")
        yield from _text(value, shape, place)


def _length(value: Any, shape: Any, place: str, unit: str) -> Iterator[str]:
    limit = shape.metadata.get("max")
    if limit is not None and len(value) > limit:
        yield f"{place} has {len(value)} {unit}; SageMaker takes at most {limit}"


def _text(value: str, shape: Any, place: str) -> Iterator[str]:
    choices = shape.metadata.get("enum")
    if choices and value not in choices:
        near = difflib.get_close_matches(value, choices, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else "a newer boto3 may know it"
        yield f"{place} is {value!r}, none of the {len(choices)} values that boto3 knows; {hint}"
    pattern = shape.metadata.get("pattern")
    if pattern and not regex.fullmatch(pattern, value):
        yield f"{place} is {value!r}; SageMaker wants the form {pattern}"
