from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.checkpoints import Checkpoints
from nlp_engine.errors import OutputError


def save(folder: Path, done: int, key: str = "work") -> Checkpoints:
    checkpoints = Checkpoints(folder=folder, key=key)
    checkpoints.save(done, {"rows": np.full((2, 3), done, np.float32)}, {"losses": [done]})
    return checkpoints


def test_the_newest_is_the_one_to_go_on_with_and_older_ones_go(tmp_path: Path) -> None:
    for done in (9, 10):
        checkpoints = save(tmp_path, done)
    found = checkpoints.load()
    assert found and found.done == 10 and found.rest == {"losses": [10]}
    assert (found.arrays["rows"] == 10).all()
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-10"]
    checkpoints.clear()
    assert checkpoints.load() is None and not list(tmp_path.iterdir())


def test_a_full_disk_is_named_and_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints = save(tmp_path, 5)

    def full(*_: object) -> None:
        raise OSError("Not enough free space to write 43528576 bytes after offset 128")

    monkeypatch.setattr("numpy.save", full)
    with pytest.raises(OutputError, match="cannot write .*checkpoint-9: the disk is full"):
        save(tmp_path, 9)
    found = checkpoints.load()
    assert found and found.done == 5


@pytest.mark.parametrize("missing", ["state.json", "rows.npy"])
def test_one_that_lacks_a_file_does_not_count(tmp_path: Path, missing: str) -> None:
    checkpoints = save(tmp_path, 5)
    (tmp_path / "checkpoint-5" / missing).unlink()
    assert checkpoints.load() is None


def test_one_that_was_cut_short_does_not_count_and_an_older_one_does(tmp_path: Path) -> None:
    newer = save(tmp_path, 20)
    (tmp_path / "checkpoint-20").rename(tmp_path / "kept")
    save(tmp_path, 5)
    (tmp_path / "kept").rename(tmp_path / "checkpoint-20")
    rows = tmp_path / "checkpoint-20" / "rows.npy"
    rows.write_bytes(rows.read_bytes()[:-1])
    found = newer.load()
    assert found and found.done == 5


def test_one_of_other_work_is_not_used_which_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path, 5, key="other")
    assert Checkpoints(folder=tmp_path, key="work").load() is None
    assert "checkpoint of other settings or data: not used" in caplog.text
    caplog.clear()
    caplog.set_level(logging.INFO)
    own = save(tmp_path, 3)
    assert own.load() and "Going on from the checkpoint" in caplog.text
    assert "other settings" not in caplog.text, "saving has removed it"


def test_an_interruption_while_saving_waits_for_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = np.save, []

    def interrupted(path: Path, array: np.ndarray) -> None:
        calls.append(path)
        if len(calls) == 1:
            raise KeyboardInterrupt
        original(path, array)

    monkeypatch.setattr(np, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, 5)
    found = Checkpoints(folder=tmp_path, key="work").load()
    assert found and found.done == 5 and (found.arrays["rows"] == 5).all()
