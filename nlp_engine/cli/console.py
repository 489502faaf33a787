"""What a person sees: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import typer

from nlp_engine.errors import NlpEngineError
from nlp_engine.progress import Report, silent

_INTERRUPTED = 130


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
    """Turn expected errors into one line on standard error and an exit code."""
    try:
        yield
    except NlpEngineError as error:
        raise _failure(str(error)) from None
    except KeyboardInterrupt as interrupt:
        _print_error(str(interrupt) or "interrupted; nothing half-made is left behind")
        raise typer.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of our output, e.g. `head`, has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise _failure(f"{place}{error.strerror or error}") from None
    except MemoryError:
        raise _failure("out of memory; use smaller settings or a larger machine") from None


def _failure(message: str) -> typer.Exit:
    _print_error(" ".join(message.split()))
    return typer.Exit(2)


def _print_error(message: str) -> None:
    typer.echo(f"nlp-engine: {message}", err=True)


def tell(quiet: bool) -> Callable[[str], None]:
    """What prints lines on standard error, or nothing."""

    def print_line(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    return print_line


def json_line(value: Any) -> str:
    """A value as one line of JSON."""
    return _printable(json.dumps(value, ensure_ascii=False))


def print_json(value: Any) -> None:
    """Print a value for a program to read."""
    typer.echo(_printable(json.dumps(value, ensure_ascii=False, indent=2)))


def _printable(text: str) -> str:
    """A text with halves of characters, which UTF-8 lacks, escaped as JSON does."""
    return text.encode("utf-8", "backslashreplace").decode()


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None
) -> None:
    """Print rows for a person to read; numbers stand to the right, None is a dash."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    numeric = [
        all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(columns))
    ]
    for name, right in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(value)) for value in row))
    width = None if sys.stdout.isatty() else 120
    console = Console(width=width, highlight=False)
    if title:
        console.print(Text(_printable(title), "italic"), soft_wrap=True)
    console.print(table)


def print_made(place: object, counts: Mapping[str, int], *, quiet: bool, as_json: bool) -> None:
    """Print what a command made: its counts, and where they are."""
    if as_json:
        print_json({"out": str(place), "counts": dict(counts)})
    elif not quiet:
        figures = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in counts.items())
        typer.echo(f"{place}: {figures}")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else str(value)


@contextlib.contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Report]:
    """Give a report function that draws on standard error; nothing if that is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from nlp_engine.cli.bar import drawn

    with drawn() as report:
        yield report
