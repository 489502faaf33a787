"""SageMaker's processing contract: every instance works on its share of the input files.

Each writes to a folder of its own name, so that none overwrites another's output in S3. The exit
code tells success, and `output/message` the reason of a failure.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import signal
import sys
import time
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from nlp_engine import settings
from nlp_engine.errors import InputError, NlpEngineError, SettingError
from nlp_engine.manifest import Manifest
from nlp_engine.progress import Progress, Report
from nlp_engine.sagemaker.container import ML_ROOT
from nlp_engine.sagemaker.container.hosts import read_hosts
from nlp_engine.sagemaker.sharding import share_of_files
from nlp_engine.settings import setting

_MESSAGE_BYTES = 1024  # what SageMaker keeps of the message file
_SECONDS_BETWEEN_REPORTS = 30

_log = logging.getLogger(__name__)

Work = Callable[..., Manifest]
"""Takes the files, the folder to make, `overwrite`, `report`, and the options that were given."""


@dataclass(frozen=True, kw_only=True)
class ProcessingSettings:
    """Where a processing job reads and writes."""

    input: str = setting(
        str(ML_ROOT / "processing/input"), metavar="DIR", help="folder of the input files"
    )
    output: str = setting(
        str(ML_ROOT / "processing/output"),
        metavar="DIR",
        help="folder in which a folder of this instance's name is made",
    )
    shard: str = setting(
        "auto",
        choices=("auto", "none"),
        help="auto: replicated files are divided among the instances; none: all files are taken",
    )
    overwrite: bool = setting(False, help="replace an existing folder")

    def __post_init__(self) -> None:
        settings.check(self)


def run(
    work: Work,
    *settings_classes: type,
    arguments: Sequence[str] | None = None,
    root: Path = ML_ROOT,
) -> int:
    """Run a processing script on this instance's share of the files.

    Args:
        work: What the script does with its files.
        settings_classes: Their fields are the script's options, beside `ProcessingSettings`.
        arguments: The command line; by default that of this process.
        root: What stands for `/opt/ml`.

    Returns:
        The exit code: 0, or 1 after a failure, whose reason stands in `output/message`.
    """
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.INFO)
    signal.signal(signal.SIGTERM, _stop)
    try:
        given = _parse(work, settings_classes, arguments)
        own = {field.name for field in dataclasses.fields(ProcessingSettings)}
        place = settings.from_mapping(
            ProcessingSettings, {name: given[name] for name in own & given.keys()}
        )
        options = {name: value for name, value in given.items() if name not in own}
        _run(work, place, options, root)
    except Exception as error:
        expected = isinstance(error, NlpEngineError | OSError)
        message = str(error) if expected else f"{type(error).__name__}: {error}"
        (root / "output").mkdir(parents=True, exist_ok=True)
        (root / "output" / "message").write_bytes(_cut(message))
        _log.error("Processing failed: %s", message, exc_info=not expected)
        return 1
    return 0


def _run(work: Work, place: ProcessingSettings, options: Mapping[str, Any], root: Path) -> None:
    instances = read_hosts(root / "config" / "resourceconfig.json")
    host, hosts = instances.current_host, instances.hosts
    files = share_of_files(Path(place.input), host, hosts, shard=place.shard, root=root)
    if not files:
        if len(hosts) == 1:
            raise InputError(f"{place.input} holds no files; check the job's input")
        _log.info("No file is left for %s, the %d instances have them all.", host, len(hosts))
        return
    _log.info("%s takes %d files: %s", host, len(files), ", ".join(f.name for f in files))
    out = Path(place.output) / host
    made = work(files, out, overwrite=place.overwrite, report=_logged(), **options)
    _log.info("%s: %s", out, json.dumps(dict(made.counts)))


class _Parser(argparse.ArgumentParser):
    """Errors become exceptions, so that they reach the message file."""

    def error(self, message: str) -> NoReturn:
        raise SettingError(message)


def _parse(
    work: Work, settings_classes: Sequence[type], arguments: Sequence[str] | None
) -> dict[str, Any]:
    """The options that were given, by field name."""
    parser = _Parser(
        description=(work.__doc__ or "").strip(),
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    for settings_class in (ProcessingSettings, *settings_classes):
        hints = typing.get_type_hints(settings_class)
        for field in dataclasses.fields(settings_class):
            options: dict[str, Any] = {"help": field.metadata["help"].replace("%", "%%")}
            if hints[field.name] is bool:
                options["action"] = argparse.BooleanOptionalAction
            else:
                options["metavar"] = field.metadata["metavar"]
                options["choices"] = field.metadata["choices"]
                if typing.get_origin(hints[field.name]) is tuple:
                    options["action"] = "append"
            parser.add_argument("--" + field.name.replace("_", "-"), **options)
    given = vars(parser.parse_args(arguments))
    for settings_class in settings_classes:
        fields = {field.name for field in dataclasses.fields(settings_class)}
        settings.from_mapping(settings_class, {n: v for n, v in given.items() if n in fields})
    return given


def _logged() -> Report:
    """A report that writes a line to the log now and then."""
    last = time.monotonic()

    def report(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_REPORTS:
            last = time.monotonic()
            total = f" of {progress.total:,}" if progress.total else ""
            _log.info("%s: %s%s %s", progress.stage, f"{progress.done:,}", total, progress.unit)

    return report


def _cut(message: str) -> bytes:
    """A text within the bytes that SageMaker keeps."""
    return message.encode()[:_MESSAGE_BYTES].decode("utf-8", "ignore").encode()


def _stop(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)  # an exception, so that half-made folders are removed on the way out
