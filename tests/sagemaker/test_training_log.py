from __future__ import annotations

import logging
import re

import pytest

from nlp_engine.progress import Progress
from nlp_engine.sagemaker import training_log
from nlp_engine.sagemaker.training_log import TrainingLog


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged by training 100 M words in 5 epochs, reported each of 50 seconds."""
    caplog.set_level(logging.INFO)
    now = iter(range(1000))
    monkeypatch.setattr(training_log.time, "monotonic", lambda: float(next(now)))
    log = TrainingLog(epochs=5)
    log.report(Progress("counting words", 10, 10, "bytes"))
    log.report(Progress("vocabulary", 71290, 253854, "words"))
    total = 100_000_000
    for second in range(51):
        rate = 0.05 * (1 - second / 50)
        detail = f"loss 0.1, learning rate {rate:.6f}"
        log.report(Progress("training", total * second // 50, total, "words", detail))
    log.finish("!")
    return [record.getMessage() for record in caplog.records]


def test_the_lines_are_blazingtexts(lines: list[str]) -> None:
    assert lines[:2] == ["Read 20M words", "Number of words:  71290"]
    assert lines[2] == "##### Alpha: 0.0450  Progress: 10.00%  Million Words/sec: 2.00 #####"
    assert lines[-4].startswith("##### Alpha: 0.0000  Progress: 100.00%  Million Words/sec: 2.00")
    assert lines[-3:] == [
        "Training finished!",
        "Average throughput in Million words/sec: 2.00",
        "Total training time in seconds: 50.00",
    ]


def test_the_lines_of_validation_are_blazingtexts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log = TrainingLog(epochs=10, threads=16)
    log.report(Progress("validation", 5, 10, "epochs", "accuracy 0.969529, improved"))
    log.report(
        Progress("validation", 6, 10, "epochs", "accuracy 0.950000, not improved for 1 epochs")
    )
    assert [record.getMessage() for record in caplog.records] == [
        "-------------- End of epoch: 5",
        "Using 16 threads for prediction!",
        "Validation accuracy: 0.969529",
        "Validation accuracy improved! Storing best weights...",
        "-------------- End of epoch: 6",
        "Using 16 threads for prediction!",
        "Validation accuracy: 0.950000",
        "Validation accuracy has not improved for last 1 epochs.",
    ]


def test_progress_lines_are_few(lines: list[str]) -> None:
    assert len([line for line in lines if re.search(r"Alpha: \S+  Progress: ", line)]) == 10


def test_a_trainer_that_reports_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    TrainingLog(epochs=1).finish(".")
    assert "Training finished." in caplog.text
    assert "Total training time in seconds: 0.00" in caplog.text


def test_several_hosts_and_what_an_earlier_run_has_done(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    now = iter(range(0, 1000, 10))
    monkeypatch.setattr(training_log.time, "monotonic", lambda: float(next(now)))
    log = TrainingLog(epochs=5, hosts=2)
    for done in (60_000_000, 80_000_000):
        detail = "loss 0.1, learning rate 0.01"
        log.report(Progress("training", done, 100_000_000, "words", detail))
    log.finish("!")
    assert "Alpha: 0.0100  Progress: 80.00%  Million Words/sec: 2.00" in [
        record.getMessage() for record in caplog.records
    ]
    assert "Average throughput in Million words/sec: 2.00" in caplog.text
