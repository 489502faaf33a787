"""From a channel to the one text file that a trainer reads."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from nlp_engine.corpus.augmented import write_manifest_of_records
from nlp_engine.corpus.labelled import LABEL_PREFIX, LABELS_FILE
from nlp_engine.errors import InputError
from nlp_engine.formats.recordio import MAGIC_BYTES, read_records
from nlp_engine.manifest import FILE_NAME
from nlp_engine.sagemaker.container.channels import Channel
from nlp_engine.sagemaker.container.pipes import open_pipe

_BLOCK = 1 << 20
_NO_DATA = (".", "_")  # how the names of hidden files and of Spark's _SUCCESS begin
_COMPANIONS = (FILE_NAME, LABELS_FILE)  # of a corpus folder's text


def channel_text(
    channel: Channel, scratch: Path, *, supervised: bool, several_files: str
) -> tuple[Path, Path]:
    """The file to train on, and where it comes from.

    A lone file is used where it lies. A pipe is copied to `scratch`, as training reads its data
    several times and a pipe can be read once: only that of the first epoch is opened. SageMaker
    then makes the next epoch's and waits for a reader until the container ends, which harms
    nothing. What is wrapped as RecordIO, by what the channel says or by content, is unwrapped.

    Args:
        channel: The channel.
        scratch: An existing folder for copies.
        supervised: Whether records are texts and labels, or text alone.
        several_files: `refuse` or `concat`.

    Returns:
        A labelled file, an augmented manifest or a text; and the channel's file, folder or pipe.

    Raises:
        InputError: The channel is missing or empty, or has several files; a pipe brings nothing.
        FormatError: The records are damaged.
    """
    copy = channel_copy(channel, scratch)
    if channel.piped:
        source = channel.path
        with open_pipe(source) as stream:
            if channel.wrapped or stream.peek(1).startswith(MAGIC_BYTES):
                _unwrap(stream, copy, str(source), supervised=supervised)
            else:
                with copy.open("wb") as target:
                    shutil.copyfileobj(stream, target, _BLOCK)
        if not copy.stat().st_size:
            raise InputError(f"the channel {channel.name} is empty: {source} brought nothing")
        return copy, source
    files = channel_files(channel)
    if len(files) > 1:
        check_several(channel, files, several_files)
        _concatenate(files, copy)
        return copy, channel.path
    with files[0].open("rb") as stream:
        if not stream.peek(1).startswith(MAGIC_BYTES):
            return files[0], files[0]
        _unwrap(stream, copy, str(files[0]), supervised=supervised)
    return copy, files[0]


def channel_copy(channel: Channel, scratch: Path) -> Path:
    """Where a channel's copy is, if it has one."""
    return scratch / f"{channel.name}.txt"


def channel_files(channel: Channel) -> list[Path]:
    """The files of a channel by name, at least one; empty, hidden and `_*` ones do not count.

    Nor do the companions of a corpus folder's text: its manifest and the names of its labels.

    Raises:
        InputError: The channel's folder is missing, or has no such file.
    """
    folder = channel.path
    if not folder.is_dir():
        raise InputError(f"the channel {channel.name} is missing ({folder})")
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.stat().st_size
        and path.name not in _COMPANIONS
        and not any(part.startswith(_NO_DATA) for part in path.relative_to(folder).parts)
    ]
    if not files:
        raise InputError(
            f"the channel {channel.name} is empty: {folder} has no file with text "
            "(files whose names begin with . or _ do not count)"
        )
    return files


def companions(folder: Path) -> list[Path]:
    """What a corpus folder has beside its text: its manifest and the names of its labels."""
    return [folder / name for name in _COMPANIONS if (folder / name).is_file()]


def check_several(channel: Channel, files: Sequence[Path], several_files: str) -> None:
    """Check that a channel has one file, where several are refused.

    Raises:
        InputError: It has more; names them.
    """
    if several_files == "refuse" and len(files) > 1:
        found = ", ".join(str(path.relative_to(channel.path)) for path in files[:10])
        more = f" and {len(files) - 10} more" if len(files) > 10 else ""
        raise InputError(
            f"the channel {channel.name} has {len(files)} files, found {found}{more}; BlazingText "
            "takes one: concatenate them, or set the hyperparameter several_files to concat"
        )


def _concatenate(files: Sequence[Path], out: Path) -> None:
    """Write the files one after the other, each ending its last line."""
    with out.open("wb") as target:
        for path in files:
            with path.open("rb") as source:
                shutil.copyfileobj(source, target, _BLOCK)
                source.seek(-1, 2)
                if source.read(1) != b"\n":
                    target.write(b"\n")


def _unwrap(stream: BinaryIO, out: Path, name: str, *, supervised: bool) -> None:
    """Write an augmented manifest's records as one; else each record as text.

    Records that are whole objects of S3 are text, too: of labelled lines, which begin with labels.
    """
    records = read_records(stream, name)
    first = list(itertools.islice(records, 1))
    labelled = any(LABEL_PREFIX.encode() in record for record in first)
    records = itertools.chain(first, records)
    if supervised and not labelled:
        write_manifest_of_records(records, out, name)
        return
    with out.open("wb") as target:
        for record in records:
            target.write(record if record.endswith(b"\n") else record + b"\n")
