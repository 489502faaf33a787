"""Addresses on S3, and what boto3's client does with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nlp_engine.errors import EngineError, InputError
from nlp_engine.sagemaker import aws
from nlp_engine.sagemaker.spec import S3, on_s3


def split(address: str) -> tuple[str, str]:
    """Bucket and key of an address.

    Raises:
        InputError: It is none, or has no key.
    """
    bucket, _, key = address.removeprefix(S3).partition("/")
    if not on_s3(address) or not bucket or not key:
        raise InputError(f"{address!r} is no address of a file on S3: s3://BUCKET/KEY")
    return bucket, key


def listed(client: Any, prefix: str) -> list[str]:
    """The addresses that begin with a prefix.

    Raises:
        EngineError: S3 does not tell; its own words.
    """
    bucket, start = split(prefix)
    with aws.clear_errors(f"cannot list {prefix}"):
        pages = list(client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start))
    return [f"{S3}{bucket}/{item['Key']}" for page in pages for item in page.get("Contents", ())]


def has(client: Any, address: str, size: int | None) -> bool:
    """Whether a file, of that size if one is given, is at an address; False if we may not look.

    Raises:
        EngineError: S3 cannot be reached, or nobody says who asks.
    """
    from botocore.exceptions import ClientError

    bucket, key = split(address)
    try:
        with aws.clear_errors(f"cannot look at {address}"):
            found = client.head_object(Bucket=bucket, Key=key)
    except EngineError as error:
        if isinstance(error.__cause__, ClientError):
            return False  # where there is more to it than that, the upload says it
        raise
    return size is None or int(found["ContentLength"]) == size


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
