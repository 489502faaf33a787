"""The commands that send, against stubs, and what they print."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from nlp_engine.cli.app import app
from nlp_engine.personalize.schema import Column, DatasetType
from tests.personalize.aws_stub import ITEMS_ARN, USERS_ARN, Stub, environment, serving
from tests.personalize.catalogues import (
    USER_COLUMNS,
    plain_event,
    plain_items,
    write_dataset,
    write_events,
)

FAST = ("--calls-per-second", "1000")


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    stub = Stub()
    with serving(stub) as url:
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        yield stub


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_items_put(tmp_path: Path, stub: Stub) -> None:
    folder = write_dataset(tmp_path / "items", plain_items(25))
    put = ("items", "put", folder, "--dataset-arn", ITEMS_ARN, "--no-compare", *FAST)
    dry = run(*put, "--dry-run")
    assert [json.loads(line)["operation"] for line in dry.stdout.splitlines()] == ["PutItems"] * 3
    assert stub.calls == []
    done = run(*put)
    assert done.stdout.startswith(f"{ITEMS_ARN}: 25 of 25 items acknowledged, 25 now")
    assert json.loads(run(*put, "--json").stdout)["sent"] == 0
    assert run(*put, "--again", "--quiet").stdout == ""
    assert set(stub.deliveries.values()) == {2}


def test_refused_users_have_their_row(tmp_path: Path, stub: Stub) -> None:
    stub.refused_ids = {"u1"}
    rows = [{"USER_ID": f"u{n}", "AGE_GROUP": "old"} for n in range(3)]
    folder = write_dataset(tmp_path / "users", rows, USER_COLUMNS, DatasetType.USERS)
    done = run("users", "put", folder, "--dataset-arn", USERS_ARN, "--no-compare", "--json", *FAST)
    assert done.exit_code == 1
    assert f"{folder}, row 2: " in done.stderr
    result = json.loads(done.stdout)
    assert (result["acknowledged"], [found["row"] for found in result["refused"]]) == (2, [2])


def test_names_that_may_be_read_back_otherwise_are_told(tmp_path: Path) -> None:
    columns = [Column(name="ITEM_ID", nullable=False), Column(name="EMB_01", type="float")]
    folder = write_dataset(tmp_path / "items", [{"ITEM_ID": "a", "EMB_01": 1}], columns)
    done = run("items", "put", folder, "--dataset-arn", ITEMS_ARN, "--dry-run")
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: column EMB_01 is sent as emb01")


def test_events_put(tmp_path: Path, stub: Stub) -> None:
    path = write_events(tmp_path / "events.jsonl", [plain_event(n) for n in range(14)])
    done = run("events", "put", path, "--tracking-id", "tracker", *FAST)
    assert done.stdout.startswith("tracker: 14 of 14 events acknowledged")
    path.write_text('{"sessionId": "s"}\n')
    bad = run("events", "put", path, "--tracking-id", "tracker")
    assert bad.exit_code == 2
    assert "line 1: eventType: is required; sentAt: is required; nothing is sent" in bad.stderr


def test_a_wrong_place_is_named(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "items", plain_items(2))
    table = folder / "items.csv"
    for path, message in (
        (table, f"{table} is a file; a folder with schema.json and CSV files is expected"),
        (tmp_path / "none", f"{tmp_path}/none does not exist; a folder with schema.json"),
    ):
        for done in (
            run("items", "check", path),
            run("items", "put", path, "--dataset-arn", ITEMS_ARN, "--dry-run"),
        ):
            assert done.exit_code == 2
            assert message in done.stderr
    (folder / "more.csv").write_text(table.read_text().replace("i0,", "i7,"))
    again = run("items", "put", folder, "--dataset-arn", ITEMS_ARN, "--dry-run")
    assert f"{folder}/more.csv, row 2, column ITEM_ID: 'i1' again" in again.stderr
    (folder / "schema.json").write_text("{}")
    assert "no Avro record schema: there is no 'fields'" in run("items", "check", folder).stderr


def test_a_tracking_id_that_is_none(tmp_path: Path) -> None:
    path = write_events(tmp_path / "events.jsonl", [plain_event(1)])
    put = run("events", "put", path, "--tracking-id", "", "--dry-run")
    assert "the tracking id has 0 characters; 1 to 256 are allowed" in put.stderr
    assert run("events", "serve", "--tracking-id", "x" * 257).exit_code == 2


def test_without_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # which remembers those of other tests
    folder = write_dataset(tmp_path / "items", plain_items(1))
    done = run("items", "put", folder, "--dataset-arn", ITEMS_ARN)
    assert done.exit_code == 2
    assert "no credentials of AWS are known; set AWS_PROFILE" in done.stderr


def test_without_a_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    path = write_events(tmp_path / "events.jsonl", [plain_event(1)])
    done = run("events", "put", path, "--tracking-id", "tracker")
    assert done.exit_code == 2
    assert "no region of AWS is known; name one, or set AWS_DEFAULT_REGION" in done.stderr
