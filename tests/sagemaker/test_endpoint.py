from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import FormatError, InputError
from nlp_engine.sagemaker.endpoint import JSON, JSON_LINES, Endpoint, application


@pytest.fixture(scope="module")
def classifier(demo: DemoResult) -> Endpoint:
    return Endpoint.open(demo.folder / "classifier")


@pytest.fixture(scope="module")
def vectors(demo: DemoResult) -> Endpoint:
    return Endpoint.open(demo.folder / "vectors")


def ask(endpoint: Endpoint, request: Any) -> Any:
    response = endpoint.invoke(json.dumps(request).encode(), JSON)
    assert (response.status, response.content_type) == (200, JSON)
    return json.loads(response.body)


def test_word_vectors_and_zeros_for_unknown_words(vectors: Endpoint, demo: DemoResult) -> None:
    known, unknown = ask(vectors, {"instances": ["president", "awweeesome"]})
    opened = WordVectors.open(demo.folder / "vectors")
    assert known == {"vector": opened["president"].astype(float).tolist(), "word": "president"}
    assert unknown == {"vector": [0.0] * 100, "word": "awweeesome"}


def test_labels_keep_their_prefix_and_order(classifier: Endpoint) -> None:
    texts = ["president lincoln and the civil war", "the letter of the alphabet"]
    first, second = ask(classifier, {"instances": texts})
    assert first["label"] == ["__label__Abraham_Lincoln"]
    assert 0 < first["prob"][0] <= 1
    assert second["label"] != first["label"]
    (top,) = ask(classifier, {"instances": texts[:1], "configuration": {"k": 3}})
    assert len(top["label"]) == len(top["prob"]) == 3
    assert top["label"][0] == "__label__Abraham_Lincoln"
    assert top["prob"] == sorted(top["prob"], reverse=True)
    assert ask(classifier, {"instances": []}) == []


def test_json_lines_with_a_k_of_their_own(classifier: Endpoint) -> None:
    body = b'{"source": "president lincoln"}\n{"source": "the alphabet", "k": 2}\n'
    response = classifier.invoke(body, "application/jsonlines; charset=utf-8")
    assert (response.status, response.content_type) == (200, JSON_LINES)
    lines = [json.loads(line) for line in response.body.splitlines()]
    assert [len(line["label"]) for line in lines] == [1, 2]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "message"),
    [
        (b"{}", "application/octet-stream", 415,
         "content-type application/octet-stream not supported"),
        (b"{half", JSON, 400, "malformed request"),
        (b"\xff\xfe\x00", JSON, 400, "malformed request"),
        (b"{}", JSON, 400, 'expected {"instances"'),
        (b'{"instances": "text"}', JSON, 400, "malformed"),
        (b'{"instances": [1]}', JSON, 400, "1 is no text"),
        (b'{"instances": ["a"], "configuration": {"k": 0}}', JSON, 400, "k is 0"),
        (b'{"instances": ["a"], "configuration": {"k": "2"}}', JSON, 400, "k is '2'"),
        (b'{"text": "a"}', JSON_LINES, 400, "malformed request: 'source'"),
        (b"[1]", JSON_LINES, 400, "malformed request"),
    ],
)  # fmt: skip
def test_bad_requests_get_a_status_and_a_reason(
    classifier: Endpoint, body: bytes, content_type: str, status: int, message: str
) -> None:
    response = classifier.invoke(body, content_type)
    assert response.status == status
    assert message in response.body.decode()


def test_model_files_answer_as_their_folders(
    classifier: Endpoint, vectors: Endpoint, demo: DemoResult
) -> None:
    texts = {"instances": ["president lincoln and the civil war"], "configuration": {"k": 2}}
    file = Endpoint.open(demo.folder / "classifier" / "model.bin")
    assert ask(file, texts) == ask(classifier, texts)
    words = {"instances": ["president", "awweeesome"]}
    file = Endpoint.open(demo.folder / "vectors" / "vectors.bin")
    assert ask(file, words) == ask(vectors, words)


def test_other_folders_are_no_models(demo: DemoResult, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="expected the folder .vectors or classifier."):
        Endpoint.open(demo.folder / "kb")
    with pytest.raises(InputError, match="does not exist"):
        Endpoint.open(tmp_path / "none")


@pytest.mark.anyio
async def test_routes(classifier: Endpoint) -> None:
    transport = httpx.ASGITransport(app=application(classifier))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/ping")).status_code == 200
        body = {"instances": ["president lincoln"]}
        for path in ("/invocations", "/endpoints/mine/invocations"):
            response = await client.post(path, json=body)
            assert response.status_code == 200
            assert response.json()[0]["label"] == ["__label__Abraham_Lincoln"]
        assert (await client.get("/invocations")).status_code == 405
        assert (await client.get("/nothing")).status_code == 404


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_server_answers_until_it_is_stopped(demo: DemoResult) -> None:
    port = free_port()
    command = [sys.executable, "-m", "nlp_engine", "serve", str(demo.folder / "classifier")]
    server = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.PIPE, text=True)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                assert urllib.request.urlopen(f"{address}/ping").status == 200
                break
            except OSError:
                time.sleep(0.05)
        second = subprocess.run(
            [*command, "--port", str(port)], capture_output=True, text=True, check=False
        )
        assert second.returncode == 2
        assert f"cannot listen on 127.0.0.1:{port}" in second.stderr
        request = urllib.request.Request(
            f"{address}/invocations",
            data=b'{"instances": ["president lincoln"]}',
            headers={"Content-Type": "application/json"},
        )
        answer = json.load(urllib.request.urlopen(request))
        assert answer[0]["label"] == ["__label__Abraham_Lincoln"]
    finally:
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=20)
    assert server.returncode == 0
    assert "Traceback" not in errors
