"""Personalize's APIs over HTTP, with the limits that AWS enforces, and faults on demand."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL_LIMITS = {"/items": ("items", "itemId", 32_000), "/users": ("users", "userId", 24_000)}
EVENT_TEXTS = {"eventType": 256, "eventId": 256, "itemId": 256, "recommendationId": 40}
REGION, ACCOUNT = "eu-west-1", "123456789012"
ITEMS_ARN = f"arn:aws:personalize:{REGION}:{ACCOUNT}:dataset/films/ITEMS"
USERS_ARN = f"arn:aws:personalize:{REGION}:{ACCOUNT}:dataset/films/USERS"


class Invalid(Exception):
    """A request that AWS would refuse."""


class Stub:
    """What a stub of personalize-events has seen, and what it is to do next.

    Attributes:
        records: Every record that was acknowledged, by kind and id, in its last form.
        deliveries: How often each was acknowledged.
        calls: When each call came, acknowledged or not.
        bodies: The requests that were acknowledged.
        faults: What happens to the next calls: a status, `garbage`, `cut`, `drop`, `proxy`, or a
            number of seconds (a float) that the answer takes.
        always: The same for all calls after those.
        refused_ids: Ids of records that are refused.
    """

    def __init__(self, calls_per_second: float = 1e9, *, tracking_id: str = "tracker") -> None:
        self.calls_per_second, self.tracking_id = calls_per_second, tracking_id
        self.records: dict[tuple[str, str], Any] = {}
        self.deliveries: Counter[tuple[str, str]] = Counter()
        self.calls: list[float] = []
        self._admitted: list[float] = []
        self.under_way = self.most_under_way = 0
        self.bodies: list[dict[str, Any]] = []
        self.faults: deque[Any] = deque()
        self.always: Any = None
        self.refused_ids: set[str] = set()
        self.lock = threading.Lock()

    def next_fault(self) -> Any:
        with self.lock:
            return self.faults.popleft() if self.faults else self.always

    def is_throttled(self) -> bool:
        with self.lock:
            now = time.monotonic()
            self.calls.append(now)
            self._admitted = [at for at in self._admitted if now - at < 1]
            throttled = len(self._admitted) >= self.calls_per_second
            if not throttled:
                self._admitted.append(now)
            return throttled

    def accept(self, path: str, body: dict[str, Any]) -> None:
        found = list(checked(path, body, self.tracking_id))
        if self.refused_ids & {id for _, id, _ in found}:
            raise Invalid("an item is not valid")
        with self.lock:
            self.bodies.append(body)
            for kind, id, record in found:
                self.records[kind, id] = record
                self.deliveries[kind, id] += 1

    def ids(self, kind: str) -> set[str]:
        with self.lock:
            return {id for found, id in self.records if found == kind}


def checked(path: str, body: dict[str, Any], tracking_id: str) -> Iterator[tuple[str, str, Any]]:
    """The records of a request; `Invalid` if one breaks a limit."""
    if path == "/events":
        yield from checked_events(body, tracking_id)
        return
    kind, key, most = MODEL_LIMITS[path]
    if not body["datasetArn"].startswith("arn:aws:personalize:"):
        raise Invalid("bad ARN")
    if not 1 <= len(body[kind]) <= 10:
        raise Invalid(f"{len(body[kind])} {kind}")
    for record in body[kind]:
        text = record.get("properties", "{}")
        if not 1 <= len(record[key]) <= 256 or len(text) > most:
            raise Invalid("too long")
        for name, value in json.loads(text).items():
            if not (isinstance(value, str) and name[0].islower() and "_" not in name):
                raise Invalid(f"property {name}")
        yield kind, record[key], record


def checked_events(body: dict[str, Any], tracking_id: str) -> Iterator[tuple[str, str, Any]]:
    if body["trackingId"] != tracking_id:
        raise Invalid("no such tracker")
    if not 1 <= len(body["eventList"]) <= 10 or not 1 <= len(body["sessionId"]) <= 256:
        raise Invalid("too many events, or no session")
    for event in body["eventList"]:
        if not isinstance(event["sentAt"], int) or event["sentAt"] > 10**11:
            raise Invalid("sentAt")
        for name, most in EVENT_TEXTS.items():
            if name in event and not 1 <= len(event[name]) <= most:
                raise Invalid(name)
        if not 1 <= len(event.get("properties", "{}")) <= 1024:
            raise Invalid("properties")
        if not 1 <= len(event.get("impression", "x")) <= 25:
            raise Invalid("impression")
        if not isinstance(json.loads(event.get("properties", "{}")), dict):
            raise Invalid("properties")
        whose = {key: body[key] for key in ("userId", "sessionId") if key in body}
        yield "events", event["eventId"], {**event, **whose}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # one packet an answer: two would wait for each other
    server: Any

    def do_POST(self) -> None:
        stub: Stub = self.server.stub
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with stub.lock:
            stub.under_way += 1
            stub.most_under_way = max(stub.under_way, stub.most_under_way)
        try:
            self.respond(stub, body)
        finally:
            with stub.lock:
                stub.under_way -= 1

    def respond(self, stub: Stub, body: bytes) -> None:
        if stub.is_throttled():
            return self.error(429, "ThrottlingException", "Rate exceeded")
        fault = stub.next_fault()
        if isinstance(fault, float):
            time.sleep(fault)
        if fault == "drop":
            self.close_connection = True
            return None
        if isinstance(fault, int):
            code = {429: "ThrottlingException", 403: "AccessDeniedException"}
            return self.error(fault, code.get(fault, "InternalFailure"), "not now")
        if fault == "proxy":
            return self.answer(200, b"<html>Sign in</html>", with_id=False)
        try:
            stub.accept(self.path, json.loads(body))
        except Invalid as error:
            return self.error(400, "InvalidInputException", str(error))
        # From here on the records count as received, whatever the client gets to know.
        if fault == "garbage":
            return self.answer(500, b"\x00<<<not json")
        if fault == "cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
            self.close_connection = True
            return None
        return self.answer(200, b"")

    def error(self, status: int, code: str, message: str) -> None:
        body = json.dumps({"message": message}).encode()
        self.answer(status, body, {"x-amzn-ErrorType": code})

    def answer(
        self, status: int, body: bytes, more: dict[str, str] | None = None, *, with_id: bool = True
    ) -> None:
        self.send_response(status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        if with_id:
            headers["x-amzn-RequestId"] = str(uuid.uuid4())
        for name, value in {**headers, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *arguments: Any) -> None:
        """Clients that were killed are part of the tests."""


@contextlib.contextmanager
def serving(
    stub: Any, handler: type[BaseHTTPRequestHandler] = Handler, port: int = 0
) -> Iterator[str]:
    """Serve a stub; gives its address."""
    server: Any = _Server(("127.0.0.1", port), handler)
    server.stub = stub
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def environment(events: str, personalize: str | None = None) -> dict[str, str]:
    """What makes boto3 use the stubs."""
    return {
        "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS": events,
        "AWS_ENDPOINT_URL_PERSONALIZE": personalize or events,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": REGION,
    }
