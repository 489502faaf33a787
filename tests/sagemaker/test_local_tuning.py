"""Tunings on this machine: trials side by side, early stopping, warm starts, and Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nlp_engine.classification.classifier import Classifier
from nlp_engine.errors import EngineError, InputError, SettingError
from nlp_engine.sagemaker.local_tuning import tune
from nlp_engine.sagemaker.trials import FINISHED, STOPPED, Trainer
from nlp_engine.sagemaker.trials.process import Processes
from nlp_engine.sagemaker.trials.stopping import LogReader, promises_little
from tests.sagemaker.job_specs import LABELLED, TUNING, VECTORS, classifier_spec, make_spec


def test_tuning_keeps_the_best_model_and_tells_of_all(tmp_path: Path) -> None:
    lines: list[str] = []
    tune(classifier_spec(tmp_path, tuning=TUNING), tmp_path / "model", log=lines.append)
    record = json.loads((tmp_path / "model" / "tuning.json").read_text())
    assert record["objective"] == "validation:accuracy"
    trials = record["trials"]
    assert len(trials) == len(lines) == 4
    for trial in trials:
        chosen = trial["settings"]
        assert 0.00001 <= float(chosen["learning_rate"]) <= 1.0
        assert 2 <= int(chosen["vector_dim"]) <= 8
        assert chosen["word_ngrams"] in ("1", "2")
    best = trials[record["best_trial"]]
    assert best["value"] == max(trial["value"] for trial in trials)
    model = Classifier.open(tmp_path / "model")
    assert model.vector_dim == int(best["settings"]["vector_dim"])
    results = json.loads((tmp_path / "model" / "eval.json").read_text())
    assert results["validation_accuracy"] == best["value"]
    assert model.manifest
    assert "tuning.json" in [file.name for file in model.manifest.files]


def test_tuning_by_mean_rho_over_modes(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("king queen tiger cat computer keyboard\n" * 30)
    text = VECTORS + (
        '[tuning]\nobjective = "train:mean_rho"\nstrategy = "Random"\nmax_jobs = 2\n'
        'max_parallel_jobs = 1\n[tuning.ranges]\nmode = ["skipgram", "cbow"]\n'
    )
    changes = [('mode = "batch_skipgram"\n', ""), ("evaluation = false", "evaluation = true")]
    data = ("s3://bucket/text8", f"{tmp_path}/corpus.txt")
    tune(make_spec(tmp_path, text, data, *changes), tmp_path / "model")
    record = json.loads((tmp_path / "model" / "tuning.json").read_text())
    best = record["trials"][record["best_trial"]]
    assert json.loads((tmp_path / "model" / "eval.json").read_text())["mean_rho"] == best["value"]
    assert {trial["settings"]["mode"] for trial in record["trials"]} <= {"skipgram", "cbow"}


def test_trials_train_side_by_side_and_share_the_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, train = threading.Barrier(2), Processes.train

    def train_together(*arguments: object) -> bool:
        together.wait(60)
        return train(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Processes, "train", train_together)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    parallel = TUNING.replace("max_parallel_jobs = 1", "max_parallel_jobs = 2")
    tune(classifier_spec(tmp_path, tuning=parallel), tmp_path / "model")
    manifest = Classifier.open(tmp_path / "model").manifest
    assert manifest and manifest.settings["threads"] == 3
    record = json.loads((tmp_path / "model" / "tuning.json").read_text())
    assert [trial["number"] for trial in record["trials"]] == [0, 1, 2, 3]


def test_one_processor_has_one_trial_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, train = threading.Lock(), Processes.train

    def train_alone(*arguments: object) -> bool:
        assert training.acquire(blocking=False)
        try:
            return train(*arguments)  # type: ignore[arg-type]
        finally:
            training.release()

    monkeypatch.setattr(Processes, "train", train_alone)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    parallel = TUNING.replace("max_parallel_jobs = 1", "max_parallel_jobs = 4")
    tune(classifier_spec(tmp_path, tuning=parallel), tmp_path / "model")


def test_draws_are_the_same_again_with_a_seed(tmp_path: Path) -> None:
    settings = []
    tuning = TUNING.replace("max_jobs = 4", "max_jobs = 2")
    for name in ("one", "two"):
        tune(classifier_spec(tmp_path, tuning=tuning), tmp_path / name)
        record = json.loads((tmp_path / name / "tuning.json").read_text())
        settings.append([(trial["settings"], trial["state"]) for trial in record["trials"]])
    assert settings[0] == settings[1]


def test_a_failing_trial_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    failing = TUNING.partition("learning_rate")[0] + "learning_rate = [0.5, 1e30]\n"
    lines: list[str] = []
    tune(classifier_spec(tmp_path, tuning=failing), tmp_path / "model", log=lines.append)
    record = json.loads((tmp_path / "model" / "tuning.json").read_text())
    states = {trial["settings"]["learning_rate"]: trial["state"] for trial in record["trials"]}
    assert states == {"0.5": "finished", "1e+30": "failed"}
    assert any("failed: training met numbers that are not finite" in line for line in lines)


def test_where_every_trial_fails_nothing_is_left(tmp_path: Path) -> None:
    failing = TUNING.partition("learning_rate")[0] + "learning_rate = [1e30, 1e31]\n"
    spec = classifier_spec(tmp_path, tuning=failing.replace("max_jobs = 4", "max_jobs = 2"))
    with pytest.raises(EngineError, match="every trial failed, the last with: training met"):
        tune(spec, tmp_path / "model")
    assert {path.name for path in tmp_path.iterdir()} == {"job.toml", "labelled.txt"}


TELLING = ("epochs = 10", "epochs = 50\nmin_epochs = 1\npatience = 50")
SILENT = ("buckets = 1000\nearly_stopping = true", "buckets = 1000")


def test_early_stopping_goes_by_the_median_of_running_averages() -> None:
    earlier = [{1: 0.0, 2: 0.5}, {1: 0.25, 2: 0.75, 3: 0.9}, {2: 0.7}]
    # Averages until epoch 2 are 0.25, 0.5 and 0.7, of which 0.5 is the median.
    assert promises_little({1: 0.9, 2: 0.49}, earlier)
    assert not promises_little({1: 0.1, 2: 0.5}, earlier)
    assert not promises_little({1: 0.0}, earlier)  # two have told something of epoch 1
    assert not promises_little({2: 0.0}, earlier[:2])


def test_the_objective_of_each_epoch_is_read_from_the_log() -> None:
    reader = LogReader()
    log = """Validation accuracy: 0.9
        -------------- End of epoch: 3
        Using 2 threads for prediction!
        Validation accuracy: 0.750000
        Validation accuracy improved! Storing best weights...
        #validation_accuracy: 0.75"""
    assert [reader.read(line) for line in log.splitlines()].count(True) == 1
    assert reader.curve == {3: 0.75}


def test_trials_that_promise_little_are_stopped(tmp_path: Path) -> None:
    spec = classifier_spec(tmp_path, TELLING, tuning=TUNING)
    trainer = Trainer(spec, tmp_path, threads=1, early_stopping=True)
    good = [trainer.train(number, {"learning_rate": "1.0"}) for number in range(3)]
    assert [trained.state for trained in good] == [FINISHED] * 3
    assert all(len(trained.curve) == 50 for trained in good)
    bad = trainer.train(3, {"learning_rate": "0.0000001"})
    assert (bad.state, len(bad.curve) < 50) == (STOPPED, True)
    assert bad.value == 0.5 and not (bad.root / "model" / "model.bin").exists()


def test_a_tuning_records_what_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "nlp_engine.sagemaker.trials.training.promises_little",
        lambda curve, earlier: len(earlier) == 1,
    )
    lines: list[str] = []
    spec = classifier_spec(tmp_path, TELLING, tuning="early_stopping = true\n" + TUNING)
    tune(spec, tmp_path / "model", log=lines.append)
    trials = json.loads((tmp_path / "model" / "tuning.json").read_text())["trials"]
    assert [trial["state"] for trial in trials] == ["finished", "stopped", "finished", "finished"]
    assert trials[1]["epoch"] >= 1 and 0 <= trials[1]["value"] <= 1
    assert lines[1].startswith(f"trial 1: stopped after epoch {trials[1]['epoch']} with ")


def test_early_stopping_that_can_do_nothing_says_so(tmp_path: Path) -> None:
    lines: list[str] = []
    tuning = "early_stopping = true\n" + TUNING.replace("max_jobs = 4", "max_jobs = 1")
    spec = classifier_spec(tmp_path, SILENT, tuning=tuning)
    tune(spec, tmp_path / "model", log=lines.append)
    assert lines[0].startswith("early_stopping stops no trial: only mode supervised with ")
    assert len(lines) == 2


WARM = 'warm_start = ["first"]\n' + TUNING.replace("max_jobs = 4", "max_jobs = 2")


def tuned_first(folder: Path) -> None:
    tune(classifier_spec(folder, tuning=TUNING), folder / "first")


def settings_of(folder: Path) -> list[dict[str, str]]:
    record = json.loads((folder / "tuning.json").read_text())
    return [trial["settings"] for trial in record["trials"]]


def test_a_warm_start_learns_from_the_trials_beside_it(tmp_path: Path) -> None:
    tuned_first(tmp_path)
    lines: list[str] = []
    tune(classifier_spec(tmp_path, tuning=WARM), tmp_path / "second", log=lines.append)
    assert lines[0] == "warm start: 4 of 4 trials of first count here"
    first, second = settings_of(tmp_path / "first"), settings_of(tmp_path / "second")
    assert len(second) == 2 and not [drawn for drawn in second if drawn in first]


def test_only_trials_that_this_tuning_might_have_drawn_count(tmp_path: Path) -> None:
    tuned_first(tmp_path)
    first = settings_of(tmp_path / "first")
    small = [drawn for drawn in first if int(drawn["vector_dim"]) <= 5]
    assert 0 < len(small) < 4
    lines: list[str] = []
    narrower = WARM.replace("max = 8", "max = 5")
    tune(classifier_spec(tmp_path, tuning=narrower), tmp_path / "second", log=lines.append)
    assert lines[0] == f"warm start: {len(small)} of 4 trials of first count here"
    other = classifier_spec(tmp_path, ("epochs = 10", "epochs = 9"), tuning=WARM)
    tune(other, tmp_path / "third", log=lines.append)
    assert "warm start: 0 of 4 trials of first count here" in lines
    fixed = first[0]["word_ngrams"]
    ngrams = ("epochs = 10", f"epochs = 10\nword_ngrams = {fixed}")
    drawn_no_more = WARM.replace("word_ngrams = [1, 2]\n", "")
    tune(classifier_spec(tmp_path, ngrams, tuning=drawn_no_more), tmp_path / "4", log=lines.append)
    same = sum(drawn["word_ngrams"] == fixed for drawn in first)
    assert f"warm start: {same} of 4 trials of first count here" in lines


def test_what_cannot_be_learnt_from(tmp_path: Path) -> None:
    tuned_first(tmp_path)
    by_training = ('objective = "validation:accuracy"', 'objective = "train:accuracy"')
    with pytest.raises(SettingError, match="first was tuned by another objective, validation:acc"):
        tune(classifier_spec(tmp_path, by_training, tuning=WARM), tmp_path / "second")
    spec = classifier_spec(tmp_path, tuning=WARM)
    (tmp_path / "labelled.txt").write_text(LABELLED + "__label__fruit figs\n")
    with pytest.raises(SettingError, match="first was tuned on other data, train, validation; its"):
        tune(spec, tmp_path / "second")
    (tmp_path / "first" / "tuning.json").write_text("[]")
    with pytest.raises(InputError, match="tuning.json is no record of a tuning"):
        tune(spec, tmp_path / "second")
    (tmp_path / "first" / "tuning.json").unlink()
    with pytest.raises(InputError, match="tuning.json does not exist; a local run learns from the"):
        tune(spec, tmp_path / "second")
    assert not (tmp_path / "second").exists()


@contextlib.contextmanager
def started(folder: Path, *, trials: int) -> Iterator[subprocess.Popen[str]]:
    """`job tune`, when so many trials have ended and another is training."""
    command = [sys.executable, "-m", "nlp_engine", "job", "tune", "job.toml", "-o", "model"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            for number in range(trials):
                assert process.stderr.readline().startswith(f"trial {number}: ")
            wait_until(lambda: bool(training(folder)))
            yield process
        finally:
            process.kill()


def training(folder: Path) -> list[Path]:
    """The processes that train in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            command = path.read_bytes()
            if b"nlp_engine.sagemaker.trials" in command and os.fsencode(folder) in command:
                found.append(path)
    return found


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_tuning_that_is_stopped_leaves_nobody_training(tmp_path: Path, number: int) -> None:
    classifier_spec(tmp_path, ("epochs = 10", "epochs = 1000000"), SILENT, tuning=TUNING)
    with started(tmp_path, trials=0) as process:
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    wait_until(lambda: not training(tmp_path))
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert errors.rstrip().endswith("nothing half-made is left behind")
        assert {path.name for path in tmp_path.iterdir()} == {"job.toml", "labelled.txt"}


def test_ctrl_c_keeps_the_best_of_the_trials_that_are_done(tmp_path: Path) -> None:
    classifier_spec(tmp_path, tuning=TUNING.replace("max_jobs = 4", "max_jobs = 700"))
    with started(tmp_path, trials=2) as process:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    record = json.loads((tmp_path / "model" / "tuning.json").read_text())
    trials = record["trials"]
    assert 2 <= len(trials) < 700
    assert errors.splitlines()[-1] == (
        f"nlp-engine: interrupted; model has the best of the {len(trials)} trials that were done"
    )
    results = json.loads((tmp_path / "model" / "eval.json").read_text())
    assert results["validation_accuracy"] == trials[record["best_trial"]]["value"]
    manifest = Classifier.open(tmp_path / "model").manifest
    assert manifest and "tuning.json" in [file.name for file in manifest.files]
