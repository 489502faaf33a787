"""Addresses on S3, and what boto3's client does with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nlp_engine.errors import InputError
from nlp_engine.sagemaker import aws

_SCHEME = "s3://"


def is_address(place: str) -> bool:
    """Whether a place is on S3; else it is a local file."""
    return place.startswith(_SCHEME)


def split(address: str) -> tuple[str, str]:
    """Bucket and key of an address.

    Raises:
        InputError: It is none, or has no key.
    """
    bucket, _, key = address.removeprefix(_SCHEME).partition("/")
    if not is_address(address) or not bucket or not key:
        raise InputError(f"{address!r} is no address of a file on S3: s3://BUCKET/KEY")
    return bucket, key


def has(client: Any, address: str, size: int) -> bool:
    """Whether a file of that size is at an address; False if we may not look."""
    from botocore.exceptions import ClientError

    bucket, key = split(address)
    try:
        return int(client.head_object(Bucket=bucket, Key=key)["ContentLength"]) == size
    except ClientError:
        return False  # where there is more to it than that, the upload says it


def upload(client: Any, path: Path, address: str) -> None:
    """Send a file to an address.

    Raises:
        EngineError: S3 does not take it; its own words.
    """
    with aws.clear_errors(f"cannot send {path} to {address}"):
        client.upload_file(str(path), *split(address))


def download(client: Any, address: str, path: Path) -> None:
    """Get the file at an address.

    Raises:
        InputError: It is no address.
        EngineError: S3 does not give it; its own words.
    """
    with aws.clear_errors(f"cannot download {address}"):
        client.download_file(*split(address), str(path))
