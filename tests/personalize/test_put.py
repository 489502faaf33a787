"""Putting records against a stub that enforces AWS's limits, with everything that goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nlp_engine.errors import EngineError, InputError, SettingError
from nlp_engine.personalize.schema import DatasetType
from nlp_engine.personalize.sending.datasets import DatasetRecords
from nlp_engine.personalize.sending.event_file import EventFile
from nlp_engine.personalize.sending.journal import Journal
from nlp_engine.personalize.sending.put import PutResult, put
from nlp_engine.personalize.sending.rate import TokenBucket
from nlp_engine.progress import Progress
from tests.personalize.aws_stub import ITEMS_ARN, USERS_ARN, Stub, environment, serving
from tests.personalize.catalogues import (
    HOSTILE,
    USER_COLUMNS,
    plain_event,
    plain_items,
    write_dataset,
    write_events,
)

FAST = {"calls_per_second": 1000.0, "compare": False, "longest_pause": 0.01}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    stub = Stub()
    with serving(stub) as url:
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        yield stub


def put_items(folder: Path, **options: Any) -> PutResult:
    return put(DatasetRecords("items", folder, ITEMS_ARN), **(FAST | options))


def journal_rows(path: Path) -> list[int]:
    lines = path.read_bytes().splitlines()
    return [row for line in lines[1:] for row in json.loads(line)]


def test_items_arrive_whole(tmp_path: Path, stub: Stub) -> None:
    folder = write_dataset(tmp_path / "items", HOSTILE)
    told: list[Progress] = []
    result = put_items(folder, report=told.append)
    assert (result.records, result.acknowledged, result.sent, result.calls) == (5, 5, 5, 1)
    assert stub.ids("items") == {row["ITEM_ID"] for row in HOSTILE}
    text = json.loads(stub.records["items", "a1"]["properties"])["description"]
    assert text == 'He said "hi", then \\n left'
    assert [(p.done, p.total, p.unit) for p in told] == [(0, 5, "items"), (5, 5, "items")]
    assert journal_rows(result.journal) == [1, 2, 3, 4, 5]
    assert result.journal.parent == tmp_path


def test_users(tmp_path: Path, stub: Stub) -> None:
    rows = [{"USER_ID": f"u{n}", "AGE_GROUP": "old|wise"} for n in range(25)]
    folder = write_dataset(tmp_path / "users", rows, USER_COLUMNS, DatasetType.USERS)
    assert put(DatasetRecords("users", folder, USERS_ARN), **FAST).calls == 3
    assert stub.records["users", "u7"] == {
        "userId": "u7", "properties": '{"ageGroup":"old|wise"}',
    }  # fmt: skip
    assert len(stub.ids("users")) == 25


def test_events(tmp_path: Path, stub: Stub) -> None:
    path = write_events(tmp_path / "events.jsonl", [plain_event(n) for n in range(50)])
    result = put(EventFile(path, "tracker"), **FAST)
    assert (result.acknowledged, result.calls) == (50, 7)
    assert stub.records["events", "e8"] == plain_event(8)
    assert len(stub.ids("events")) == 50


def test_a_second_put_sends_nothing(tmp_path: Path, stub: Stub) -> None:
    folder = write_dataset(tmp_path / "items", plain_items(12))
    put_items(folder)
    before = len(stub.calls)
    again = put_items(folder)
    assert (again.sent, again.acknowledged, len(stub.calls)) == (0, 12, before)
    assert put_items(folder, again=True).sent == 12
    assert set(stub.deliveries.values()) == {2}


def test_other_content_has_another_journal(tmp_path: Path, stub: Stub) -> None:
    one = put_items(write_dataset(tmp_path / "items", plain_items(2)))
    table = tmp_path / "items" / "items.csv"
    table.write_text(table.read_text().replace("i1,", "j1,"))
    other = put_items(tmp_path / "items")
    assert (other.sent, stub.ids("items")) == (2, {"i0", "i1", "j1"})
    with pytest.raises(InputError, match="is not the journal of this put .*--journal"):
        put_items(tmp_path / "items", journal=one.journal)


@pytest.mark.parametrize(
    "faults",
    [
        [429, 429, 429],
        [500, 503],
        ["garbage", "garbage"],
        ["drop", "drop"],
        ["cut"],
        ["proxy"],
        [0.2],
    ],
    ids=str,
)
def test_what_goes_wrong_for_a_while_loses_nothing(
    tmp_path: Path, stub: Stub, faults: list[Any]
) -> None:
    stub.faults.extend(faults)
    folder = write_dataset(tmp_path / "items", plain_items(35))
    result = put_items(folder)
    assert (result.acknowledged, result.calls, result.refused) == (35, 4, [])
    assert stub.ids("items") == {f"i{n}" for n in range(35)}
    assert sorted(journal_rows(result.journal)) == list(range(1, 36))


def test_slow_answers_time_out_and_are_asked_for_again(tmp_path: Path, stub: Stub) -> None:
    stub.faults.append(1.0)
    folder = write_dataset(tmp_path / "items", plain_items(5))
    assert put_items(folder, timeout_seconds=0.3).acknowledged == 5
    assert len(stub.calls) == 2


def test_giving_up_keeps_what_was_acknowledged(tmp_path: Path, stub: Stub) -> None:
    folder = write_dataset(tmp_path / "items", plain_items(50))
    stub.faults.extend([0.0, 0.0])
    stub.always = 503
    with pytest.raises(EngineError, match="given up after 3 tries.*20 of 50 items acknowledged"):
        put_items(folder, attempts=3, connections=1)
    stub.always = None
    assert put_items(folder).sent == 30
    assert set(stub.deliveries.values()) == {1}


def test_missing_rights_end_at_once(tmp_path: Path, stub: Stub) -> None:
    stub.always = 403
    with pytest.raises(EngineError, match="AccessDenied"):
        put_items(write_dataset(tmp_path / "items", plain_items(5)))
    assert len(stub.calls) == 1


def test_one_refused_item_does_not_hold_up_its_neighbours(tmp_path: Path, stub: Stub) -> None:
    stub.refused_ids = {"i13"}
    result = put_items(write_dataset(tmp_path / "items", plain_items(30)))
    assert (result.acknowledged, len(result.refused)) == (29, 1)
    assert result.refused[0][0] == 14
    assert "an item is not valid" in result.refused[0][1]


def test_when_everything_is_refused_it_ends(tmp_path: Path, stub: Stub) -> None:
    path = write_events(tmp_path / "events.jsonl", [plain_event(n) for n in range(3000)])
    with pytest.raises(EngineError, match="events are refused.*no such tracker"):
        put(EventFile(path, "another"), **FAST)
    assert len(stub.calls) < 500


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ITEM_ID": "x" * 257}, "row 3, column ITEM_ID"),
        ({"ITEM_ID": "i0"}, "row 3, column ITEM_ID"),
        ({"GENRES": "g" * 1001}, "row 3, column GENRES"),
        ({"CREATION_TIMESTAMP": 1_700_000_000_000}, "row 3, column CREATION_TIMESTAMP"),
        ({"DESCRIPTION": "d" * 32_000}, "row 3: the properties have"),
    ],
)
def test_nothing_is_sent_of_a_bad_dataset(
    tmp_path: Path, stub: Stub, change: dict[str, Any], message: str
) -> None:
    rows = plain_items(30)
    rows[2] |= change
    with pytest.raises(InputError, match=message):
        put_items(write_dataset(tmp_path / "items", rows))
    assert stub.calls == []
    assert [path.name for path in tmp_path.iterdir()] == ["items"]


def test_nothing_is_sent_of_a_bad_file_of_events(tmp_path: Path, stub: Stub) -> None:
    events: list[Any] = [plain_event(n) for n in range(30)]
    events[20]["sentAt"] *= 1000
    events[25] = "text"
    path = write_events(tmp_path / "events.jsonl", events)
    with pytest.raises(InputError, match=r"line 21: sentAt: .*milliseconds.*1 more lines"):
        put(EventFile(path, "tracker"), **FAST)
    assert stub.calls == []


def test_the_load_is_bounded(tmp_path: Path, stub: Stub) -> None:
    stub.always = 0.02
    put_items(write_dataset(tmp_path / "items", plain_items(200)), connections=3)
    assert stub.most_under_way <= 3
    assert len(stub.ids("items")) == 200


def test_a_quota_that_others_use_up_too(tmp_path: Path, stub: Stub) -> None:
    stub.calls_per_second = 20
    result = put_items(write_dataset(tmp_path / "items", plain_items(300)), attempts=1000)
    assert (result.calls, result.acknowledged) == (30, 300)
    assert len(stub.calls) > 30  # some were throttled
    assert set(stub.deliveries.values()) == {1}


def test_a_bucket_gives_no_more_than_its_rate() -> None:
    now = [0.0]
    bucket = TokenBucket(10, capacity=2, clock=lambda: now[0])
    waits = [round(bucket.take(), 6) for _ in range(5)]
    assert waits == [0, 0, 0.1, 0.2, 0.3]
    now[0] = 100.0
    assert [round(bucket.take(), 6) for _ in range(3)] == [0, 0, 0.1]
    bucket.pause(5)
    assert round(bucket.take(), 6) == 5


def test_settings_out_of_range(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "items", plain_items(1))
    with pytest.raises(SettingError, match="connections is 0"):
        put_items(folder, connections=0)


# The journal.


def test_a_journal_that_was_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, "key", 30) as journal:
        journal.add([[1, 2, 3], [7]])
        journal.add([[9]])
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with Journal(path, "key", 30) as journal:
            known = journal.acknowledged
            assert known == sum(row in journal for row in range(31))
            journal.add([[20]])
        with Journal(path, "key", 30) as journal:
            assert journal.acknowledged == known + 1
            assert 20 in journal


def test_a_journal_is_opened_once(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, "key", 3), pytest.raises(InputError, match="in use"):
        Journal(path, "key", 3)
    path.write_text("something else\n")
    with pytest.raises(InputError, match="not the journal"):
        Journal(path, "key", 3)
    assert path.read_text() == "something else\n"


# Kills.


def start_put(folder: Path, url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "nlp_engine", "items", "put", str(folder), "--dataset-arn",
               ITEMS_ARN, "--no-compare", "--calls-per-second", "1000", "--connections", "4",
               "--json"]  # fmt: skip
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment(url)},
    )


def test_a_killed_put_goes_on_and_loses_nothing(tmp_path: Path, stub: Stub) -> None:
    folder = write_dataset(tmp_path / "items", plain_items(600))
    stub.always = 0.02  # so that calls are under way when the kill comes
    for wanted in (100, 300):
        process = start_put(folder, os.environ["AWS_ENDPOINT_URL_PERSONALIZE_EVENTS"])
        while len(stub.ids("items")) < wanted and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    (journal,) = tmp_path.glob("*.journal")
    before = len(journal_rows(journal))
    assert 200 <= before < 600
    result = put_items(folder)
    assert (result.acknowledged, result.sent, result.journal) == (600, 600 - before, journal)
    rows = journal_rows(journal)
    assert sorted(rows) == list(range(1, 601))  # each exactly once
    assert stub.ids("items") == {f"i{n}" for n in range(600)}
    # Only what was not in the journal at a kill was sent twice: a few calls of 10 items.
    assert sum(stub.deliveries.values()) - 600 <= 2 * 2 * 4 * 10


def test_ctrl_c_says_how_to_go_on(tmp_path: Path, stub: Stub) -> None:
    folder = write_dataset(tmp_path / "items", plain_items(1000))
    stub.always = 0.05
    process = start_put(folder, os.environ["AWS_ENDPOINT_URL_PERSONALIZE_EVENTS"])
    while len(stub.ids("items")) < 100:
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"of 1000 items acknowledged: the same command goes on" in errors


def test_two_puts_of_the_same_items(tmp_path: Path, stub: Stub) -> None:
    folder = write_dataset(tmp_path / "items", plain_items(200))
    stub.always = 0.05
    first = threading.Thread(target=put_items, args=(folder,), kwargs={"connections": 1})
    first.start()
    while not stub.calls:
        time.sleep(0.002)
    with pytest.raises(InputError, match="is in use"):
        put_items(folder)
    first.join()
    assert set(stub.deliveries.values()) == {1}
