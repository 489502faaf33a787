"""What is answered at which path: the container's routes and the runtime API's."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from nlp_engine.sagemaker.endpoint import metrics as numbers
from nlp_engine.sagemaker.endpoint import runtime_api
from nlp_engine.sagemaker.endpoint.invocations import TEXT, Endpoint, Response
from nlp_engine.sagemaker.endpoint.metrics import ROUTES, Metrics
from nlp_engine.sagemaker.endpoint.payloads import JSON
from nlp_engine.sagemaker.endpoint.settings import ServeSettings

_INVOCATIONS, _RUNTIME, _PING, _PARAMETERS, _METRICS, OTHER = range(len(ROUTES))
_PATHS = {
    b"/invocations": _INVOCATIONS,
    b"/ping": _PING,
    b"/execution-parameters": _PARAMETERS,
    b"/metrics": _METRICS,
}
# A client's endpoint URL may have a path of its own before it.
_RUNTIME_PATH = re.compile(rb"(?:/[^?]*)?/endpoints/([^/?]+)/invocations")


@dataclass(slots=True)
class Request:
    """An HTTP request, as it arrives.

    Attributes:
        method: E.g. `POST`.
        target: The path, with the query.
        headers: Header fields by name in lower case.
        body: The body.
        route: The target's place in `ROUTES`.
        held: How many of its bytes count as held by the worker.
    """

    method: bytes = b""
    target: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    route: int = OTHER
    held: int = 0


def route_of(target: bytes) -> int:
    """A target's place in `ROUTES`."""
    path = target.partition(b"?")[0]
    if path in _PATHS:
        return _PATHS[path]
    return _RUNTIME if _RUNTIME_PATH.fullmatch(path) else OTHER


class Routes:
    """Answers requests.

    Args:
        endpoint: What answers invocations.
        settings: What `/execution-parameters` tells.
        metrics: What `/metrics` tells.
    """

    def __init__(self, endpoint: Endpoint, settings: ServeSettings, metrics: Metrics) -> None:
        self._endpoint = endpoint
        self._limit = settings.max_body_bytes or 0
        self._metrics = metrics
        self._parameters = json.dumps(settings.execution_parameters).encode()

    def is_quick(self, request: Request) -> bool:
        """Whether the answer takes so little time that others may wait for it."""
        return self._endpoint.is_quick(len(request.body))

    def respond(self, request: Request) -> Response:
        """Answer a request; never raises."""
        route = request.route
        if route == OTHER:
            return Response(404, TEXT, b"not found; there are /ping and /invocations")
        if route in (_INVOCATIONS, _RUNTIME):
            if request.method != b"POST":
                return Response(405, TEXT, b"invocations are sent with POST")
            return self._invoke(request) if route == _INVOCATIONS else self._call(request)
        if request.method not in (b"GET", b"HEAD"):
            return Response(405, TEXT, b"this is asked for with GET")
        if route == _PING:
            return Response(200, TEXT, b"")
        if route == _PARAMETERS:
            return Response(200, JSON, self._parameters)
        return Response(200, numbers.CONTENT_TYPE, self._metrics.text().encode())

    def too_large(self, request: Request) -> Response:
        """The answer to a request whose body is over the limit."""
        if request.route == _RUNTIME:
            return self._with_headers(runtime_api.too_large(self._limit), request)
        text = f"the body has more than {self._limit} bytes; send fewer texts at once"
        return Response(413, TEXT, text.encode())

    def full(self, request: Request) -> Response:
        """The answer to a request for which there is no memory now."""
        if request.route == _RUNTIME:
            return self._with_headers(runtime_api.unavailable(), request)
        return Response(503, TEXT, b"too many requests are under way; try again")

    def _invoke(self, request: Request) -> Response:
        headers = request.headers
        kind = headers.get(b"content-type", b"").decode("latin-1")
        accept = headers.get(b"accept", b"").decode("latin-1")
        return self._endpoint.invoke(request.body, kind, accept)

    def _call(self, request: Request) -> Response:
        found = _RUNTIME_PATH.fullmatch(request.target.partition(b"?")[0])
        name = found[1].decode("latin-1") if found else ""
        headers = request.headers
        response = runtime_api.refusal(headers)
        if response is None:
            response = runtime_api.answered(self._invoke(request), name, headers)
        return self._with_headers(response, request)

    @staticmethod
    def _with_headers(response: Response, request: Request) -> Response:
        added = runtime_api.extra_headers(request.headers, response.error_type)
        return response._replace(headers=added)
