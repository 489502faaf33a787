"""Files of this machine that a job on SageMaker needs: brought to S3, each content once."""

from __future__ import annotations

import contextlib
import dataclasses
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, sha256
from nlp_engine.sagemaker import aws, packing, s3
from nlp_engine.sagemaker.checks.data import check_channel_file
from nlp_engine.sagemaker.requests import Request
from nlp_engine.sagemaker.spec import JobSpec, on_s3

_DIGITS = 16  # of the content's SHA-256 in its address


def _unheard(_: str) -> None:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A local file, or a model's folder that becomes an archive, and its place on S3.

    Attributes:
        source: The file or folder, as the specification names it.
        address: `PREFIX/HASH/NAME`: the hash is that of the content.
        size: In bytes; of a folder, before it is packed.
        packed: The files to pack, if it is a folder.
    """

    source: str
    address: str
    size: int
    packed: tuple[Path, ...] = ()


def find_uploads(action: str, spec: JobSpec) -> list[Upload]:
    """The local files that an action needs on S3; none if the job has no `upload`.

    Args:
        action: One of `requests.plan.ACTIONS`.
        spec: The job.

    Raises:
        InputError: A file is missing, or of another format than the job's.
    """
    prefix = spec.account.upload if spec.account else None
    if prefix is None:
        return []
    found = {source: _upload(source, prefix, spec) for source in _sources(action, spec)}
    return list(found.values())


def _upload(source: str, prefix: str, spec: JobSpec) -> Upload:
    path, packed = Path(source), tuple[Path, ...]()
    if path.is_dir():
        packed = tuple(packing.model_files(path, blazingtext=spec.is_blazingtext))
        place = f"{packing.content_hash(packed)[:_DIGITS]}/{packing.ARCHIVE}"
    else:
        place = f"{sha256(check_input_file(path))[:_DIGITS]}/{path.name}"
    size = sum(file.stat().st_size for file in packed or (path,))
    address = f"{prefix.rstrip('/')}/{place}"
    return Upload(source=source, address=address, size=size, packed=packed)


def placed(spec: JobSpec, uploads: Sequence[Upload]) -> JobSpec:
    """The same job with its files where they are on S3."""
    addresses = {upload.source: upload.address for upload in uploads}
    channels = {
        name: dataclasses.replace(channel, source=addresses.get(channel.source, channel.source))
        for name, channel in spec.channels.items()
    }
    hosting, transform = spec.hosting, spec.transform
    if hosting.model in addresses:
        hosting = dataclasses.replace(hosting, model=addresses[hosting.model])
    if transform and transform.input in addresses:
        transform = dataclasses.replace(transform, input=addresses[transform.input])
    return dataclasses.replace(spec, channels=channels, hosting=hosting, transform=transform)


def requests_of(uploads: Sequence[Upload]) -> list[Request]:
    """What is sent for the files, as `PutObject`; boto3 sends large ones in parts.

    How long an archive will be is not known before it is packed.
    """
    requests = []
    for upload in uploads:
        bucket, key = s3.split(upload.address)
        parameters: dict[str, Any] = {"Bucket": bucket, "Key": key, "Body": upload.source}
        if not upload.packed:
            parameters["ContentLength"] = upload.size
        requests.append(Request("PutObject", parameters))
    return requests


def send_uploads(spec: JobSpec, uploads: Sequence[Upload], log: Callable[[str], None]) -> None:
    """Send files to their places, but those that are there.

    Args:
        spec: Names the region.
        uploads: The files.
        log: Told of every file in a line.

    Raises:
        EngineError: S3 does not take one; its own words.
        MissingExtraError: boto3 is not installed.
    """
    client = aws.client("s3", spec.on_aws.region)
    for upload in uploads:
        if s3.has(client, upload.address, None if upload.packed else upload.size):
            log(f"{upload.source} is at {upload.address} already")
            continue
        log(f"{upload.source} goes to {upload.address}, {upload.size / 1e6:.1f} MB")
        with _file(upload) as path:
            s3.upload(client, path, upload.address)


@contextlib.contextmanager
def _file(upload: Upload) -> Iterator[Path]:
    """The file to send."""
    if not upload.packed:
        yield Path(upload.source)
        return
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / packing.ARCHIVE
        packing.pack(upload.packed, archive)
        yield archive


def upload(action: str, spec: JobSpec, log: Callable[[str], None] = _unheard) -> JobSpec:
    """Bring what an action needs to S3.

    Args:
        action: One of `requests.plan.ACTIONS`.
        spec: The job.
        log: Told of every file in a line.

    Returns:
        The same job with its files where they are on S3.

    Raises:
        InputError: A file is missing, or of another format than the job's.
        EngineError: S3 does not take one; its own words.
        MissingExtraError: boto3 is not installed.
    """
    spec = aws.with_region(spec)
    found = find_uploads(action, spec)
    send_uploads(spec, found, log)
    return placed(spec, found)


def _sources(action: str, spec: JobSpec) -> list[str]:
    """The local files of an action, checked."""
    sources = []
    if action in ("train", "tune"):
        for name, channel in spec.channels.items():
            if not channel.on_s3:
                check_channel_file(name, channel, spec)
                sources.append(channel.source)
    model = spec.hosting.model
    if action in ("deploy", "transform") and model and not on_s3(model):
        sources.append(_checked(model))
    if action == "transform" and spec.transform and not on_s3(spec.transform.input):
        sources.append(spec.transform.input)
    return sources


def _checked(model: str) -> str:
    """A local model, checked: SageMaker takes archives alone."""
    if Path(model).is_dir() or not Path(model).exists():
        return model  # it will be packed, or told
    try:
        with tarfile.open(model, "r:gz"):
            return model
    except (OSError, tarfile.TarError, EOFError) as error:
        raise InputError(
            f"[endpoint] model is {model}, neither a model's folder nor an archive as SageMaker "
            f"needs it ({error}): name the file model.bin, and tar -czf model.tar.gz model.bin"
        ) from error
