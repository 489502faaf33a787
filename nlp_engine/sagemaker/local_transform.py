"""A batch transform on this machine: the endpoint answers a file of JSON Lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from nlp_engine.errors import InputError, SettingError
from nlp_engine.files import check_input_file, new_file
from nlp_engine.sagemaker.checks.data import check_here
from nlp_engine.sagemaker.endpoint import Endpoint
from nlp_engine.sagemaker.requests.transform import JSON_LINES
from nlp_engine.sagemaker.spec import Transform

_BATCH_BYTES = 1 << 20
_NAMES = re.compile(r"\$\[('[^']+'(?:, *'[^']+')*)\]")


def transform(model: Path, options: Transform) -> Path:
    """Answer every line of a file as a transform job does.

    Args:
        model: The model's folder.
        options: Input file and output folder; the answers are in `NAME.out` there.

    Returns:
        The file of answers.

    Raises:
        InputError: The input is missing, or the endpoint refuses a line.
        SettingError: Input or output is on S3, or an output filter of another form than
            `$['name','name']`.
        OutputError: The folder cannot be written.
    """
    check_here("[transform] input", options.input)
    check_here("[transform] output", options.output)
    source = check_input_file(Path(options.input))
    names = _filtered(options)
    endpoint = Endpoint.open(model)
    target = Path(options.output) / f"{source.name}.out"
    with new_file(target, overwrite=True) as partial, partial.open("wb") as out:
        for first, lines in _batches(source, single=options.strategy == "SingleRecord"):
            answer = endpoint.invoke(b"\n".join(lines), JSON_LINES)
            if answer.status != 200:
                reason = answer.body.decode("utf-8", "replace")
                raise InputError(f"{source}, lines from {first}: {reason}")
            for line, found in zip(lines, answer.body.splitlines(), strict=True):
                joined = _join(line, found, names) if options.join_input else found
                out.write(joined + b"\n")
    return target


def _batches(source: Path, *, single: bool) -> Iterator[tuple[int, list[bytes]]]:
    """Batches of lines that are not empty, each with the number of its first line."""
    batch, first, size = list[bytes](), 1, 0
    with source.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            if batch and (single or size + len(line) > _BATCH_BYTES):
                yield first, batch
                batch, size = [], 0
            if not batch:
                first = number
            batch.append(line.rstrip(b"\r\n"))
            size += len(line)
    if batch:
        yield first, batch


def _join(line: bytes, found: bytes, names: list[str] | None) -> bytes:
    joined = {**json.loads(line), "SageMakerOutput": json.loads(found)}
    if names is not None:
        joined = {name: joined[name] for name in names if name in joined}
    return json.dumps(joined, ensure_ascii=False).encode()


def _filtered(options: Transform) -> list[str] | None:
    if options.output_filter in (None, "$"):
        return None
    match = _NAMES.fullmatch(str(options.output_filter))
    if not match:
        raise SettingError(
            f"[transform] output_filter is {options.output_filter!r}; a local run takes "
            "$['name','name'] alone"
        )
    return re.findall(r"'([^']+)'", match[1])
