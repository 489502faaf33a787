"""Files of this machine that a job on SageMaker needs: brought to S3, each content once."""

from __future__ import annotations

import dataclasses
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, sha256
from nlp_engine.sagemaker import aws, s3
from nlp_engine.sagemaker.checks.data import check_channel_file
from nlp_engine.sagemaker.requests import Request
from nlp_engine.sagemaker.spec import JobSpec, on_s3

_DIGITS = 16  # of the content's SHA-256 in its address


def _unheard(_: str) -> None:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A local file and its place on S3.

    Attributes:
        source: The file, as the specification names it.
        address: `PREFIX/HASH/NAME`: the hash is that of the content.
        size: In bytes.
    """

    source: str
    address: str
    size: int


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
    found = dict[str, Upload]()
    for source in _sources(action, spec):
        path = check_input_file(Path(source))
        address = f"{prefix.rstrip('/')}/{sha256(path)[:_DIGITS]}/{path.name}"
        found[source] = Upload(source=source, address=address, size=path.stat().st_size)
    return list(found.values())


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
    """What is sent for the files, as `PutObject`; boto3 sends large ones in parts."""
    return [
        Request(
            "PutObject",
            {"Bucket": bucket, "Key": key, "Body": upload.source, "ContentLength": upload.size},
        )
        for upload in uploads
        for bucket, key in [s3.split(upload.address)]
    ]


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
        if s3.has(client, upload.address, upload.size):
            log(f"{upload.source} is at {upload.address} already")
            continue
        log(f"{upload.source} goes to {upload.address}, {upload.size / 1e6:.1f} MB")
        s3.upload(client, Path(upload.source), upload.address)


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
        sources.append(_archive(model))
    if action == "transform" and spec.transform and not on_s3(spec.transform.input):
        sources.append(spec.transform.input)
    return sources


def _archive(model: str) -> str:
    """A local model, checked: SageMaker takes archives alone."""
    try:
        with tarfile.open(model, "r:gz"):
            return model
    except FileNotFoundError:
        return model  # which the next check tells
    except (OSError, tarfile.TarError, EOFError) as error:
        raise InputError(
            f"[endpoint] model is {model}, which is no archive as SageMaker needs it ({error}): "
            "tar -czf model.tar.gz -C FOLDER ."
        ) from error
