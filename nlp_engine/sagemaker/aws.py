"""The door to AWS: boto3's clients, the region, and errors in one sentence."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from nlp_engine.errors import EngineError, require
from nlp_engine.sagemaker.spec import JobSpec


def client(service: str, region: str | None = None) -> Any:
    """A client of boto3.

    Raises:
        MissingExtraError: boto3 is not installed.
        EngineError: No region is known.
    """
    boto3 = require("boto3", "aws")
    with clear_errors(f"cannot reach {service}"):
        return boto3.client(service, region_name=region)


def with_region(spec: JobSpec) -> JobSpec:
    """The job with a region: its own, or that of the environment or of AWS's configuration.

    Raises:
        EngineError: AWS's configuration cannot be used.
    """
    if spec.account is None or spec.account.region:
        return spec
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region is None:
        with contextlib.suppress(ImportError):
            import boto3

            with clear_errors("AWS's configuration cannot be used"):
                region = boto3.Session().region_name
    return spec.in_region(region) if region else spec


@contextlib.contextmanager
def clear_errors(what: str) -> Iterator[None]:
    """Turn the errors of boto3 into one of this package that says what failed.

    Raises:
        EngineError: With AWS's own words.
    """
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error) as error:
        raise EngineError(f"{what}: {error}") from error


def is_passing(error: BaseException | None) -> bool:
    """Whether an error may pass by itself: no connection, too many requests, AWS's own faults."""
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        throttled = "Throttling" in error.response.get("Error", {}).get("Code", "")
        return throttled or status == 429 or status >= 500
    return isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError)


def is_missing(error: BaseException | None) -> bool:
    """Whether an error of SageMaker says that there is no such thing."""
    response = getattr(error, "response", {})
    code = response.get("Error", {}).get("Code", "")
    message = response.get("Error", {}).get("Message", "")
    missing = ("could not find", "does not exist", "not found")
    return code == "ResourceNotFound" or any(word in message.lower() for word in missing)
