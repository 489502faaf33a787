"""moto's server for tests, behind a small proxy for what it answers otherwise than SageMaker.

moto 5 describes what it was not given as `{}`, which SageMaker leaves out, and on which the
SageMaker SDK stumbles; and `SecondaryStatus` and metrics are those of no real training.
"""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Application = Callable[..., Iterable[bytes]]


class Proxy:
    """A WSGI application that keeps the requests and mends the answers of another.

    Attributes:
        requests: Operation and parameters of the requests to SageMaker, in their order.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[..., Any]:
            started[:] = [status, headers]
            return lambda data: None

        target = environ.get("HTTP_X_AMZN_TARGET", environ.get("HTTP_X_AMZ_TARGET", ""))
        ours = target.startswith("SageMaker.")
        if ours:
            self._keep(target.removeprefix("SageMaker."), environ)
        body = b"".join(self._application(environ, start))
        status, headers = started
        if ours and status.startswith("200") and body:
            body = json.dumps(without_empty(json.loads(body))).encode()
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _keep(self, operation: str, environ: dict[str, Any]) -> None:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        self.requests.append((operation, json.loads(body or b"{}")))

    def reset(self) -> None:
        """Forget the requests, and all that they have made."""
        from moto.backends import get_backend

        for service in ("sagemaker", "s3", "logs"):
            get_backend(service).reset()
        self.requests.clear()

    def sent(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of all requests of an operation."""
        return [parameters for name, parameters in self.requests if name == operation]


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
