"""BlazingText's `/invocations`: bytes in, bytes out."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nlp_engine.classification.classifier import Classifier
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError
from nlp_engine.sagemaker.endpoint.answers import Answers, Labels, Links, Scores, Vectors
from nlp_engine.sagemaker.endpoint.models import open_links, open_model
from nlp_engine.sagemaker.endpoint.payloads import CSV, JSON, JSON_LINES, Codec, Instances

TEXT = "text/plain"
_ANSWER_BYTES = 256 << 20  # SageMaker passes on far less
_log = logging.getLogger(__name__)


class Response(NamedTuple):
    """An HTTP response.

    Attributes:
        status: HTTP status.
        content_type: Of the body.
        body: The body.
        instances: How many it answers.
        error_type: The runtime API's name of the error, if it is one of its own.
        headers: Further header fields, each with its line's end.
    """

    status: int
    content_type: str
    body: bytes
    instances: int = 0
    error_type: str = ""
    headers: bytes = b""


class Endpoint:
    """Answers BlazingText's requests with one model.

    Args:
        model: Word vectors, a classifier, or what answers in their place.
        links: What gives answers the links that their request asks for.

    Raises:
        MissingExtraError: The extra `serve` is not installed.
    """

    def __init__(
        self, model: WordVectors | Classifier | Answers | Scores, links: Links | None = None
    ) -> None:
        if isinstance(model, Classifier):
            model = Labels(model)
        self._answers = Vectors(model) if isinstance(model, WordVectors) else model
        self._links = links
        self._codec = Codec()

    @classmethod
    def open(cls, path: Path | str, *, kb: Path | str | None = None, threads: int = 1) -> Endpoint:
        """Open a model.

        Args:
            path: A vectors, classifier or knowledge base folder, a model file of fastText or
                word2vec, or a tar archive of one of them.
            kb: A knowledge base, for requests with `"links": true`.
            threads: Threads for a request of many texts.

        Raises:
            InputError: There is no such folder or file.
            FormatError: One of another kind, or an archive with members that are refused.
            MissingExtraError: The extra `serve` is not installed.
        """
        links = open_links(Path(kb)) if kb is not None else None
        return cls(open_model(Path(path), threads=threads), links)

    def is_quick(self, size: int) -> bool:
        """Whether a body of so many bytes takes so little time that others may wait for it."""
        return size <= (self._answers if self._links is None else self._links).quick_bytes

    def invoke(self, body: bytes, content_type: str = JSON, accept: str = "") -> Response:
        """Answer one request; never raises for what a client sent.

        Args:
            body: The request's body.
            content_type: `application/json`, `application/jsonlines` or `text/csv`; what stands
                behind a semicolon counts for CSV alone: `k=3`, `header=present`.
            accept: With CSV, one of the three for the answer; else it is ignored, as in
                BlazingText.
        """
        kind, parameters = parse_content_type(content_type)
        numbers = isinstance(self._answers, Scores)
        if kind not in ((JSON,) if numbers else (JSON, JSON_LINES, CSV)):
            return Response(415, TEXT, f"content-type {kind} not supported".encode())
        try:
            if isinstance(self._answers, Scores):
                found = self._answers.predict(body)
                return Response(200, JSON, self._codec.dump(found), len(found["predictions"]))
            if kind == JSON and isinstance(self._answers, Labels):
                quick = self._answers.answer_json(body, _ANSWER_BYTES)
                if quick is not None:
                    return Response(200, JSON, *quick)
            asked = self._codec.decode(body, kind, parameters)
            return self._respond(self._answers, asked, _accepted(accept) if kind == CSV else kind)
        except InputError as error:
            return Response(400, TEXT, str(error).encode("utf-8", "replace"))
        except Exception:
            _log.exception("a request failed")
            return Response(500, TEXT, b"the model failed; the server's log says why")

    def _respond(self, model: Answers, asked: Instances, kind: str) -> Response:
        size = model.size(asked.ks)
        if size > _ANSWER_BYTES:
            raise InputError(
                f"Customer Error: the answers would have about {size >> 20} MiB, more than "
                f"{_ANSWER_BYTES >> 20}; ask for fewer at once"
            )
        answers = model.answer(asked.texts, asked.ks)
        if asked.linked:
            self._add_links(answers, asked)
        rows = [model.columns(answer) for answer in answers] if kind == CSV else ()
        return Response(200, kind, self._codec.encode(answers, kind, rows), len(answers))

    def _add_links(self, answers: Sequence[Any], asked: Instances) -> None:
        if self._links is None:
            raise InputError("Customer Error: this endpoint has no knowledge base to link with")
        for answer, text, linked in zip(answers, asked.texts, asked.linked, strict=True):
            if linked and isinstance(answer, dict):
                answer["links"] = self._links.answer([text], [1])[0]


def _accepted(accept: str) -> str:
    kinds = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return next((kind for kind in kinds if kind in (JSON, JSON_LINES, CSV)), CSV)


@functools.lru_cache(maxsize=256)
def parse_content_type(text: str) -> tuple[str, dict[str, str]]:
    """A content type in lower case, JSON if it is empty, and its parameters."""
    kind, *parameters = (part.strip() for part in text.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return kind.lower() or JSON, {
        name.strip().lower(): value.strip().strip('"') for name, _, value in pairs
    }
