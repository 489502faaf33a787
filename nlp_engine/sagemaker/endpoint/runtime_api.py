"""What SageMaker's runtime API (`InvokeEndpoint`) makes of a container's answers.

Clients of AWS send `POST /endpoints/{name}/invocations`. Answers of the container that are no
success come back as 424 with `ModelError`; what the API itself refuses, as `ValidationError`.
Source: botocore's service model of sagemaker-runtime, and errors in public reports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from nlp_engine.sagemaker.endpoint.invocations import Response
from nlp_engine.sagemaker.endpoint.payloads import JSON

VARIANT = "AllTraffic"
"""The name that AWS's SDKs give an endpoint's only variant."""
_PREFIX = b"x-amzn-sagemaker-"
Headers = Mapping[bytes, bytes]
"""Header fields by name in lower case."""


def refusal(headers: Headers) -> Response | None:
    """What the API answers instead of the container, if it does not pass the request on."""
    if _PREFIX + b"target-model" in headers:
        return _validation_error("TargetModel is given, but this endpoint has one model alone")
    if _PREFIX + b"enable-explanations" in headers:
        return _validation_error("EnableExplanations is given, but none are configured here")
    return None


def too_large(limit: int) -> Response:
    """The answer to a body over the limit."""
    return _error(413, "ValidationError", {"message": f"Body must have at most {limit} bytes."})


def unavailable() -> Response:
    """The answer to a request that cannot be taken now; AWS's clients try it again."""
    message = "The service is unavailable. Try your call again."
    return _error(503, "ServiceUnavailable", {"Message": message})


def answered(response: Response, name: str, headers: Headers) -> Response:
    """The API's answer: the container's, or `ModelError`.

    Args:
        response: The container's.
        name: Of the endpoint.
        headers: Of the request.
    """
    if response.status == 200:
        return response
    message = response.body.decode("utf-8", "replace")
    side = "client" if response.status < 500 else "server"
    variant = _variant(headers).decode("latin-1")
    content = {
        "Message": f"Received {side} error ({response.status}) from {variant} with message "
        f'"{message}". See the log of endpoint {name} for more information.',
        "OriginalStatusCode": response.status,
        "OriginalMessage": message,
        "LogStreamArn": "",
    }
    return _error(424, "ModelError", content)


def extra_headers(headers: Headers, error_type: str = "") -> bytes:
    """Header fields of the response, each with its line's end."""
    lines = [b"x-amzn-invoked-production-variant: %b\r\n" % _variant(headers)]
    for name in (b"custom-attributes", b"inference-id"):
        if _PREFIX + name in headers:
            lines.append(b"%b%b: %b\r\n" % (_PREFIX, name, headers[_PREFIX + name]))
    if error_type:
        lines.append(b"x-amzn-errortype: %b\r\n" % error_type.encode())
    return b"".join(lines)


def _variant(headers: Headers) -> bytes:
    return headers.get(_PREFIX + b"target-variant", VARIANT.encode())


def _validation_error(message: str) -> Response:
    return _error(400, "ValidationError", {"message": message})


def _error(status: int, error_type: str, content: Mapping[str, object]) -> Response:
    return Response(status, JSON, json.dumps(content).encode(), error_type=error_type)
