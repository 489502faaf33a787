"""AWS Lambda: the endpoint's answers without a server that is always on.

The function's handler is `nlp_engine.sagemaker.lambda_handler.handler`; the variable
`NLP_ENGINE_MODEL` names the model, relative to the function's own folder. Of other packages it
needs numpy, regex and orjson alone.
"""

from __future__ import annotations

import base64
import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp_engine.errors import InputError, SettingError
from nlp_engine.sagemaker.endpoint.invocations import TEXT, Endpoint, Response

VARIABLE = "NLP_ENGINE_MODEL"


def handler(event: Any, context: object = None) -> Any:  # noqa: ARG001
    """Answer one event.

    Args:
        event: A request of an API Gateway (either version), a function URL or a load balancer,
            whose body is one of the endpoint's; or such a body itself: `{"instances": […]}`, or
            `{"source": "…"}` for one answer.
        context: Lambda's; it is not used.

    Returns:
        A response for the same, or the answers themselves.

    Raises:
        SettingError: `NLP_ENGINE_MODEL` is not set.
        InputError: There is no model, or the event is none of these or asks for what there is not.
    """
    if not isinstance(event, Mapping):
        raise InputError('expected {"instances": ["…", …]}, or a request of an API Gateway')
    if "requestContext" in event or "httpMethod" in event:
        return _as_http(_respond(event))
    if "source" in event:
        return json.loads(_checked(_endpoint().invoke(_dumped(event), "application/jsonlines")))
    return json.loads(_checked(_endpoint().invoke(_dumped(event))))


def _respond(event: Mapping[str, Any]) -> Response:
    about = event.get("requestContext") or {}
    http = about.get("http") or {}  # of version 2
    method = event.get("httpMethod") or http.get("method") or ""
    path = str(event.get("rawPath") or event.get("path") or "")
    if path.endswith("/ping") and method in ("GET", "HEAD"):
        _endpoint()
        return Response(200, TEXT, b"")
    if method != "POST":
        return Response(405, TEXT, b"invocations are sent with POST")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    body = event.get("body") or ""
    try:
        content = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    except ValueError:
        return Response(400, TEXT, b"the body is not in base64, as isBase64Encoded says")
    return _endpoint().invoke(content, headers.get("content-type", ""), headers.get("accept", ""))


def _as_http(response: Response) -> dict[str, Any]:
    return {
        "statusCode": response.status,
        "headers": {"content-type": response.content_type},
        "body": response.body.decode("utf-8"),
        "isBase64Encoded": False,
    }


def _dumped(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event).encode()


def _checked(response: Response) -> bytes:
    if response.status != 200:
        raise InputError(response.body.decode("utf-8", "replace"))
    return response.body


@functools.cache
def _endpoint() -> Endpoint:
    name = os.environ.get(VARIABLE)
    if not name:
        raise SettingError(f"{VARIABLE} is not set; it names the model's file or folder")
    return Endpoint.open(Path(os.environ.get("LAMBDA_TASK_ROOT", "."), name))


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # A function's start is given more processor time than its first request.
    _endpoint()
