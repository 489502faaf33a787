"""Options: those that every command has, and those that derive from settings classes."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from nlp_engine.cli.console import clear_errors

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no summary.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", show_default=False)]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an existing folder.", show_default=False)
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to make.")]


def command(*settings_classes: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command: clear errors, and an option for every field of the classes.

    The function takes the fields that the user gave as `**options`; each default stays in its
    settings class alone.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        written = inspect.signature(function).parameters
        generated: dict[str, inspect.Parameter] = {}
        for settings_class in settings_classes:
            for parameter in _parameters(settings_class):
                if parameter.name not in written:
                    generated.setdefault(parameter.name, parameter)

        @functools.wraps(function)
        def run(**arguments: Any) -> None:
            given = {name: arguments.pop(name) for name in generated if name in arguments}
            options = {name: value for name, value in given.items() if value not in (None, [])}
            with clear_errors():
                function(**arguments, **options)

        hints = typing.get_type_hints(function, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name], kind=parameter.KEYWORD_ONLY)
            for parameter in written.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        parameters = [*own, *generated.values()]
        parameters.sort(key=lambda p: p.default is not p.empty)
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def _parameters(settings_class: type) -> list[inspect.Parameter]:
    hints = typing.get_type_hints(settings_class)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                _option_type(hints[field.name], field.metadata["choices"]) | None,
                typer.Option(
                    help=_help(field), show_default=False, metavar=field.metadata["metavar"]
                ),
            ],
        )
        for field in dataclasses.fields(settings_class)
    ]


def _option_type(hint: Any, choices: tuple[str, ...] | None) -> Any:
    if choices is not None:
        return Literal[tuple(choices)]
    if isinstance(hint, types.UnionType):
        (hint,) = (kind for kind in typing.get_args(hint) if kind is not type(None))
    return list[str] if typing.get_origin(hint) is tuple else hint


def _help(field: dataclasses.Field[Any]) -> str:
    help: str = field.metadata["help"]
    sentence = help[0].upper() + help[1:] + "."
    if field.default in (dataclasses.MISSING, None, ()):
        return sentence
    shown = " ".join(field.default) if isinstance(field.default, tuple) else field.default
    return f"{sentence}  [default: {shown}]"
