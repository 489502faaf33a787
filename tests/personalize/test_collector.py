"""The event collector as a process: answers, AWS away, kills, shutdown, bounds."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from nlp_engine.personalize.collector.app import application
from nlp_engine.personalize.collector.metrics import Metrics
from nlp_engine.personalize.collector.settings import CollectorSettings
from nlp_engine.personalize.collector.spool import Spool
from tests.personalize.aws_stub import Stub, environment, serving
from tests.personalize.catalogues import plain_event
from tests.personalize.collectors import Collector, collecting, free_port, until

AWAY = environment(f"http://127.0.0.1:{free_port()}")


@pytest.fixture(scope="module")
def stub() -> Iterator[tuple[Stub, dict[str, str]]]:
    stub = Stub()
    with serving(stub) as url:
        yield stub, environment(url)


@pytest.fixture(scope="module")
def collector(
    stub: tuple[Stub, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collector]:
    spool = tmp_path_factory.mktemp("collector") / "spool"
    options = (
        "--max-body-kb",
        "20",
        "--body-seconds",
        "1",
        "--header-seconds",
        "1",
        "--allow-origin",
        "https://shop.example",
    )
    with collecting(spool, stub[1], *options) as collector:
        yield collector


# Answers


def test_an_event_reaches_personalize(stub: tuple[Stub, Any], collector: Collector) -> None:
    event = plain_event(1, eventId="single", properties={"NUMBER_OF_RATINGS": 3})
    answer = collector.post(event)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "eventIds": ["single"]})
    until(lambda: "single" in stub[0].ids("events"))
    assert stub[0].records["events", "single"] == {
        **event, "properties": '{"numberOfRatings":"3"}',
    }  # fmt: skip


def test_a_list_of_events(stub: tuple[Stub, Any], collector: Collector) -> None:
    events = [plain_event(n, eventId=f"list{n}") for n in range(40)]
    assert collector.post(events).json()["accepted"] == 40
    until(lambda: {f"list{n}" for n in range(40)} <= stub[0].ids("events"))
    assert all(len(body["eventList"]) <= 10 for body in stub[0].bodies)


def test_an_event_without_time_and_id(stub: tuple[Stub, Any], collector: Collector) -> None:
    answer = collector.post({"sessionId": "anonymous", "eventType": "click", "itemId": "i"})
    (id,) = answer.json()["eventIds"]
    until(lambda: id in stub[0].ids("events"))
    assert abs(stub[0].records["events", id]["sentAt"] - time.time()) < 60


def test_errors_have_names_and_places(stub: tuple[Stub, Any], collector: Collector) -> None:
    before = collector.metric("rejected_total")
    good = plain_event(2, eventId="beside-a-bad-one")
    answer = collector.post([good, plain_event(3, sentAt=1_700_000_000_000, itemId=""), 5])
    assert answer.status_code == 400
    found = [(e["event"], e["rule"], e["field"]) for e in answer.json()["errors"]]
    assert found == [(1, "length", "itemId"), (1, "milliseconds", "sentAt"), (2, "type", "")]
    assert all(error["message"] for error in answer.json()["errors"])
    assert collector.metric("rejected_total") - before == 2
    collector.post(plain_event(4, eventId="later"))
    until(lambda: "later" in stub[0].ids("events"))
    assert "beside-a-bad-one" not in stub[0].ids("events")  # all of a request, or nothing


@pytest.mark.parametrize("body", [b"", b"{half", b"\xff", b"[]", b"[" * 10_000, b'{"a":NaN}'])
def test_bodies_that_are_no_events(collector: Collector, body: bytes) -> None:
    answer = collector.client.post("/events", content=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["rule"] in ("json", "empty")


def test_routes(collector: Collector) -> None:
    assert collector.get("/ping").status_code == 200
    assert collector.get("/events").status_code == 405
    assert collector.get("/other").status_code == 404
    assert (
        "# TYPE nlp_engine_events_accepted_total counter"
        in httpx.get(f"{collector.url}/metrics").text
    )


def test_bodies_over_the_limit(collector: Collector) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(30):
            yield b"x" * 1000

    assert collector.client.post("/events", content=b"x" * 20_001).status_code == 413
    assert collector.client.post("/events", content=parts()).status_code == 413


def test_a_body_that_never_comes(collector: Collector) -> None:
    port = int(collector.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert client.recv(1000).startswith(b"HTTP/1.1 408")


def connected(collector: Collector) -> socket.socket:
    port = int(collector.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def dripped(client: socket.socket, data: bytes, seconds: float = 0.1) -> tuple[float, bytes]:
    """Send byte by byte until the other side ends; gives how long that took, and what it said."""
    started, said = time.monotonic(), b""
    with contextlib.suppress(ConnectionError):
        for byte in data:
            client.sendall(bytes([byte]))
            client.settimeout(seconds)
            with contextlib.suppress(TimeoutError):
                part = client.recv(1000)
                said += part
                if not part:
                    break
    return time.monotonic() - started, said


HEAD = b"POST /events HTTP/1.1\r\nHost: x\r\nX-Slow: "


def test_a_head_that_comes_slowly(stub: tuple[Stub, Any], collector: Collector) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(collector)) for _ in range(50)]
        for client in clients:
            client.sendall(HEAD)
        assert collector.post(plain_event(1, eventId="beside-slow-ones")).status_code == 202
        seconds, said = dripped(clients[0], b"x" * 100)
        assert seconds < 8
        assert said.startswith(b"HTTP/1.1 408")
        for client in clients[1:]:
            client.settimeout(20)
            assert client.recv(1000).startswith(b"HTTP/1.1 408")
            assert client.recv(1000) == b""
    until(lambda: "beside-slow-ones" in stub[0].ids("events"))


def test_a_client_that_says_nothing(collector: Collector) -> None:
    with connected(collector) as client:
        assert client.recv(1000) == b""


def test_a_second_head_that_comes_slowly(collector: Collector) -> None:
    with connected(collector) as client:
        client.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        seconds, said = dripped(client, b"GET /ping HTTP/1.1\r\nX-Slow: " + b"x" * 100)
        assert seconds < 8
        assert b"HTTP/1.1 408" in said


def test_a_body_that_nobody_waits_for(collector: Collector) -> None:
    with connected(collector) as client:
        client.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        seconds, said = dripped(client, b"x" * 100)
        assert said.startswith(b"HTTP/1.1 200")
        assert seconds < 8


def test_a_head_without_end(collector: Collector) -> None:
    with connected(collector) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(HEAD + b"x" * 200_000)
            assert client.recv(1000).startswith(b"HTTP/1.1 431")
        until(lambda: collector.get("/ping").status_code == 200)


def test_a_client_that_takes_no_answers(collector: Collector) -> None:
    request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(collector) as client:
        client.settimeout(3)
        with pytest.raises((ConnectionError, TimeoutError)) as caught:
            while True:
                client.sendall(request * 100)
        if isinstance(caught.value, TimeoutError):  # cut by then; reading shows it
            client.settimeout(20)
            with contextlib.suppress(ConnectionError):
                while client.recv(1 << 20):
                    pass
    assert collector.post(plain_event(2)).status_code == 202


def test_pages_of_a_known_origin(collector: Collector) -> None:
    def asked(origin: str) -> Any:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return collector.client.options("/events", headers=headers).headers

    allowed = "access-control-allow-origin"
    assert asked("https://shop.example")[allowed] == "https://shop.example"
    assert allowed not in asked("https://other.example")


def test_an_event_that_aws_refuses_is_kept_aside(
    stub: tuple[Stub, Any], collector: Collector
) -> None:
    stub[0].refused_ids = {"r3"}
    collector.post([plain_event(1, eventId=f"r{n}") for n in range(8)])
    until(lambda: collector.metric("refused_total") == 1)
    assert {id for id in stub[0].ids("events") if id[0] == "r"} == {f"r{n}" for n in range(8)} - {
        "r3"
    }
    (line,) = (collector.spool / "refused.jsonl").read_text().splitlines()
    assert json.loads(line)["eventId"] == "r3"


def test_wrong_credentials_lose_nothing(stub: tuple[Stub, Any], collector: Collector) -> None:
    before = collector.metric("failed_calls_total")
    stub[0].always = 403
    assert collector.post(plain_event(1, eventId="patient")).status_code == 202
    until(lambda: collector.metric("failed_calls_total") > before)
    stub[0].always = None
    until(lambda: "patient" in stub[0].ids("events"))


def test_a_second_collector_of_the_same_spool(collector: Collector) -> None:
    with (
        pytest.raises(AssertionError, match="in use by another collector"),
        collecting(collector.spool, AWAY),
    ):
        pass


def test_a_disk_that_fails_is_answered_503(tmp_path: Path) -> None:
    def fail(lines: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def talk(spool: Spool) -> None:
        app = application(spool, Metrics(), CollectorSettings())
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://collector") as client,
        ):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(spool, "append", fail)
                answer = await client.post("/events", json=plain_event(1))
                assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (503, "spool")
                assert "No space left" in answer.text
                assert (await client.get("/ping")).status_code == 503
            assert (await client.post("/events", json=plain_event(1))).status_code == 202
            assert (await client.get("/ping")).status_code == 200
            assert "nlp_engine_events_accepted_total 1\n" in (await client.get("/metrics")).text

    with contextlib.closing(Spool(tmp_path / "spool", 10**6)) as spool:
        asyncio.run(talk(spool))


def test_more_clients_than_are_allowed(tmp_path: Path) -> None:
    options = ("--max-clients", "5", "--header-seconds", "2")
    with (
        collecting(tmp_path / "spool", AWAY, *options) as collector,
        contextlib.ExitStack() as stack,
    ):
        for _ in range(20):
            stack.enter_context(connected(collector))
        assert httpx.post(f"{collector.url}/events", json=plain_event(1)).status_code == 503
        clients = [stack.enter_context(connected(collector)) for _ in range(120)]
        with contextlib.suppress(ConnectionError):
            assert clients[-1].recv(1000) == b""  # at once
        until(lambda: collector.post(plain_event(1)).status_code == 202)


# AWS away, kills, shutdown


def test_events_wait_while_aws_is_away_and_survive_a_kill(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with collecting(spool, AWAY) as collector:
        accepted = [
            id
            for n in range(20)
            for id in collector.post([plain_event(10 * n + i) for i in range(10)]).json()[
                "eventIds"
            ]
        ]
        assert collector.get("/ping").status_code == 200
        until(lambda: collector.metric("failed_calls_total") > 0)
        collector.kill()
    stub = Stub()
    with serving(stub) as url, collecting(spool, environment(url)) as collector:
        until(lambda: stub.ids("events") >= set(accepted))
        assert stub.ids("events") == {f"e{n}" for n in range(200)}
        assert stub.records["events", "e117"] == plain_event(117)
        until(lambda: collector.metric("spool_bytes") == 0)


def test_every_acknowledged_event_outlives_a_kill_under_load(tmp_path: Path) -> None:
    """Clients send while the collector is killed and AWS fails now and then."""
    stub, spool = Stub(), tmp_path / "spool"
    stub.faults.extend([500, "drop", 429, "garbage", 0.2, "cut", "proxy"] * 3)
    with serving(stub) as url:
        with collecting(spool, environment(url)) as collector:
            accepted = send_until_killed(collector, seconds=1.0)
        with collecting(spool, environment(url)) as collector:
            until(lambda: collector.metric("spool_waiting_bytes") == 0)
            collector.stop()
            assert collector.process.returncode == 0
    assert len(accepted) > 20
    assert accepted <= stub.ids("events")


def send_until_killed(collector: Collector, seconds: float) -> set[str]:
    """Send from several threads; gives the ids that were acknowledged."""
    accepted: set[str] = set()

    def send(thread: int) -> None:
        with httpx.Client(timeout=10) as client:
            for n in range(10_000):
                id = f"{thread}-{n}"
                try:
                    answer = client.post(f"{collector.url}/events", json=plain_event(n, eventId=id))
                except httpx.TransportError:
                    return
                if answer.status_code == 202:
                    accepted.update(answer.json()["eventIds"])

    def kill() -> None:
        until(lambda: len(accepted) > 20)  # the machine may have much else to do
        collector.kill()

    killer = threading.Timer(seconds, kill)
    killer.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))
    killer.join()
    assert collector.process.returncode == -signal.SIGKILL
    return accepted


def test_a_stop_delivers_what_waits(tmp_path: Path) -> None:
    stub = Stub()
    stub.always = 0.05
    with (
        serving(stub) as url,
        collecting(tmp_path / "spool", environment(url), "--linger-seconds", "5") as collector,
    ):
        collector.post([plain_event(n) for n in range(100)])
        collector.stop()
        assert collector.process.returncode == 0
    assert len(stub.ids("events")) == 100
    assert set(stub.deliveries.values()) == {1}


def test_a_stop_while_aws_is_away_keeps_what_waits(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with collecting(spool, AWAY, "--grace-seconds", "0.2") as collector:
        assert collector.post(plain_event(1)).status_code == 202
        errors = collector.stop()
        assert collector.process.returncode == 0
        assert "Traceback" not in errors
    with contextlib.closing(Spool(spool, 10**9)) as kept:
        (line,), _ = kept.read(10)
    assert json.loads(line) == plain_event(1)


def test_a_full_spool_is_answered_503_and_recovers(tmp_path: Path) -> None:
    stub = Stub()
    stub.always = 503
    with (
        serving(stub) as url,
        collecting(tmp_path / "spool", environment(url), "--spool-mb", "1") as collector,
    ):
        events = [plain_event(n, properties={"a": "x" * 900}) for n in range(200)]
        answers = [collector.post(events) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [202] * 4 + [503] * 2
        assert answers[-1].json()["errors"][0]["rule"] == "spool-full"
        assert int(answers[-1].headers["retry-after"]) > 0
        assert collector.metric("spool_bytes") <= 1_000_000
        stub.always = None
        until(lambda: collector.post(events).status_code == 202)
        assert collector.get("/ping").status_code == 200
