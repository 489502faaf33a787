"""Asking an endpoint, on SageMaker or on this machine, as any AWS client does."""

from __future__ import annotations

from typing import Any

from nlp_engine.errors import require
from nlp_engine.sagemaker import aws

_ANY_REGION = "us-east-1"  # a local server has none, but boto3 wants one


def invoke(
    name: str,
    body: bytes,
    content_type: str,
    *,
    region: str | None = None,
    url: str | None = None,
) -> bytes:
    """Send one InvokeEndpoint request.

    Args:
        name: Of the endpoint.
        body: Of the request.
        content_type: Of the body.
        region: Of the endpoint.
        url: Of a server of our own that stands for SageMaker; the request is not signed then.

    Returns:
        The body of the answer.

    Raises:
        EngineError: No such endpoint, or it refuses the request; its own words.
        MissingExtraError: boto3 is not installed.
    """
    client = _local_client(url) if url else aws.client("sagemaker-runtime", region)
    with aws.clear_errors(f"endpoint {name} gives no answer"):
        response = client.invoke_endpoint(
            EndpointName=name, Body=body, ContentType=content_type, Accept=content_type
        )
        answer: bytes = response["Body"].read()
    return answer


def _local_client(url: str) -> Any:
    boto3 = require("boto3", "aws")
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(signature_version=UNSIGNED, retries={"max_attempts": 1})
    return boto3.client(
        "sagemaker-runtime", region_name=_ANY_REGION, endpoint_url=url, config=config
    )
