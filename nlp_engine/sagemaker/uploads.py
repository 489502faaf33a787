"""Files of this machine that a job on SageMaker needs: brought to S3, each content once."""

from __future__ import annotations

import contextlib
import dataclasses
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, sha256
from nlp_engine.sagemaker import aws, packing, s3
from nlp_engine.sagemaker.checks.data import check_channel_file, local_files
from nlp_engine.sagemaker.container.texts import companions
from nlp_engine.sagemaker.requests import Request
from nlp_engine.sagemaker.spec import Channel, JobSpec, on_s3

_DIGITS = 16  # of the content's SHA-256 in its address


def _unheard(_: str) -> None:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A local file or folder, and its place on S3.

    Attributes:
        source: The file or folder, as the specification names it.
        address: `PREFIX/HASH/NAME`: the hash is that of the content; of a channel's folder it ends
            with the hash.
        files: What is sent, by its address.
        packed: The files to pack into the one that is sent, if it is a model's folder.
    """

    source: str
    address: str
    files: Mapping[str, Path]
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
    prefix = prefix.rstrip("/")
    found = list[Upload]()
    if action in ("train", "tune"):
        for name, channel in spec.channels.items():
            if not channel.on_s3:
                check_channel_file(name, channel, spec)
                found.append(_channel(name, channel, prefix, spec))
    model = spec.hosting.model
    if action in ("deploy", "transform") and model and not on_s3(model):
        found.append(_model(model, prefix, spec))
    if action == "transform" and spec.transform and not on_s3(spec.transform.input):
        found.append(_file(spec.transform.input, prefix))
    return list({upload.source: upload for upload in found}.values())


def _file(source: str, prefix: str) -> Upload:
    path = check_input_file(Path(source))
    address = f"{prefix}/{sha256(path)[:_DIGITS]}/{path.name}"
    return Upload(source=source, address=address, files={address: path})


def _channel(name: str, channel: Channel, prefix: str, spec: JobSpec) -> Upload:
    """A channel's file, or those of its folder; BlazingText takes its text alone."""
    folder = Path(channel.source)
    if not folder.is_dir():
        return _file(channel.source, prefix)
    files = local_files(name, channel)
    if not spec.is_blazingtext:
        files += companions(folder)
    address = f"{prefix}/{packing.content_hash(folder, files)[:_DIGITS]}/"
    places = {f"{address}{path.relative_to(folder).as_posix()}": path for path in files}
    return Upload(source=channel.source, address=address, files=places)


def _model(source: str, prefix: str, spec: JobSpec) -> Upload:
    """A model's archive, or its folder, which is packed: SageMaker takes archives alone."""
    path = Path(source)
    if path.is_dir():
        packed = tuple(packing.model_files(path, blazingtext=spec.is_blazingtext))
        address = f"{prefix}/{packing.content_hash(path, packed)[:_DIGITS]}/{packing.ARCHIVE}"
        return Upload(source=source, address=address, files={address: path}, packed=packed)
    upload = _file(source, prefix)
    try:
        with tarfile.open(path, "r:gz"):
            return upload
    except (OSError, tarfile.TarError, EOFError) as error:
        raise InputError(
            f"[endpoint] model is {source}, neither a model's folder nor an archive as SageMaker "
            f"needs it ({error}): name the file model.bin, and tar -czf model.tar.gz model.bin"
        ) from error


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
        for address, path in upload.files.items():
            bucket, key = s3.split(address)
            parameters: dict[str, Any] = {"Bucket": bucket, "Key": key, "Body": str(path)}
            if not upload.packed:
                parameters["ContentLength"] = path.stat().st_size
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
        for address, path in upload.files.items():
            size = sum(file.stat().st_size for file in upload.packed or (path,))
            if s3.has(client, address, None if upload.packed else size):
                log(f"{path} is at {address} already")
                continue
            log(f"{path} goes to {address}, {size / 1e6:.1f} MB")
            with _to_send(path, upload.packed) as file:
                s3.upload(client, file, address)


@contextlib.contextmanager
def _to_send(path: Path, packed: Sequence[Path]) -> Iterator[Path]:
    """The file itself, or an archive of others."""
    if not packed:
        yield path
        return
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / packing.ARCHIVE
        packing.pack(packed, archive)
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
