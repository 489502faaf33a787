"""moto's server for tests, behind a small proxy for what it answers otherwise than SageMaker.

moto 5 describes what it was not given as `{}`, which SageMaker leaves out, and on which the
SageMaker SDK stumbles; it cannot stop jobs; and `SecondaryStatus` and metrics are those of no real
training.
"""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import boto3
import pytest

Application = Callable[..., Iterable[bytes]]

_ACCOUNT, _REGION = "123456789012", "us-east-1"
# Of jobs that can be stopped: moto's name, and what precedes `Name` in requests.
_STOPPABLE = {
    "training": "TrainingJob",
    "hyper_parameter_tuning": "HyperParameterTuningJob",
    "transform": "TransformJob",
}


class Proxy:
    """A WSGI application that keeps the requests and mends the answers of another.

    Attributes:
        requests: Operation and parameters of the requests to SageMaker, in their order.
        before: What happens before an operation is answered.
        after: What happens when moto has done it, with its parameters.
        refused: The operations for which the client has no rights.
        failing: The status and the error of all answers, while SageMaker has a fault.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.after: dict[str, Callable[[dict[str, Any]], None]] = {}
        self.refused: set[str] = set()
        self.failing: tuple[str, str] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[..., Any]:
            started[:] = [status, headers]
            return lambda data: None

        target = environ.get("HTTP_X_AMZN_TARGET", environ.get("HTTP_X_AMZ_TARGET", ""))
        ours = target.startswith("SageMaker.")
        operation = target.removeprefix("SageMaker.")
        if ours:
            parameters = self._keep(operation, environ)
            self.before.get(operation, lambda: None)()
            if self.failing:
                fault = {"__type": self.failing[1], "message": "try later"}
                return _respond(start_response, self.failing[0], json.dumps(fault).encode())
            if refusal := self._refusal(operation, parameters):
                content = {"__type": refusal[0], "message": refusal[1]}
                return _respond(start_response, "400 Bad Request", json.dumps(content).encode())
            if operation.startswith("Stop"):
                return _respond(start_response, "200 OK", b"")
        body = b"".join(self._application(environ, start))
        status, headers = started
        if environ["REQUEST_METHOD"] == "HEAD":
            start_response(status, headers)
            return [body]
        if ours and status.startswith("200"):
            self.after.get(operation, lambda parameters: None)(parameters)
            body = json.dumps(without_empty(json.loads(body))).encode() if body else b""
        if operation.startswith("Describe"):
            _let_stopping_jobs_end()
        return _respond(start_response, status, body, headers)

    def _refusal(self, operation: str, parameters: dict[str, Any]) -> tuple[str, str] | None:
        """Why SageMaker would refuse a request, of what moto does not know; it stops jobs, too."""
        if operation in self.refused:
            return "AccessDeniedException", f"User is not authorized to perform {operation}"
        for kind, name in _STOPPABLE.items():
            if operation != f"Stop{name}":
                continue
            job = _jobs(kind).get(parameters[f"{name}Name"])
            if job is None:
                return "ValidationException", "Requested resource not found."
            state = getattr(job, f"{kind}_job_status")
            if state != "InProgress":
                return "ValidationException", f"The request was rejected: it is in status {state}."
            setattr(job, f"{kind}_job_status", "Stopping")
        return None

    def _keep(self, operation: str, environ: dict[str, Any]) -> dict[str, Any]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        self.requests.append((operation, json.loads(body or b"{}")))
        return self.requests[-1][1]

    def reset(self) -> None:
        """Forget the requests, and all that they have made."""
        from moto.backends import get_backend

        for service in ("sagemaker", "s3", "logs"):
            get_backend(service).reset()
        self.requests.clear()
        self.before.clear()
        self.after.clear()
        self.refused.clear()
        self.failing = None

    def sent(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of all requests of an operation."""
        return [parameters for name, parameters in self.requests if name == operation]


def _respond(
    start_response: Callable[..., Any],
    status: str,
    body: bytes,
    headers: Sequence[tuple[str, str]] = (("Content-Type", "application/x-amz-json-1.1"),),
) -> list[bytes]:
    others = [(name, value) for name, value in headers if name.lower() != "content-length"]
    start_response(status, [*others, ("Content-Length", str(len(body)))])
    return [body]


def _jobs(kind: str) -> dict[str, Any]:
    """The jobs of a kind that moto keeps, by name."""
    from moto.backends import get_backend

    jobs: dict[str, Any] = getattr(get_backend("sagemaker")[_ACCOUNT][_REGION], f"{kind}_jobs")
    return jobs


def _let_stopping_jobs_end() -> None:
    for kind in _STOPPABLE:
        for job in _jobs(kind).values():
            if getattr(job, f"{kind}_job_status") == "Stopping":
                setattr(job, f"{kind}_job_status", "Stopped")


def without_empty(value: Any) -> Any:
    """A JSON value without the empty objects in its objects."""
    if isinstance(value, dict):
        return {key: without_empty(part) for key, part in value.items() if part != {}}
    return [without_empty(part) for part in value] if isinstance(value, list) else value


@contextlib.contextmanager
def moto_server() -> Iterator[tuple[str, Proxy]]:
    """Give the address of a server on loopback, and its proxy."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    proxy = Proxy(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, proxy, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def bucket_server(bucket: str) -> Iterator[str]:
    """moto's server with a bucket of S3, by its URL."""
    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    with moto_server() as (url, _):
        client = boto3.client("s3", region_name=_REGION, endpoint_url=url, **keys)
        client.create_bucket(Bucket=bucket)
        yield url


def use_emptied(server: tuple[str, Proxy], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have every client of boto3 speak to an emptied server; gives a client of its S3.

    It has one bucket, `bucket`.
    """
    url, proxy = server
    for name, value in (
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/nonexistent"),
    ):
        monkeypatch.setenv(name, value)
    proxy.reset()
    client = boto3.client("s3", region_name=_REGION)
    client.create_bucket(Bucket="bucket")
    return client
