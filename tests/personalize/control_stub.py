"""Personalize's control plane over HTTP: things get made while one looks, and limits hold."""

from __future__ import annotations

import json
import re
import time
import uuid
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.personalize.aws_stub import ACCOUNT, REGION

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,62}")
# Api: ARN field, name field, parents, path in the ARN.
KINDS: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "Schema": ("schemaArn", "name", (), "schema"),
    "DatasetGroup": ("datasetGroupArn", "name", (), "dataset-group"),
    "Dataset": ("datasetArn", "datasetType", ("datasetGroupArn", "schemaArn"), "dataset"),
    "DatasetImportJob": ("datasetImportJobArn", "jobName", ("datasetArn",), "dataset-import-job"),
    "EventTracker": ("eventTrackerArn", "name", ("datasetGroupArn",), "event-tracker"),
    "Filter": ("filterArn", "name", ("datasetGroupArn",), "filter"),
    "Solution": ("solutionArn", "name", ("datasetGroupArn",), "solution"),
    "SolutionVersion": ("solutionVersionArn", "", ("solutionArn",), "solution"),
    "Campaign": ("campaignArn", "name", ("solutionArn",), "campaign"),
    "Recommender": ("recommenderArn", "name", ("datasetGroupArn",), "recommender"),
}
STATES = ("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE")
DELETING = ("DELETE PENDING", "DELETE IN_PROGRESS")
KIND_ARNS = {arn for arn, *_ in KINDS.values()}


class Failure(Exception):
    """An error of the API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ControlStub:
    """What has been made, by ARN.

    Attributes:
        requests: Operation and parameters of every call, in their order.
        fails: Kinds whose next thing fails, with the reason.
        page: How many things a list gives at a time.
    """

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.fails: dict[str, str] = {}
        self.page = 2
        self.clock = time.time()

    def created(self, api: str | None = None) -> list[dict[str, Any]]:
        wanted = f"Create{api or ''}"
        return [p for name, p in self.requests if (name == wanted if api else "Create" in name)]

    def handle(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.requests.append((operation, parameters))
        verb, api = re.match("(Create|Describe|List|Update|Delete)(.*)", operation).groups()  # type: ignore[union-attr]
        if verb == "Create":
            return self.create(api, parameters)
        if verb == "Describe":
            return {api[0].lower() + api[1:]: self.describe(parameters[KINDS[api][0]])}
        if verb == "List":
            return self.list(api.removesuffix("s"), parameters)
        if verb == "Delete":
            return self.delete(api, parameters[KINDS[api][0]])
        dataset = self.get(parameters["datasetArn"])
        dataset["schemaArn"] = parameters["schemaArn"]
        return {"datasetArn": parameters["datasetArn"]}

    def get(self, arn: str) -> dict[str, Any]:
        if arn not in self.things:
            raise Failure("ResourceNotFoundException", f"no {arn}")
        return self.things[arn]

    def create(self, api: str, parameters: dict[str, Any]) -> dict[str, Any]:
        arn_field, name_field, parents, path = KINDS[api]
        if api == "Campaign":
            arn, _, latest = parameters["solutionVersionArn"].rpartition("/")
            assert latest == "$LATEST"
            versions = self.of("SolutionVersion", "solutionArn", arn)
            if not any(version["status"] == "ACTIVE" for version in versions):
                raise Failure("ResourceInUseException", "no version is active")
            parameters = parameters | {"solutionArn": arn}
        for parent in parents:
            if self.get(parameters[parent])["status"] != "ACTIVE":
                raise Failure("ResourceInUseException", f"{parameters[parent]} is being made")
        self.check(api, parameters)
        name = parameters.get(name_field, uuid.uuid4().hex[:8])
        if not NAME.fullmatch(name):
            raise Failure("InvalidInputException", f"name {name!r}")
        if api == "Dataset":
            name = f"{parameters['datasetGroupArn'].rpartition('/')[2]}/{name.upper()}"
        if api == "SolutionVersion":
            name = f"{parameters['solutionArn'].rpartition('/')[2]}/{name}"
        if api == "EventTracker":
            name, parameters = uuid.uuid4().hex[:8], parameters | {"trackingId": "tracker"}
        arn = f"arn:aws:personalize:{REGION}:{ACCOUNT}:{path}/{name}"
        if arn in self.things:
            raise Failure("ResourceAlreadyExistsException", f"{arn} exists")
        self.clock += 1
        self.things[arn] = {
            **parameters, "api": api, arn_field: arn, "creationDateTime": self.clock,
            "status": "ACTIVE" if api == "Schema" else STATES[0], "reason": self.fails.pop(api, ""),
        }  # fmt: skip
        return {arn_field: arn}

    def delete(self, api: str, arn: str) -> dict[str, Any]:
        self.get(arn)
        for thing in self.things.values():
            of_it = arn in [value for key, value in thing.items() if key in KIND_ARNS]
            if of_it and thing[KINDS[thing["api"]][0]] != arn:
                inside = thing["api"] in ("DatasetImportJob", "SolutionVersion")
                if not inside or thing["status"] in STATES[:-1]:
                    raise Failure("ResourceInUseException", f"{thing['api']} has {arn}")
        if api == "Schema":
            del self.things[arn]
        else:
            self.things[arn]["status"] = DELETING[0]
        return {}

    def check(self, api: str, parameters: dict[str, Any]) -> None:
        if api == "Schema" and len(parameters["schema"]) > 20_000:
            raise Failure("InvalidInputException", "schema is too long")
        if api == "DatasetImportJob":
            if not parameters["dataSource"]["dataLocation"].startswith("s3://"):
                raise Failure("InvalidInputException", "data location")
            running = [
                j for j in self.things.values() if j["api"] == api and j["status"] != "ACTIVE"
            ]
            if len(running) >= 5:
                raise Failure("LimitExceededException", "five jobs are running")
        if api == "Solution" and not self.of("DatasetImportJob"):
            raise Failure("InvalidInputException", "no data")
        if api == "Filter" and not 1 <= len(parameters["filterExpression"]) <= 2500:
            raise Failure("InvalidInputException", "filter expression")
        if api == "Recommender" and "domain" not in self.get(parameters["datasetGroupArn"]):
            raise Failure("InvalidInputException", "no domain")

    def of(self, api: str, field: str = "", value: str = "") -> list[dict[str, Any]]:
        things = [thing for thing in self.things.values() if thing["api"] == api]
        return [thing for thing in things if not field or thing[field] == value]

    def describe(self, arn: str) -> dict[str, Any]:
        thing = self.get(arn)
        if thing["status"] == DELETING[1]:
            inner = [k for k, t in self.things.items() if arn in (t.get("solutionArn"),
                     t.get("datasetArn"))]  # fmt: skip
            for key in {arn, *inner}:
                del self.things[key]
            raise Failure("ResourceNotFoundException", f"no {arn}")
        if thing["status"] == DELETING[0]:
            thing["status"] = DELETING[1]
        if thing["status"] in STATES[:-1]:  # each look brings it on
            thing["status"] = STATES[STATES.index(thing["status"]) + 1]
            if thing["status"] == "ACTIVE" and thing["reason"]:
                thing |= {"status": "CREATE FAILED", "failureReason": thing["reason"]}
        return {key: value for key, value in thing.items() if key not in ("api", "reason")}

    def list(self, api: str, parameters: dict[str, Any]) -> dict[str, Any]:
        (within,) = [key for key in parameters if key.endswith("Arn")] or [""]
        found = self.of(api, within, parameters.get(within, ""))
        start = int(parameters.get("nextToken", 0))
        more = {"nextToken": str(start + self.page)} if start + self.page < len(found) else {}
        hidden = ("api", "reason", "schema", "solutionConfig", "trackingId", "filterExpression")
        page = [
            {key: value for key, value in thing.items() if key not in hidden}
            for thing in found[start : start + self.page]
        ]
        key = "Filters" if api == "Filter" else f"{api[0].lower()}{api[1:]}s"
        return {key: page, **more}


class ControlHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # one packet an answer: two would wait for each other
    server: Any

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].removeprefix("AmazonPersonalize.")
        try:
            self.answer(200, self.server.stub.handle(operation, body))
        except Failure as error:
            self.answer(400, {"__type": error.code, "message": str(error)})

    def answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass
