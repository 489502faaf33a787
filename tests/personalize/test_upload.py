"""Uploading to S3: parts side by side, progress, what is there already, and failures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import pytest

from nlp_engine.errors import EngineError
from nlp_engine.files import sha256
from nlp_engine.personalize.importing.plan import Upload
from nlp_engine.personalize.importing.upload import upload
from nlp_engine.progress import Progress
from tests.personalize.aws_stub import environment, serving
from tests.sagemaker.moto_server import bucket_server

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with bucket_server("films") as url:
        yield url


def use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**environment(url), "AWS_ENDPOINT_URL_S3": url}.items():
        monkeypatch.setenv(name, value)


def part(path: Path, size: int, bucket: str = "films") -> Upload:
    path.write_bytes(bytes(range(256)) * (size // 256))
    return Upload(path=path, bucket=bucket, key=path.name, sha256=sha256(path))


def test_a_large_file_goes_in_parts(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(s3, monkeypatch)
    parts = [part(tmp_path / "large.csv", 20 * MEGABYTE), part(tmp_path / "small.csv", 512)]
    told: list[tuple[Progress, int]] = []
    upload(parts, "eu-west-1", lambda progress: told.append((progress, threading.get_ident())))
    found = boto3.client("s3").get_object(Bucket="films", Key="large.csv")
    assert found["Body"].read() == parts[0].path.read_bytes()
    assert found["ETag"].strip('"').endswith("-3")
    assert {thread for _, thread in told} == {threading.get_ident()}
    done = [progress.done for progress, _ in told]
    assert done == sorted(done)
    assert (done[-1], told[-1][0].total) == (20 * MEGABYTE + 512, 20 * MEGABYTE + 512)
    told.clear()
    upload(parts, "eu-west-1", lambda progress: told.append((progress, 0)))
    assert len(told) == 2  # both are there


def test_a_bucket_that_is_missing(tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(s3, monkeypatch)
    with pytest.raises(EngineError, match=r"cannot upload .*x.csv to s3://none/x.csv: .*bucket"):
        upload([part(tmp_path / "x.csv", 512, "none")], "eu-west-1", lambda _: None)


class _Meeting(BaseHTTPRequestHandler):
    """Answers parts only when several have come."""

    protocol_version = "HTTP/1.1"
    server: Any

    def do_HEAD(self) -> None:
        self.answer(404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        what = "InitiateMultipartUpload" if "uploads" in self.path else "CompleteMultipartUpload"
        self.answer(200, f"<{what}Result><UploadId>1</UploadId></{what}Result>".encode())

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.stub.wait(timeout=30)
        self.answer(200)

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


def test_parts_go_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = threading.Barrier(4)
    with serving(meeting, _Meeting) as url:
        use(url, monkeypatch)
        monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
        upload([part(tmp_path / "x.csv", 32 * MEGABYTE)], "eu-west-1", lambda _: None)
    assert not meeting.broken
