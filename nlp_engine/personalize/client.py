"""The door to AWS: boto3's clients, with errors sorted by what can be done about them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import Any

from nlp_engine.errors import EngineError, InputError, require

_THROTTLED = frozenset(
    (
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    )
)
_REFUSED = frozenset(("InvalidInputException", "ValidationException"))
_BUSY = frozenset(("ResourceInUseException",))
_SECONDS_BETWEEN_REPORTS = 0.1


class Unavailable(EngineError):
    """AWS did not do it now, but may do so later.

    Args:
        message: What happened.
        throttled: Whether there were too many calls.
        seconds: How long AWS asks to wait; 0 if it does not say.
    """

    def __init__(self, message: str, *, throttled: bool = False, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.throttled, self.seconds = throttled, seconds


class Refused(EngineError):
    """AWS refuses what a call says; sending it again changes nothing."""


class Exists(EngineError):
    """AWS has a thing of that name."""


class Missing(EngineError):
    """AWS has no such thing."""


class Client:
    """One service of AWS; a call is one try.

    Args:
        service: Its name in boto3.
        region: AWS region; by default that of the environment.
        timeout_seconds: Time for an answer.
        connections: Calls that are made at a time.

    Raises:
        MissingExtraError: boto3 is not installed.
        EngineError: No region is known.
    """

    def __init__(
        self,
        service: str,
        region: str | None = None,
        *,
        timeout_seconds: float = 30.0,
        connections: int = 8,
    ) -> None:
        boto3 = require("boto3", "aws")
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=min(10.0, timeout_seconds),
            read_timeout=timeout_seconds,
            max_pool_connections=connections,
        )
        self.service = service
        with clear_errors(f"cannot reach {service}"):
            self._client = boto3.client(service, region_name=region, config=config)

    @property
    def region(self) -> str:
        """The region of its calls."""
        return str(self._client.meta.region_name)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Make one call.

        Args:
            operation: Its name, such as `PutItems`.
            parameters: What boto3's method takes.

        Returns:
            The answer.

        Raises:
            Unavailable: It may succeed later: throttled, a server's error, no or no proper answer.
            Refused: What it says is invalid.
            Exists: There is a thing of that name.
            Missing: There is no such thing.
            EngineError: Anything else, such as missing rights.
        """
        from botocore import xform_name

        with clear_errors(f"{operation} failed"):
            answer: dict[str, Any] = getattr(self._client, xform_name(operation))(**parameters)
        if not answer.get("ResponseMetadata", {}).get("RequestId"):
            # Something between here and AWS has answered.
            raise Unavailable(f"{operation} failed: the answer has no request id of AWS")
        return answer


class S3:
    """Files on S3.

    Args:
        region: AWS region.

    Raises:
        MissingExtraError: boto3 is not installed.
    """

    def __init__(self, region: str) -> None:
        boto3 = require("boto3", "aws")
        with clear_errors("cannot reach s3"):
            self._client = boto3.client("s3", region_name=region)

    def has(self, bucket: str, key: str, sha256: str) -> bool:
        """Whether a file with this content is there.

        Raises:
            EngineError: S3 does not answer, or there is no such bucket.
        """
        from botocore.exceptions import ClientError

        with clear_errors(f"cannot look at s3://{bucket}/{key}"):
            try:
                found = self._client.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                    return False
                raise
        return bool(found["Metadata"].get("sha256") == sha256)

    def upload(
        self, path: str, bucket: str, key: str, sha256: str, report: Callable[[int], None]
    ) -> None:
        """Upload a file, its parts side by side.

        Args:
            path: The file.
            bucket: Where to.
            key: As what.
            sha256: Of its bytes, by which `has` knows it again.
            report: Told by the calling thread how many bytes more have gone.

        Raises:
            EngineError: S3 refuses, or does not answer.
        """
        from boto3.s3.transfer import (
            ProgressCallbackInvoker,
            TransferConfig,
            create_transfer_manager,
        )

        sent: SimpleQueue[int] = SimpleQueue()
        extra = {"Metadata": {"sha256": sha256}, "ContentType": "text/csv"}
        with (
            clear_errors(f"cannot upload {path} to s3://{bucket}/{key}"),
            create_transfer_manager(self._client, TransferConfig()) as manager,
        ):
            subscribers = [ProgressCallbackInvoker(sent.put)]
            future = manager.upload(path, bucket, key, extra, subscribers)
            while not future.done():
                with contextlib.suppress(Empty):
                    report(sent.get(timeout=_SECONDS_BETWEEN_REPORTS))
            future.result()


def region_of(arn: str) -> str:
    """The region that an ARN names.

    Raises:
        InputError: It is no ARN of Personalize.
    """
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "personalize" or not parts[3]:
        raise InputError(
            f"{arn!r} is no ARN of Personalize; it must be one such as "
            "arn:aws:personalize:eu-west-1:123456789012:dataset/films/ITEMS"
        )
    return parts[3]


def known_region() -> str | None:
    """The region of the environment or of AWS's configuration."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region is None:
        with contextlib.suppress(ImportError):
            import boto3

            region = boto3.Session().region_name
    return region


@contextlib.contextmanager
def clear_errors(what: str) -> Iterator[None]:
    """Turn the errors of boto3 into those of this module, with AWS's own words.

    Raises:
        EngineError: Or one of its kinds above.
    """
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        HTTPClientError,
        IncompleteReadError,
        NoCredentialsError,
        NoRegionError,
        ParamValidationError,
        ResponseStreamingError,
    )
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise _sorted(what, error.response, str(error)) from error
    except (
        HTTPClientError, IncompleteReadError, ResponseStreamingError, ResponseParserError,
    ) as error:  # fmt: skip
        raise Unavailable(f"{what}: {error}") from error
    except ParamValidationError as error:
        raise Refused(f"{what}: {error}") from error
    except NoCredentialsError as error:
        raise EngineError(
            f"{what}: no credentials of AWS are known; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or run `aws configure`"
        ) from error
    except NoRegionError as error:
        raise EngineError(
            f"{what}: no region of AWS is known; name one, or set AWS_DEFAULT_REGION"
        ) from error
    except BotoCoreError as error:
        raise EngineError(f"{what}: {error}") from error


def _sorted(what: str, response: Mapping[str, Any], words: str) -> EngineError:
    code = response.get("Error", {}).get("Code", "")
    about = response.get("ResponseMetadata", {})
    status = about.get("HTTPStatusCode", 0)
    message = f"{what}: {words}"
    if code in _THROTTLED or status == 429:
        return Unavailable(message, throttled=True, seconds=_retry_after(about))
    if status >= 500 or code in _BUSY:
        return Unavailable(message, seconds=_retry_after(about))
    if code in _REFUSED:
        return Refused(message)
    if code == "ResourceAlreadyExistsException":
        return Exists(message)
    if code == "ResourceNotFoundException":
        return Missing(message)
    return EngineError(message)


def _retry_after(about: Mapping[str, Any]) -> float:
    try:
        return min(60.0, max(0.0, float(about["HTTPHeaders"]["retry-after"])))
    except (KeyError, ValueError):
        return 0.0
