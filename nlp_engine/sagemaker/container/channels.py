"""The channels of a training job: what SageMaker says of them, and which they may be."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.errors import InputError
from nlp_engine.sagemaker.container.configuration import read_object

TRAIN, VALIDATION, EVALUATION = "train", "validation", "evaluation"
_FIRST_EPOCH = "_0"
_INPUT_MODES = ("File", "FastFile", "Pipe")
_RECORDIO_CONTENT = "application/x-recordio"


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A channel.

    Attributes:
        name: `train`, `validation` or `evaluation`.
        path: Its folder; or, in Pipe mode, the pipe of its first epoch.
        piped: Whether it comes through a pipe.
        wrapped: Whether its records are said to be wrapped as RecordIO.
        sharded: Whether each instance has a part of the data only.
    """

    name: str
    path: Path
    piped: bool = False
    wrapped: bool = False
    sharded: bool = False


def read_channels(root: Path) -> dict[str, Channel]:
    """The channels by name, from `input/config/inputdataconfig.json`.

    Where that file is missing, the folders and pipes in `input/data` are the channels.

    Args:
        root: What stands for `/opt/ml`.

    Raises:
        InputError: The file is no JSON object, or an input mode is unknown.
    """
    data, path = root / "input" / "data", root / "input" / "config" / "inputdataconfig.json"
    if path.exists():
        described = read_object(path)
    else:
        described = {name: {} for name in _names(data.iterdir() if data.is_dir() else ())}
    channels = {}
    for name, said in described.items():
        said = said if isinstance(said, dict) else {}
        pipe = data / f"{name}{_FIRST_EPOCH}"
        mode = said.get("TrainingInputMode") or ("Pipe" if _is_pipe(pipe) else "File")
        if mode not in _INPUT_MODES:
            raise InputError(
                f"{path}: the TrainingInputMode of channel {name} is {mode!r}; it must be one of "
                + ", ".join(_INPUT_MODES)
            )
        piped = mode == "Pipe"
        content_type = str(said.get("ContentType") or "").partition(";")[0].strip()
        channels[name] = Channel(
            name=name,
            path=pipe if piped else data / name,
            piped=piped,
            wrapped=piped
            and (said.get("RecordWrapperType") == "RecordIO" or content_type == _RECORDIO_CONTENT),
            sharded=said.get("S3DistributionType") == "ShardedByS3Key",
        )
    return channels


def check_channels(channels: Iterable[str], mode: str, *, supervised: bool) -> None:
    """Check that a job has the channels that its mode takes, and no others.

    Beyond BlazingText's there is `evaluation`: files of word pairs or analogies for word vectors.

    Args:
        channels: Their names.
        mode: The training architecture, for errors.
        supervised: Whether it takes validation data, or evaluation sets.

    Raises:
        InputError: Names the channel that is missing or too many.
    """
    channels = list(channels)
    allowed = (TRAIN, VALIDATION if supervised else EVALUATION)
    for name in channels:
        if name not in allowed:
            raise InputError(
                f"the channel {name} cannot be used: mode {mode} takes "
                f"{' and '.join(allowed)} only; leave it out of the job's input"
            )
    if TRAIN not in channels:
        raise InputError(f"the channel {TRAIN} is missing; the job's input must have it")


def _names(entries: Iterable[Path]) -> list[str]:
    """The channels of which there are folders or pipes."""
    folders, pipes = set(), set()
    for entry in entries:
        if entry.is_dir():
            folders.add(entry.name)
        elif _is_pipe(entry) and entry.name.endswith(_FIRST_EPOCH):
            pipes.add(entry.name.removesuffix(_FIRST_EPOCH))
    return sorted(folders | pipes)


def _is_pipe(path: Path) -> bool:
    return path.exists() and stat.S_ISFIFO(path.stat().st_mode)
