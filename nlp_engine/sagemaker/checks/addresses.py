"""Addresses on S3."""

from __future__ import annotations

import re

from nlp_engine.errors import SettingError

UPLOAD = 'with upload = "s3://…" in [sagemaker] local files are sent there first'
"""What to do about a local file that SageMaker shall read."""
_ADDRESS = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")


def check_s3(what: str, address: str, hint: str = "") -> None:
    """Check that an address is one of S3.

    Args:
        what: Whose it is, for the error.
        address: What it is.
        hint: What to do about it.

    Raises:
        SettingError: It is none.
    """
    if not _ADDRESS.fullmatch(address):
        end = f"; {hint}" if hint else ""
        raise SettingError(f"{what} is {address!r}; SageMaker needs an s3://BUCKET/… address{end}")
