"""`job invoke --on sagemaker`: boto3 asks our server, or what stands for SageMaker."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from click.testing import Result
from typer.testing import CliRunner

from nlp_engine.classification.train import train_classifier
from nlp_engine.cli.app import app
from tests.sagemaker.job_specs import CLASSIFIER, write_spec
from tests.sagemaker.moto_cloud import served

URL = "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a user with keys and nothing else."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps keys
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/nonexistent"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
    ):
        monkeypatch.setenv(name, value)


class Runtime(ThreadingHTTPServer):
    """What stands for SageMaker's runtime: keeps requests, and gives one answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.error, self.answer = 200, "", b"[]"


class _Handler(BaseHTTPRequestHandler):
    server: Runtime

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        if self.server.error:
            self.send_header("x-amzn-errortype", self.server.error)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    with Runtime() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv(URL, f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()


def invoke(folder: Path, body: str, *arguments: str) -> Result:
    (folder / "request").write_text(body)
    files = [str(folder / "job.toml"), str(folder / "request")]
    return CliRunner().invoke(app, ["job", "invoke", *files, "--on", "sagemaker", *arguments])


def test_our_server_answers_as_an_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_spec(tmp_path, CLASSIFIER)
    (tmp_path / "labelled").write_text("__label__fruit apples\n__label__metal iron\n" * 40)
    options = {"epochs": 20, "learning_rate": 0.5, "buckets": 100, "min_count": 1}
    train_classifier(tmp_path / "labelled", tmp_path / "model", **options)
    with served(tmp_path / "model") as url:
        monkeypatch.setenv(URL, url)
        answer = invoke(tmp_path, '{"instances": ["iron"], "configuration": {"k": 2}}')
        assert answer.exit_code == 0, answer.stderr
        assert json.loads(answer.stdout)[0]["label"] == ["__label__metal", "__label__fruit"]
        kind = ["--content-type", "application/jsonlines"]
        lines = invoke(tmp_path, '{"source": "iron"}\n{"source": "apples"}', *kind)
        labels = [json.loads(line)["label"] for line in lines.stdout.splitlines()]
        assert labels == [["__label__metal"], ["__label__fruit"]]
        refused = invoke(tmp_path, "{half")
        assert refused.exit_code == 2 and refused.stdout == ""
        assert "endpoint dbpedia gives no answer: " in refused.stderr
        assert "ModelError" in refused.stderr and "(400)" in refused.stderr


def test_what_is_asked_for(tmp_path: Path, runtime: Runtime) -> None:
    write_spec(tmp_path, CLASSIFIER, ('region = "us-east-1"', 'region = "eu-west-1"'))
    assert invoke(tmp_path, '{"instances": []}').stdout == "[]\n"
    invoke(tmp_path, "a", "--job", "dbpedia-2", "--content-type", "text/csv")
    write_spec(tmp_path, CLASSIFIER, ("[endpoint]\n", '[endpoint]\nname = "langid"\n'))
    invoke(tmp_path, "a", "--job", "dbpedia-2")
    (path, headers, body), (other, csv, _), (named, _, _) = runtime.asked
    assert (path, body) == ("/endpoints/dbpedia/invocations", b'{"instances": []}')
    assert headers["Content-Type"] == headers["Accept"] == "application/json"
    assert "/eu-west-1/sagemaker/aws4_request" in headers["Authorization"]
    assert (other, csv["Content-Type"]) == ("/endpoints/dbpedia-2/invocations", "text/csv")
    assert named == "/endpoints/langid/invocations"


def test_an_endpoint_that_is_not_there(tmp_path: Path, runtime: Runtime) -> None:
    write_spec(tmp_path, CLASSIFIER)
    runtime.status, runtime.error = 400, "ValidationError"
    runtime.answer = b'{"message": "Endpoint dbpedia of account 123456789012 not found."}'
    refused = invoke(tmp_path, "{}")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("nlp-engine: endpoint dbpedia gives no answer: ")
    assert "Endpoint dbpedia of account 123456789012 not found." in refused.stderr


def test_without_keys_or_a_region(
    tmp_path: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_spec(tmp_path, CLASSIFIER)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    refused = invoke(tmp_path, "{}")
    assert refused.exit_code == 2 and "Unable to locate credentials" in refused.stderr
    write_spec(tmp_path, CLASSIFIER, ('region = "us-east-1"', ""))
    refused = invoke(tmp_path, "{}")
    assert refused.exit_code == 2 and "specify a region" in refused.stderr
    assert runtime.asked == []
