"""Local data: whether a channel's file is what the mode reads."""

from __future__ import annotations

from pathlib import Path

from nlp_engine.corpus.augmented import is_augmented_manifest
from nlp_engine.corpus.labelled import LABEL_PREFIX
from nlp_engine.embeddings.evaluation.sets import read_set
from nlp_engine.errors import InputError, SettingError
from nlp_engine.files import check_input_file, compression
from nlp_engine.sagemaker.checks.channels import check_layout
from nlp_engine.sagemaker.container import channels as container
from nlp_engine.sagemaker.container.channels import EVALUATION
from nlp_engine.sagemaker.container.texts import channel_files, check_several
from nlp_engine.sagemaker.spec import Channel, JobSpec, on_s3

_HEAD_BYTES = 1 << 16


def check_files(spec: JobSpec) -> None:
    """Check the channels of a local run.

    Raises:
        InputError: A file is missing, empty, or of another format than the mode's.
        SettingError: A channel that the mode does not take, or data on S3.
    """
    check_layout(spec)
    for name, channel in spec.channels.items():
        check_here(f"channel {name}", channel.source)
        check_channel_file(name, channel, spec)


def check_here(what: str, place: str) -> None:
    """Check that a file of a local run is not on S3.

    Raises:
        SettingError: It is.
    """
    if on_s3(place):
        raise SettingError(
            f"{what} is {place!r}; a local run has files of this machine alone: `aws s3 cp` it, "
            "or run the job with --on sagemaker"
        )


def check_channel_file(name: str, channel: Channel, spec: JobSpec) -> None:
    """Check the local file of a channel, or the files of its folder.

    Raises:
        InputError: One is missing, empty, or of another format than the mode's; or there are
            several where one is read.
    """
    files = local_files(name, channel)
    if name == EVALUATION:
        for path in files:
            read_set(path)
        return
    folder = container.Channel(name=name, path=Path(channel.source))
    check_several(folder, files, spec.checked.container.several_files)
    for path in files:
        _check_text(name, path, channel, spec)


def local_files(name: str, channel: Channel) -> list[Path]:
    """The files of a channel on this machine: the one that it names, or those of a folder.

    Raises:
        InputError: It is missing, or a folder without any that count.
    """
    path = Path(channel.source)
    if channel.attributes or not path.is_dir():
        return [check_input_file(path)]
    return channel_files(container.Channel(name=name, path=path))


def _check_text(name: str, path: Path, channel: Channel, spec: JobSpec) -> None:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip():
        raise InputError(f"channel {name}: {path} is empty")
    if (kind := compression(head)) or b"\0" in head:
        found = f"compressed ({kind}); decompress it" if kind else "no text"
        raise InputError(f"channel {name}: {path} is {found}")
    manifest = is_augmented_manifest(path)
    if channel.attributes and not manifest:
        raise InputError(
            f"channel {name}: {path} is no augmented manifest; its lines must be JSON objects"
        )
    if spec.supervised and not manifest and LABEL_PREFIX.encode() not in head:
        raise InputError(
            f"channel {name}: {path} has no label at its beginning; mode supervised reads lines "
            f"{LABEL_PREFIX}NAME word word …: nlp-engine corpus label"
        )
    if not spec.supervised and head.startswith(LABEL_PREFIX.encode()):
        raise InputError(
            f"channel {name}: {path} is a labelled file, but mode {spec.modes[0]} reads sentences"
        )
