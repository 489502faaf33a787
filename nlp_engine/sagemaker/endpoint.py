"""BlazingText's inference endpoint: `/ping` and `/invocations`.

`Endpoint.invoke` takes and gives bytes; `application` puts it behind HTTP.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlp_engine.classification.classifier import Classifier
from nlp_engine.corpus.labelled import LABEL_PREFIX
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError, require
from nlp_engine.formats.fasttext import read_model
from nlp_engine.manifest import read_manifest

JSON, JSON_LINES = "application/json", "application/jsonlines"


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response: status, content type and body."""

    status: int
    content_type: str
    body: bytes


class Endpoint:
    """Answers BlazingText's requests with one model.

    Args:
        model: Word vectors or a classifier.
    """

    def __init__(self, model: WordVectors | Classifier) -> None:
        self._model = model
        if isinstance(model, Classifier):
            self._label_words = {label: word for word, label in model.labels.items()}

    @classmethod
    def open(cls, path: Path | str) -> Endpoint:
        """Open a vectors or classifier folder, or a model file of fastText.

        Raises:
            InputError: There is no such folder or file.
            FormatError: One of another kind.
        """
        path = Path(path)
        if path.is_file():
            classifies = read_model(path).model == "supervised"
        else:
            classifies = read_manifest(path, "vectors", "classifier").format == "classifier"
        return cls(Classifier.open(path) if classifies else WordVectors.open(path))

    def invoke(self, body: bytes, content_type: str) -> Response:
        """Answer one request; never raises for what a client sent."""
        kind = content_type.partition(";")[0].strip().lower() or JSON
        if kind not in (JSON, JSON_LINES):
            return _error(415, f"content-type {kind} not supported")
        try:
            if kind == JSON:
                answers = self._answer_json(json.loads(body))
                return Response(200, JSON, json.dumps(answers).encode())
            answers = self._answer_lines([json.loads(line) for line in body.splitlines() if line])
            return Response(200, JSON_LINES, "\n".join(map(json.dumps, answers)).encode())
        except (ValueError, TypeError, KeyError) as error:
            return _error(400, f"malformed request: {error}")

    def _answer_json(self, request: Any) -> list[dict[str, Any]]:
        if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
            raise ValueError('expected {"instances": ["…", …]}')
        k = (request.get("configuration") or {}).get("k", 1)
        return self._answer(request["instances"], [k] * len(request["instances"]))

    def _answer_lines(self, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return self._answer(
            [line["source"] for line in lines], [line.get("k", 1) for line in lines]
        )

    def _answer(self, instances: Sequence[Any], ks: Sequence[Any]) -> list[dict[str, Any]]:
        for instance in instances:
            if not isinstance(instance, str):
                raise ValueError(f"{instance!r} is no text")
        for k in ks:
            if not isinstance(k, int) or isinstance(k, bool) or k < 1:
                raise ValueError(f"k is {k!r}; it must be a positive integer")
        if isinstance(self._model, WordVectors):
            return [{"vector": _vector(self._model, word), "word": word} for word in instances]
        predictions = self._model.predict_tokenized(instances, k=max(ks, default=1))
        return [
            {
                "prob": [prediction.probability for prediction in texts[:k]],
                "label": [self._label_word(prediction.label) for prediction in texts[:k]],
            }
            for texts, k in zip(predictions, ks, strict=True)
        ]

    def _label_word(self, label: str) -> str:
        return self._label_words.get(label, LABEL_PREFIX + label)


def application(endpoint: Endpoint) -> Any:
    """The endpoint as an ASGI application.

    `/endpoints/{name}/invocations` is what an AWS client calls when its endpoint URL points here.

    Raises:
        MissingExtraError: The extra `serve` is not installed.
    """
    require("starlette", "serve")
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import Response as HttpResponse
    from starlette.routing import Route

    async def ping(_: Request) -> HttpResponse:
        return HttpResponse()

    async def invocations(request: Request) -> HttpResponse:
        kind = request.headers.get("content-type", JSON)
        answer = await run_in_threadpool(endpoint.invoke, await request.body(), kind)
        return HttpResponse(answer.body, answer.status, media_type=answer.content_type)

    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/invocations", invocations, methods=["POST"]),
            Route("/endpoints/{name}/invocations", invocations, methods=["POST"]),
        ]
    )


def serve(endpoint: Endpoint, *, host: str, port: int) -> None:
    """Answer HTTP requests until interrupted; then finish those under way.

    Raises:
        InputError: The port is taken or the address is not this machine's.
        MissingExtraError: The extra `serve` is not installed.
    """
    uvicorn = require("uvicorn", "serve")
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise InputError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another --port or --host"
        ) from error
    config = uvicorn.Config(application(endpoint), log_level="warning")
    with listener, contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def _vector(vectors: WordVectors, word: str) -> list[float]:
    """A word's numbers; zeros for a word without a vector, as BlazingText answers."""
    vector = vectors[word] if word in vectors else np.zeros(vectors.vector_dim, np.float32)
    numbers: list[float] = vector.astype(float).tolist()
    return numbers


def _error(status: int, message: str) -> Response:
    return Response(status, "text/plain", message.encode())
