"""The same classifier behind other servers; the variable BENCH_MODEL names its `model.bin`.

`flask_app` is AWS's bring-your-own-container recipe with the fastText library: Flask, gunicorn with
gevent workers, one per core. nginx, which passes requests on to gunicorn there, is left out, which
is to its advantage. `asgi` and `rsgi` are this package's `Endpoint` behind uvicorn and granian,
without any framework: what they cannot do faster, no framework on them can.
"""

from __future__ import annotations

import functools
import json
import os
from typing import Any


@functools.cache
def _endpoint() -> Any:
    from nlp_engine.sagemaker.endpoint import Endpoint

    return Endpoint.open(os.environ["BENCH_MODEL"])


def flask_app() -> Any:
    """For gunicorn: `serve_peers:flask_app()`."""
    import fasttext
    import flask

    model = fasttext.load_model(os.environ["BENCH_MODEL"])
    app = flask.Flask(__name__)

    @app.route("/ping")
    def ping() -> Any:
        return flask.Response(status=200)

    @app.route("/invocations", methods=["POST"])
    def invocations() -> Any:
        request = json.loads(flask.request.data)
        k = request.get("configuration", {}).get("k", 1)
        labels, probabilities = model.predict(request["instances"], k=k)
        answers = [
            {"prob": [float(value) for value in values], "label": list(names)}
            for names, values in zip(labels, probabilities, strict=True)
        ]
        return flask.Response(json.dumps(answers), status=200, mimetype="application/json")

    return app


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """For uvicorn: `serve_peers:asgi`."""
    if scope["type"] == "lifespan":
        await receive()
        _endpoint()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    status, body = 200, b""
    if scope["path"] != "/ping":
        response = _endpoint().invoke(b"".join(parts))
        status, body = response.status, response.body
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Rsgi:
    """For granian: `serve_peers:rsgi`."""

    def __rsgi_init__(self, loop: Any) -> None:
        _endpoint()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        body = await protocol()
        if scope.path == "/ping":
            protocol.response_empty(200, [])
            return
        response = _endpoint().invoke(body)
        headers = [("content-type", "application/json")]
        protocol.response_bytes(response.status, headers, response.body)


rsgi = Rsgi()
