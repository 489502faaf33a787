"""The server as a process: routes, AWS's own client, limits, slow clients, signals."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.processes import children
from tests.sagemaker.endpoint_models import Server, free_port, running, served, train_models

LIMIT = 6_291_456
TIGHT = ("--header-seconds", "0.5", "--body-seconds", "1", "--idle-seconds", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    train_models(folder)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """Two workers."""
    with served(folder / "model.bin", "--workers", "2") as server:
        yield server


@pytest.fixture(scope="module")
def strict(folder: Path) -> Iterator[Server]:
    """One worker with little patience."""
    with served(folder / "model.bin", "--workers", "1", *TIGHT) as server:
        yield server


def read_all(client: socket.socket) -> bytes:
    """What comes until the server closes."""
    parts = []
    with closing(client):
        while part := client.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def head(length: int | str, *more: str) -> bytes:
    lines = ["POST /invocations HTTP/1.1", "Host: x", "Content-Type: application/json", *more]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


def request_of(text: str, *more: str) -> bytes:
    body = json.dumps({"instances": [text]}).encode()
    return head(len(body), *more) + body


# Routes


def test_routes(server: Server) -> None:
    assert httpx.get(f"{server.url}/ping").status_code == 200
    assert httpx.head(f"{server.url}/ping").status_code == 200
    assert httpx.get(f"{server.url}/execution-parameters").json() == {
        "MaxConcurrentTransforms": 2, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6,
    }  # fmt: skip
    assert httpx.get(f"{server.url}/invocations").status_code == 405
    assert httpx.post(f"{server.url}/ping").status_code == 405
    assert httpx.get(f"{server.url}/nothing").status_code == 404
    assert server.ask("apple pear")[0]["label"] == ["__label__fruit"]


def test_every_response_has_an_id_of_its_own(server: Server) -> None:
    ids = {httpx.get(f"{server.url}/ping").headers["x-amzn-requestid"] for _ in range(20)}
    assert len({uuid.UUID(id) for id in ids}) == 20


def test_errors_come_as_the_container_sends_them(server: Server) -> None:
    response = server.post("{}", "application/octet-stream")
    assert response.status_code == 415
    assert response.text == "content-type application/octet-stream not supported"
    assert response.headers["content-type"] == "text/plain"
    assert server.post("{half").status_code == 400


def test_requests_on_one_connection_are_answered_in_order(server: Server) -> None:
    big = json.dumps({"instances": ["iron"] * 20_000}).encode()  # answered in a thread
    client = server.connect(
        request_of("apple") + head(len(big)) + big + request_of("song", "Connection: close")
    )
    found = read_all(client)
    assert found.count(b"HTTP/1.1 200 OK") == 3
    places = [found.index(label) for label in (b"__label__fruit", b"__label__metal")]
    assert places == sorted(places)
    assert b"__label__music" in found[-200:]


def test_a_client_may_end_its_side_before_the_answer(server: Server) -> None:
    big = json.dumps({"instances": ["iron"] * 20_000}).encode()
    client = server.connect(head(len(big)) + big)
    client.shutdown(socket.SHUT_WR)
    assert read_all(client).count(b"__label__metal") == 20_000


def test_clients_that_ask_whether_to_go_on(server: Server) -> None:
    body = b'{"instances": ["apple"]}'
    client = server.connect(head(len(body), "Expect: 100-continue", "Connection: close"))
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(body)
    assert b"__label__fruit" in read_all(client)


@pytest.mark.parametrize("parts", [1, 2])
def test_another_protocol_is_passed_over_where_a_client_offers_one(
    server: Server, parts: int
) -> None:
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    request = request_of("apple", *offer) + request_of("iron", "Connection: close")
    client = server.connect(request[:200])
    time.sleep(0.2 * (parts - 1))
    client.sendall(request[200:])
    found = read_all(client)
    assert found.count(b"HTTP/1.1 200 OK") == found.count(b"HTTP/1.1 ") == 2
    assert found.index(b"__label__fruit") < found.index(b"__label__metal")
    chat = b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    client = server.connect(chat)
    assert client.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
    client.close()


# AWS's client


@pytest.fixture
def runtime(server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": server.url,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    return boto3.client("sagemaker-runtime")


def invoke(runtime: Any, body: bytes | str, kind: str = "application/json", **more: Any) -> Any:
    return runtime.invoke_endpoint(EndpointName="mine", ContentType=kind, Body=body, **more)


def test_boto3_invokes(runtime: Any) -> None:
    request = {"instances": ["zinc gold"], "configuration": {"k": 2}}
    response = invoke(
        runtime, json.dumps(request), CustomAttributes="a=b", InferenceId="id-7", Accept="*/*"
    )
    (answer,) = json.loads(response["Body"].read())
    assert answer["label"][0] == "__label__metal" and len(answer["prob"]) == 2
    assert response["ContentType"] == "application/json"
    assert response["InvokedProductionVariant"] == "AllTraffic"
    assert response["CustomAttributes"] == "a=b"
    headers = response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amzn-sagemaker-inference-id"] == "id-7"
    assert uuid.UUID(response["ResponseMetadata"]["RequestId"])
    assert invoke(runtime, "{\"source\": \"tin\"}", "application/jsonlines", TargetVariant="v2")[
        "InvokedProductionVariant"
    ] == "v2"  # fmt: skip


def test_boto3_raises_what_it_raises_on_aws(runtime: Any) -> None:
    with pytest.raises(runtime.exceptions.ModelError) as caught:
        invoke(runtime, b"\0", "application/octet-stream")
    found = caught.value.response
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert found["OriginalStatusCode"] == 415
    assert found["OriginalMessage"] == "content-type application/octet-stream not supported"
    assert found["Error"]["Message"].startswith(
        "Received client error (415) from AllTraffic with message "
        '"content-type application/octet-stream not supported". See '
    )
    with pytest.raises(runtime.exceptions.ModelError) as caught:
        invoke(runtime, "{half")
    assert caught.value.response["OriginalStatusCode"] == 400
    with pytest.raises(ClientError) as refused:
        invoke(runtime, "{}", TargetModel="other.tar.gz")
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError) as refused:
        invoke(runtime, b"x" * (LIMIT + 1))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_the_address_of_a_client_may_have_a_path(server: Server) -> None:
    body = {"instances": ["apple"]}
    response = httpx.post(f"{server.url}/some/prefix/endpoints/mine/invocations", json=body)
    assert response.json()[0]["label"] == ["__label__fruit"]


# Limits


def body_of(size: int) -> bytes:
    start = b'{"instances": ["'
    return start + b"a" * (size - len(start) - 3) + b'"]}'


def test_bodies_up_to_the_limit_are_answered(server: Server) -> None:
    assert server.post(body_of(LIMIT)).status_code == 200
    response = server.post(body_of(LIMIT + 1))
    assert response.status_code == 413
    assert response.text.startswith(f"the body has more than {LIMIT} bytes")


def test_chunked_bodies_have_the_same_limit(server: Server) -> None:
    def chunks(size: int) -> Iterator[bytes]:
        whole = body_of(size)
        yield from (whole[i : i + 65_536] for i in range(0, size, 65_536))

    assert server.post(chunks(LIMIT)).status_code == 200
    assert server.post(chunks(LIMIT + 1)).status_code == 413


def test_a_body_over_the_limit_is_refused_before_it_has_arrived(server: Server) -> None:
    client = server.connect(head(LIMIT + 1))
    assert client.recv(1 << 16).startswith(b"HTTP/1.1 413 ")
    client.close()
    endless = b"ffff\r\n" + b"a" * 0xFFFF + b"\r\n"
    client = server.connect(
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    end = time.monotonic() + 20
    with closing(client), pytest.raises(OSError):  # it stops listening
        while time.monotonic() < end:
            client.sendall(endless)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /ping HTTP/1.1\r\nHost: x\r\n" + b"A: " + b"b" * 70_000, 431),
        (b"GET /ping HTTP/1.1\r\nHost: x\r\n" + b"".join(b"a%d: b\r\n" % i for i in range(300))
         + b"\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"POST /invocations HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         400),
        (b"POST /invocations HTTP/1.1\r\nContent-Length: -3\r\n\r\n", 400),
        (b"POST /invocations HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
        (b"POST /invocations HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    ],
)  # fmt: skip
def test_what_is_no_http_is_refused(server: Server, data: bytes, status: int) -> None:
    assert read_all(server.connect(data)).startswith(f"HTTP/1.1 {status} ".encode())
    assert server.ask("apple")[0]["label"] == ["__label__fruit"]


def test_who_goes_on_sending_still_gets_to_know_why_it_is_refused(server: Server) -> None:
    for start in (b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -3\r\n\r\n"):
        client = server.connect(start)
        for _ in range(20):
            client.sendall(b"a" * 10_000)
            time.sleep(0.01)
        client.shutdown(socket.SHUT_WR)
        assert read_all(client).startswith(b"HTTP/1.1 400 Bad Request\r\n")


# What a worker holds

HELD = ("--workers", "1", "--max-payload-mb", "1", "--max-held-mb", "8")


def test_parts_of_many_requests_take_no_more_memory_than_is_allowed(folder: Path) -> None:
    with served(folder / "model.bin", *HELD) as server:
        whole = body_of(1_000_000)
        server.post(whole)
        before = memory(server.process.pid)
        for _ in range(2):
            clients = [server.connect(head(len(whole)) + whole[:900_000]) for _ in range(60)]
            held, refused = [], 0
            for client in clients:
                client.settimeout(0.5 if len(held) < 12 else 20)
                try:
                    answer = client.recv(1 << 16)
                    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
                    assert answer.endswith(b"too many requests are under way; try again")
                    refused += 1
                except TimeoutError:
                    held.append(client)
            assert 5 <= len(held) <= 9 and refused == 60 - len(held)
            assert server.ask("apple")[0]["label"] == ["__label__fruit"], "small ones have room"
            assert memory(server.process.pid) < before + 30_000_000  # not 54
            held[0].sendall(whole[900_000:])
            assert held[0].recv(15) == b"HTTP/1.1 200 OK"
            for client in clients:
                client.close()
            for _ in range(100):
                if server.metric("nlp_engine_connections") == 1:
                    break
                time.sleep(0.05)
        for _ in range(20):
            assert server.post(whole).status_code == 200, "nothing of them is counted any more"


def test_aws_clients_are_told_to_try_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with served(folder / "model.bin", *HELD) as server:
        part = head(1_000_000) + b"a" * 950_000
        clients = [server.connect(part) for _ in range(9)]
        runtime = boto3.client(
            "sagemaker-runtime", endpoint_url=server.url, region_name="eu-west-1",
            config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip
        with pytest.raises(runtime.exceptions.ServiceUnavailable) as caught:
            invoke(runtime, body_of(1_000_000))
        found = caught.value.response
        assert found["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert found["Error"]["Message"] == "The service is unavailable. Try your call again."
        for client in clients:
            client.close()
        patient = boto3.client(
            "sagemaker-runtime", endpoint_url=server.url, region_name="eu-west-1"
        )
        assert invoke(patient, body_of(1_000_000))["ContentType"] == "application/json"


def test_answers_that_nobody_takes_are_counted_too(folder: Path) -> None:
    arguments = ("--workers", "1", "--max-payload-mb", "1", "--max-held-mb", "4")
    with served(folder / "vectors.bin", *arguments) as server:
        body = json.dumps({"instances": ["apple"] * 20_000}).encode()  # 5 MB of vectors
        server.post(body)
        before = memory(server.process.pid)
        clients = []
        for _ in range(16):
            client = server.connect()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(head(len(body)) + body)
            clients.append(client)
        refused = 'nlp_engine_requests_total{route="invocations",status="503"}'
        end = time.monotonic() + 120
        while server.metric(refused) < 10:
            assert time.monotonic() < end
            time.sleep(0.2)
        assert server.metric("nlp_engine_refused_connections_total") == 0
        assert memory(server.process.pid) < before + 60_000_000  # not 80, and copies
        small = json.dumps({"instances": ["apple"]}).encode()
        in_parts = server.connect(head(len(small)))
        time.sleep(0.2)
        in_parts.sendall(small)
        assert in_parts.recv(13) == b"HTTP/1.1 200 "
        for client in (*clients, in_parts):
            client.close()
        end = time.monotonic() + 30
        while server.post(body).status_code != 200:
            assert time.monotonic() < end, "what nobody has taken still counts"
            time.sleep(0.2)


def test_a_body_in_parts_of_a_byte_or_two_takes_no_more_than_its_bytes(folder: Path) -> None:
    with served(folder / "model.bin", "--workers", "1") as server:
        server.post(body_of(1_000_000))
        before = memory(server.process.pid)
        client = server.connect(
            b"POST /invocations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        client.sendall(b"2\r\nab\r\n" * 1_500_000)
        time.sleep(0.5)
        assert server.ask("apple")[0]["label"] == ["__label__fruit"]
        assert memory(server.process.pid) < before + 30_000_000  # 3 MB and their copies
        client.close()


# Slow clients and those that leave


def test_slow_clients_are_sent_away_and_hold_up_nobody(strict: Server) -> None:
    slow = [strict.connect(b"POST /invocations HTTP/1.1\r\nHo") for _ in range(150)]
    slow += [strict.connect(head(1000) + b'{"inst') for _ in range(150)]
    silent = [strict.connect() for _ in range(100)]
    started = time.monotonic()
    assert strict.ask("apple")[0]["label"] == ["__label__fruit"]
    assert time.monotonic() - started < 5
    for client in slow:
        assert read_all(client).startswith(b"HTTP/1.1 408 ")
    for client in silent:
        assert read_all(client) == b""
    assert strict.metric("nlp_engine_slow_connections_total") >= 300


def test_dripping_does_not_help(strict: Server) -> None:
    client = strict.connect()
    started = time.monotonic()
    with closing(client), pytest.raises(OSError):
        for byte in b"GET /ping HTTP/1.1\r\nX-Header: " + b"a" * 1000:
            client.sendall(bytes([byte]))
            time.sleep(0.1)
    assert time.monotonic() - started < 20


def test_unused_connections_are_closed(strict: Server) -> None:
    client = strict.connect(request_of("apple"))
    assert b"connection: keep-alive" in client.recv(1 << 16)
    assert read_all(client) == b""


def test_who_does_not_take_the_answer_is_sent_away(folder: Path) -> None:
    with served(folder / "vectors.bin", "--workers", "1", *TIGHT) as server:
        body = json.dumps({"instances": ["apple"] * 50_000}).encode()
        client = server.connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(head(len(body)) + body)
        for _ in range(300):
            time.sleep(0.1)
            if server.metric("nlp_engine_slow_connections_total"):
                break
        assert server.metric("nlp_engine_slow_connections_total") == 1
        client.close()


def open_files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def memory(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def test_clients_that_hang_up_leave_nothing_behind(strict: Server) -> None:
    pid = strict.process.pid
    big = json.dumps({"instances": ["iron tin"] * 8_000}).encode()  # in a thread

    def leave(times: int) -> None:
        for i in range(times):
            data = (head(len(big)) + big, head(100) + b"{", b"GET", request_of("apple"))[i % 4]
            strict.connect(data).close()
        for _ in range(100):
            time.sleep(0.05)
            if strict.metric("nlp_engine_connections") == 1:  # this question's own
                return
        raise AssertionError("connections stay open")

    leave(200)
    files, before = open_files(pid), memory(pid)
    leave(400)
    assert open_files(pid) <= files + 3
    assert memory(pid) < before + 30_000_000
    assert strict.ask("apple")[0]["label"] == ["__label__fruit"]


def test_what_clients_have_sent_that_hang_up_is_let_go_at_once(strict: Server) -> None:
    part = head(LIMIT) + body_of(LIMIT)[:-1000]
    before = memory(strict.process.pid)
    for _ in range(60):
        client = strict.connect(part)
        # With a reset, so that nobody waits for what is on its way.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    for _ in range(100):
        if strict.metric("nlp_engine_connections") == 1:
            break
        time.sleep(0.05)
    assert memory(strict.process.pid) < before + 60_000_000  # not 370


def test_bad_requests_leave_nothing_behind(strict: Server) -> None:
    pid = strict.process.pid
    deep = b"[" * 50_000

    def trouble(times: int) -> None:
        with httpx.Client() as client:
            for i in range(times):
                body = (deep, b"\xff" * 1000, b"{half", b'{"instances": [1]}')[i % 4]
                response = client.post(
                    f"{strict.url}/invocations",
                    content=body,
                    headers={"content-type": "application/json"},
                )
                assert response.status_code == 400

    trouble(200)
    files, before = open_files(pid), memory(pid)
    trouble(1000)
    assert open_files(pid) <= files + 3
    assert memory(pid) < before + 10_000_000


# Workers, signals, numbers, logs


def test_numbers_are_those_of_all_workers(folder: Path) -> None:
    with served(folder / "model.bin", "--workers", "2") as server:
        for _ in range(30):
            server.ask("apple", "pear")
        server.post("{half")
        assert server.metric("nlp_engine_instances_total") == 60
        assert server.metric('nlp_engine_requests_total{route="invocations",status="200"}') == 30
        assert server.metric('nlp_engine_requests_total{route="invocations",status="400"}') == 1
        assert server.metric("nlp_engine_invocation_seconds_count") == 31
        assert server.metric('nlp_engine_invocation_seconds_bucket{le="+Inf"}') == 31
        assert server.metric("nlp_engine_worker_starts_total") == 2


def test_a_worker_that_dies_is_replaced(folder: Path) -> None:
    with served(folder / "model.bin", "--workers", "2") as server:
        dead = children(server.process.pid)[0]
        os.kill(dead, signal.SIGKILL)
        for _ in range(100):
            time.sleep(0.05)
            alive = children(server.process.pid)
            if len(alive) == 2 and dead not in alive:
                break
        assert len(alive) == 2 and dead not in alive
        for _ in range(10):
            assert server.ask("apple")[0]["label"] == ["__label__fruit"]
        assert f"worker {dead} ended with -9" in server.stop()


def test_workers_end_with_their_parent(folder: Path) -> None:
    with served(folder / "model.bin", "--workers", "2") as server:
        workers = children(server.process.pid)
        server.process.kill()
        server.process.wait()
        for _ in range(100):
            time.sleep(0.05)
            if not any(Path(f"/proc/{worker}").exists() for worker in workers):
                break
        assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
        server.process.returncode = 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_requests_under_way_are_finished_when_it_is_stopped(folder: Path, workers: str) -> None:
    with served(folder / "model.bin", "--workers", workers) as server:
        body = b'{"instances": ["apple"]}'
        half = server.connect(head(len(body)) + body[:10])
        unused = server.connect(request_of("iron"))
        assert unused.recv(1 << 16)
        time.sleep(0.3)  # both have been accepted
        server.process.send_signal(signal.SIGTERM)
        assert read_all(unused) == b""
        with pytest.raises(OSError):
            for _ in range(100):
                server.connect().close()
                time.sleep(0.05)
        half.sendall(body[10:])
        answer = read_all(half)
        assert b"connection: close" in answer and b"__label__fruit" in answer
        assert server.process.wait(timeout=10) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_has_come_before_it_is_stopped_is_answered(folder: Path, workers: str) -> None:
    with served(folder / "model.bin", "--workers", workers) as server:
        answering = children(server.process.pid) if workers == "2" else [server.process.pid]
        for pid in answering:
            os.kill(pid, signal.SIGSTOP)
        clients = [server.connect(request_of("apple")) for _ in range(6)]
        silent = server.connect()
        server.process.send_signal(signal.SIGTERM)
        for pid in answering:
            os.kill(pid, signal.SIGCONT)
        for client in clients:
            assert b"__label__fruit" in read_all(client)
        assert read_all(silent) == b""
        assert server.process.wait(timeout=10) == 0


def test_it_does_not_wait_for_ever_when_it_is_stopped(folder: Path) -> None:
    with served(folder / "model.bin", "--workers", "2", "--grace-seconds", "0.5") as server:
        half = server.connect(head(100) + b"{")
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=10) == 0
        half.close()


def test_requests_are_logged_with_their_ids(folder: Path) -> None:
    with served(folder / "model.bin", "--workers", "1", "--log", "all") as server:
        good = server.ask("apple", "pear")
        bad = server.post("{half", headers={"X-Amzn-SageMaker-Inference-Id": "mine"})
        errors = server.stop()
    assert len(good) == 2 and "Traceback" not in errors
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    first, last = [line for line in lines if line["path"] == "/invocations"]
    assert (first["status"], first["instances"]) == (200, 2)
    assert 0 < first["seconds"] < 5
    assert last["status"] == 400 and last["inference_id"] == "mine"
    assert last["request_id"] == bad.headers["x-amzn-requestid"]
    assert last["error"].startswith("Customer Error: Unable to decode payload")


def test_by_default_errors_alone_are_logged(folder: Path) -> None:
    with served(folder / "model.bin", "--workers", "1") as server:
        server.ask("apple")
        server.post("{half")
        lines = [line for line in server.stop().splitlines() if line.startswith("{")]
    assert [json.loads(line)["status"] for line in lines] == [400]


def test_a_port_in_use_is_named(server: Server, folder: Path) -> None:
    command = [sys.executable, "-m", "nlp_engine", "serve", str(folder / "model.bin"), "--port"]
    done = subprocess.run(
        [*command, str(server.port)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert f"127.0.0.1:{server.port}" in done.stderr and "choose another --port" in done.stderr
    assert len(done.stderr.splitlines()) == 1


# The container


def in_container(root: Path, **variables: str) -> dict[str, str]:
    return {"NLP_ENGINE_ML_ROOT": str(root), **variables}


CONTAINER = [sys.executable, "-m", "nlp_engine.sagemaker.endpoint"]


def test_the_container_serves_what_lies_in_its_model_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.bin").symlink_to(folder / "model.bin")
    port = free_port()
    env = in_container(
        tmp_path,
        SAGEMAKER_BIND_TO_PORT=str(port),
        SAGEMAKER_BATCH="true",
        SAGEMAKER_MAX_PAYLOAD_IN_MB="1",
        SAGEMAKER_BATCH_STRATEGY="SINGLE_RECORD",
        SAGEMAKER_MAX_CONCURRENT_TRANSFORMS="3",
    )
    with running(CONTAINER, port, env) as server:
        assert server.ask("apple")[0]["label"] == ["__label__fruit"]
        assert httpx.get(f"{server.url}/execution-parameters").json() == {
            "MaxConcurrentTransforms": 3, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 1,
        }  # fmt: skip
        assert server.post(body_of(1 << 20)).status_code == 200
        assert server.post(body_of((1 << 20) + 1)).status_code == 413
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=10) == 0


def test_a_container_that_is_stopped_while_it_unpacks_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "scratch").mkdir()
    large = tarfile.TarInfo("model.bin")
    large.size = 4 << 30  # which takes seconds
    zeros = gzip.compress(bytes(16 << 20)) * 256
    (tmp_path / "model" / "model.tar.gz").write_bytes(gzip.compress(large.tobuf()) + zeros)
    env = in_container(tmp_path, TMPDIR=str(tmp_path / "scratch"))
    process = subprocess.Popen(CONTAINER, env={**os.environ, **env})
    end = time.monotonic() + 60
    while not list((tmp_path / "scratch").rglob("model.bin")):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "serve: "),
        ({"SAGEMAKER_BIND_TO_PORT": "eighty"}, "SAGEMAKER_BIND_TO_PORT: port is 'eighty'"),
        ({"SAGEMAKER_MAX_PAYLOAD_IN_MB": "-1"}, "SAGEMAKER_MAX_PAYLOAD_IN_MB: max_payload_mb is"),
        ({"SAGEMAKER_BATCH_STRATEGY": "All"}, "SAGEMAKER_BATCH_STRATEGY: batch_strategy is"),
    ],
)
def test_a_container_that_cannot_serve_says_why(
    tmp_path: Path, variables: dict[str, str], message: str
) -> None:
    (tmp_path / "model").mkdir()
    done = subprocess.run(
        CONTAINER, env={**os.environ, **in_container(tmp_path, **variables)}, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert message in done.stderr and len(done.stderr.splitlines()) == 1


def test_many_clients_at_once(server: Server) -> None:
    expected = server.ask("apple pear", "iron", k=3)
    body = json.dumps({"instances": ["apple pear", "iron"], "configuration": {"k": 3}})
    found: list[Any] = []

    def work() -> None:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        for _ in range(50):
            client.request("POST", "/invocations", body, {"Content-Type": "application/json"})
            found.append(json.loads(client.getresponse().read()))
        client.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 400


def test_an_answer_that_is_being_taken_is_finished_when_it_is_stopped(folder: Path) -> None:
    with served(folder / "vectors.bin", "--workers", "1") as server:
        body = json.dumps({"instances": ["apple"] * 80_000}).encode()
        client = server.connect()
        client.sendall(head(len(body)) + body)
        start = client.recv(100)
        assert start.startswith(b"HTTP/1.1 200 ")
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        rest = read_all(client)
        assert (start + rest).count(b'"word":"apple"') == 80_000
        assert server.process.wait(timeout=10) == 0


def test_workers_share_connections(server: Server) -> None:
    clients = [server.connect(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(20)]
    counts: dict[bytes, int] = {}
    for client in clients:
        id = client.recv(1 << 16).partition(b"x-amzn-requestid: ")[2][:24]  # a worker's own part
        counts[id] = counts.get(id, 0) + 1
    for client in clients:
        client.close()
    assert sum(counts.values()) == 20
    assert len(counts) == 2 and min(counts.values()) >= 5
