"""The collector's spool: what is on disk stays, in its order, and no more than may be."""

from __future__ import annotations

import errno
import os
import unittest.mock
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.errors import InputError
from nlp_engine.personalize.collector.spool import Spool, SpoolFull

MEGABYTE = 1_000_000


def take(spool: Spool, most: int = 10**9) -> list[bytes]:
    """Read and count as delivered."""
    lines, end = spool.read(most)
    spool.advance(end)
    return lines


OPENED: list[Spool] = []


@pytest.fixture(autouse=True)
def all_closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def opened(folder: Path, most_bytes: int = MEGABYTE) -> Spool:
    OPENED.append(Spool(folder, most_bytes))
    return OPENED[-1]


def reopened(spool: Spool, most_bytes: int = MEGABYTE) -> Spool:
    """What a process sees that comes after a killed one: closing writes nothing."""
    spool.close()
    return opened(spool.folder, most_bytes)


def test_first_in_first_out(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    assert not spool.wait(0)
    spool.append([b"a", b"b"])
    spool.append([b"c"])
    assert spool.wait(0)
    assert take(spool, 2) == [b"a", b"b"]
    spool.append([b"d"])
    assert take(spool, 2) == [b"c", b"d"]
    assert not spool.wait(0)
    assert spool.stored_bytes == 0
    assert sorted(path.name for path in spool.folder.iterdir()) == ["cursor", "lock"]


def test_what_was_not_delivered_is_read_again(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    spool.append([b"a", b"b", b"c"])
    take(spool, 1)
    assert spool.read(9)[0] == [b"b", b"c"]
    spool = reopened(spool)
    spool.append([b"d"])
    assert take(spool) == [b"b", b"c", b"d"]
    assert take(reopened(spool)) == []


@settings(max_examples=40)
@given(st.data())
def test_any_mix_of_work_and_kills(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    with unittest.mock.patch.object(os, "fsync"):  # for speed: processes are killed, no machines
        work_and_die(opened(tmp_path_factory.mktemp("spool"), 2000), data)


def work_and_die(spool: Spool, data: Any) -> None:
    """Do things with a spool whose segments have 250 bytes."""
    expected: list[bytes] = []
    number = 0
    for _ in range(data.draw(st.integers(1, 30))):
        action = data.draw(st.sampled_from(["append", "append", "take", "peek", "kill"]))
        if action == "append":
            lines = [b"%d" % (number + i) for i in range(data.draw(st.integers(1, 30)))]
            number += len(lines)
            try:
                spool.append(lines)
                expected += lines
            except SpoolFull:
                assert spool.stored_bytes + sum(10 + len(line) for line in lines) > 2000
        elif action == "take":
            most = data.draw(st.integers(1, 40))
            assert take(spool, most) == expected[:most]
            del expected[:most]
        elif action == "peek":
            assert spool.read(5)[0] == expected[:5]
        else:
            spool = reopened(spool, 2000)
        assert spool.stored_bytes <= 2000
        assert spool.wait(0) == bool(expected)
    assert take(spool) == expected


def test_a_line_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    spool.append([b"first", b"second"])
    (segment,) = spool.folder.glob("*.events")
    whole = segment.read_bytes()
    for length in range(len(whole)):
        segment.write_bytes(whole[:length])
        (spool.folder / "cursor").unlink(missing_ok=True)
        again = reopened(spool)
        again.append([b"third"])
        expected = [b"first"] * (length >= 15) + [b"third"]
        assert again.read(9)[0] == expected
        for path in spool.folder.glob("*.events"):
            if path != segment:
                path.unlink()
        spool = again


def test_damaged_bytes_cost_their_line_alone(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    spool.append([b"first", b"second", b"third"])
    (segment,) = spool.folder.glob("*.events")
    segment.write_bytes(segment.read_bytes().replace(b"second", b"sEcond"))
    spool = reopened(spool)
    assert take(spool) == [b"first", b"third"]
    assert spool.damaged == 1


def test_a_segment_that_somebody_removes_or_cuts_holds_up_nothing(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool", 800)  # segments of 100 bytes
    for number in range(4):
        spool.append([b"%d" % number * 100])
    first, second, _, last = sorted(spool.folder.glob("*.events"))
    first.unlink()
    for path in (second, last):
        path.write_bytes(path.read_bytes()[:50])
    assert take(spool) == [b"2" * 100]
    assert not spool.wait(0)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"segment": "x", "offset": 0}'])
def test_without_a_readable_cursor_everything_is_sent_again(tmp_path: Path, content: bytes) -> None:
    spool = opened(tmp_path / "spool")
    spool.append([b"a", b"b"])
    take(spool, 1)
    (spool.folder / "cursor").write_bytes(content)
    assert take(reopened(spool)) == [b"a", b"b"]


def test_a_full_spool(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool", 1000)
    with pytest.raises(SpoolFull, match="of 1000 bytes"):
        for _ in range(100):
            spool.append([b"x" * 40])
    assert 900 <= spool.stored_bytes <= 1000
    assert spool.is_full
    held = len(spool.read(1000)[0])
    with pytest.raises(SpoolFull):
        spool.append([b"x" * 990])
    assert len(spool.read(1000)[0]) == held
    take(spool)
    spool.append([b"y"])
    assert not spool.is_full
    assert take(spool) == [b"y"]


def test_refused_events_count_and_stay(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool", 1000)
    spool.refuse([b"a" * 400, b"b" * 400])
    with pytest.raises(SpoolFull):
        spool.append([b"x" * 300])
    spool = reopened(spool, 1000)
    assert spool.stored_bytes == 802
    assert (spool.folder / "refused.jsonl").read_bytes() == b"a" * 400 + b"\n" + b"b" * 400 + b"\n"


def test_one_process_at_a_time(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    with pytest.raises(InputError, match="in use by another collector"):
        Spool(tmp_path / "spool", MEGABYTE)
    spool.close()
    Spool(tmp_path / "spool", MEGABYTE).close()


def test_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = opened(tmp_path / "spool")
    spool.append([b"before"])

    def fail(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        for _ in range(3):
            with pytest.raises(OSError, match="No space"):
                spool.append([b"lost"])
    spool.append([b"after"])
    assert spool.read(9)[0] == [b"before", b"after"]
    assert reopened(spool).read(9)[0] == [b"before", b"after"]
    assert len(list(spool.folder.glob("*.events"))) == 2
