"""The container as SageMaker runs it: a process with real pipes and signals."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from nlp_engine.classification.classifier import Classifier
from nlp_engine.embeddings.vectors import WordVectors
from tests.sagemaker.container.jobs import (
    LABELLED,
    SUPERVISED,
    VECTORS,
    Pipes,
    describe,
    failure_of,
    make_root,
    start,
    wrapped,
)

ONE_THREAD = {"threads": "1", "seed": "3"}
LONG_VECTORS = {**VECTORS, **ONE_THREAD, "epochs": "60", "vector_dim": "50"}
LONG_CLASSIFIER = {**SUPERVISED, **ONE_THREAD, "epochs": "150", "vector_dim": "50",
                   "early_stopping": "True", "patience": "150", "min_epochs": "1"}  # fmt: skip


STAMP = r"\[\d\d/\d\d/\d{4} \d\d:\d\d:\d\d INFO \d+\] "


def ended(process: subprocess.Popen[str], code: int) -> str:
    """What a process has printed by its end."""
    output, _ = process.communicate(timeout=600)
    assert process.returncode == code, output
    return output


def random_lines(count: int, seed: int) -> str:
    words, draw = [f"w{number}" for number in range(500)], random.Random(seed)
    return "".join(
        f"__label__{draw.randrange(3)} {' '.join(draw.choices(words, k=10))}\n"
        for _ in range(count)
    )


def test_a_job_with_files(tmp_path: Path) -> None:
    root = make_root(tmp_path, SUPERVISED, train=LABELLED, validation=LABELLED)
    describe(root, "resourceconfig", {"current_host": "algo-1", "hosts": ["algo-1"]})
    describe(root, "inputdataconfig", {
        "train": {"TrainingInputMode": "File", "ContentType": "text/plain",
                  "RecordWrapperType": "None"},
        "validation": {"TrainingInputMode": "FastFile"},
    })  # fmt: skip
    output = ended(start(root), 0)
    corpus = root / "input" / "data" / "train" / "train.txt"
    held_out = root / "input" / "data" / "validation" / "validation.txt"
    order = [
        "Arguments: train",
        STAMP + re.escape("Running single machine CPU BlazingText training using supervised mode."),
        STAMP + rf"Processing {corpus} \. File size: \d\.\d+ MB",
        f"Loading validation data from {held_out}",
        r"Read 0M words",
        r"Number of words:  15",
        r"Loaded validation data\.",
        r"Training finished\.",
        r"Average throughput in Million words/sec: \d+\.\d\d",
        r"Total training time in seconds: \d+\.\d\d",
        r"#train_accuracy: 1\.0",
        r"Number of train examples: 80",
        r"#validation_accuracy: 1\.0",
        r"Number of validation examples: 80",
    ]
    lines = output.splitlines()
    found = [next(i for i, line in enumerate(lines) if re.fullmatch(p, line)) for p in order]
    assert found == sorted(found)
    assert (root / "model" / "model.bin").is_file()


def test_the_metric_of_word_vectors(tmp_path: Path) -> None:
    root = make_root(
        tmp_path, {"mode": "cbow", "vector_dim": "4", "min_count": "1"},
        train="king queen man woman\n" * 50,
    )  # fmt: skip
    lines = ended(start(root), 0).splitlines()
    results = json.loads((root / "model" / "eval.json").read_text())
    at = lines.index("Evaluating word embeddings....")
    assert lines[at + 1] == f"Vectors read from: {root}/model/vectors.txt"
    assert json.loads("\n".join(lines[at + 2 : -1])) == results
    found = re.fullmatch(STAMP + r"#mean_rho: (\S+)", lines[-1])
    assert found and float(found[1]) == results["mean_rho"]
    others = [line for line in lines[:at] if "Dictionary" in line]
    assert not others, "gensim, whose word pairs these are, stays silent"


# Pipes.


def test_an_augmented_manifest_through_pipes(tmp_path: Path) -> None:
    root = make_root(tmp_path, SUPERVISED)
    examples = ["apples and pears", 1, 'iron "and" copper', [2, 3]] * 30
    pipes = Pipes(root, {"train": wrapped(*examples), "validation": wrapped("pears", 1)})
    piped = {"TrainingInputMode": "Pipe", "ContentType": "application/x-recordio",
             "RecordWrapperType": "RecordIO"}  # fmt: skip
    describe(root, "inputdataconfig", {"train": piped, "validation": piped})
    output = ended(start(root), 0)
    assert f"Processing {root}/input/data/train_0 ." in output
    assert "#validation_accuracy: 1.0" in output
    classifier = Classifier.open(root / "model")
    assert set(classifier.labels) == {"__label__1", "__label__2", "__label__3"}
    assert classifier.predict_tokenized(["apples"])[0][0].label == "1"
    assert pipes.passes == {"train": 1, "validation": 1}, "later epochs' pipes wait for a reader"


def test_text_through_a_pipe_without_any_description(tmp_path: Path) -> None:
    root = make_root(tmp_path, VECTORS)
    Pipes(root, {"train": b"the cat sat on the mat\n" * 20_000})
    assert "Read 0M words" in ended(start(root), 0)
    assert len(WordVectors.open(root / "model")) == 5


@pytest.mark.parametrize(
    ("content", "wrapper", "message"),
    [
        (wrapped("apples and pears", 1)[:-3], "RecordIO", "within the record at byte 24 of 1 byte"),
        (wrapped("apples and pears", 1)[:-10], "RecordIO", "within a header"),
        (b'{"source": "a", "label": 1}\n{"source": "a b', "None", ", line 2: no JSON"),
        (b"apples \0 pears", "None", " is a binary file"),
    ],
)
def test_a_pipe_whose_writer_has_died_is_named(
    tmp_path: Path, content: bytes, wrapper: str, message: str
) -> None:
    root = make_root(tmp_path, SUPERVISED)
    Pipes(root, {"train": content})
    piped = {"TrainingInputMode": "Pipe", "RecordWrapperType": wrapper}
    describe(root, "inputdataconfig", {"train": piped})
    ended(start(root), 1)
    failure = failure_of(root)
    assert failure.startswith(f"{root}/input/data/train_0") and message in failure


# Stopping and going on.


def stop(process: subprocess.Popen[str], after: str, signals: int = 1) -> str:
    """Send SIGTERM once a line with `after` is there."""
    assert process.stdout
    before = ""
    for line in process.stdout:
        before += line
        if after in line:
            break
    for _ in range(signals):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.01)
    return before + ended(process, 0)


@pytest.mark.parametrize(
    ("hyperparameters", "text", "after", "artifact"),
    [
        (LONG_VECTORS, random_lines(20_000, 1), "Number of words", "vectors.bin"),
        (LONG_CLASSIFIER, random_lines(2_000, 1), "End of epoch: 5", "model.bin"),
    ],
    ids=["vectors", "classifier"],
)
def test_a_job_that_was_stopped_goes_on_and_ends_as_if_it_had_not_been(
    tmp_path: Path, hyperparameters: dict[str, str], text: str, after: str, artifact: str
) -> None:
    channels = {"train": text}
    if hyperparameters["mode"] == "supervised":
        channels["validation"] = random_lines(100, 2)
    root = make_root(tmp_path, hyperparameters, **channels)
    (root / "checkpoints").mkdir()
    output = stop(start(root), after, signals=3)
    assert "Saved the checkpoint" in output
    assert "The training was stopped by SIGTERM; it goes on from its last checkpoint" in output
    assert not list((root / "model").iterdir()) and not (root / "output" / "failure").exists()

    # Elsewhere, as a new instance has it: only checkpoints and data are the same.
    again = make_root(tmp_path / "again", hyperparameters, **channels)
    (root / "checkpoints").rename(again / "checkpoints")
    output = ended(start(again), 0)
    assert f"Going on from the checkpoint {again}/checkpoints/checkpoint-" in output
    assert not list((again / "checkpoints").iterdir())
    whole = make_root(tmp_path / "whole", hyperparameters, **channels)
    ended(start(whole), 0)
    assert (again / "model" / artifact).read_bytes() == (whole / "model" / artifact).read_bytes()


def test_a_checkpoint_of_other_settings_is_not_used(tmp_path: Path) -> None:
    root = make_root(tmp_path, LONG_VECTORS, train=random_lines(20_000, 1))
    (root / "checkpoints").mkdir()
    stop(start(root), "Number of words")
    describe(root, "hyperparameters", {**LONG_VECTORS, "epochs": "1"})
    output = ended(start(root), 0)
    assert "checkpoint of other settings or data: not used" in output
    assert "Going on" not in output


def test_a_job_without_checkpoints_says_what_is_lost(tmp_path: Path) -> None:
    root = make_root(tmp_path, LONG_VECTORS, train=random_lines(20_000, 1))
    assert "nothing is kept, as the job has no CheckpointConfig" in stop(
        start(root), "Number of words"
    )


def test_stopping_while_a_pipe_brings_nothing(tmp_path: Path) -> None:
    root = make_root(tmp_path, VECTORS)
    describe(root, "inputdataconfig", {"train": {"TrainingInputMode": "Pipe"}})
    assert "stopped by SIGTERM" in stop(start(root), "Running single machine")


# Failures.


def test_the_failure_file_and_the_exit_code_of_a_wrong_setting(tmp_path: Path) -> None:
    root = make_root(tmp_path, {**SUPERVISED, "epoch": "5"}, train=LABELLED)
    output = ended(start(root), 1)
    assert failure_of(root) == "unknown setting 'epoch'; did you mean epochs?"
    assert "ERROR" in output and "did you mean epochs?" in output
    assert "Traceback" not in output


def test_an_internal_error_has_its_cause_first_and_another_exit_code(tmp_path: Path) -> None:
    root = make_root(tmp_path, VECTORS, train="a b\n")
    (tmp_path / "sitecustomize.py").write_text(
        "import nlp_engine.embeddings.train as train\n"
        "def encode_corpus(*_, **__): raise RuntimeError('x' * 5000)\n"
        "train.encode_corpus = encode_corpus\n"
    )
    ended(start(root, PYTHONPATH=str(tmp_path)), 2)
    failure = failure_of(root)
    assert failure.startswith("internal error: RuntimeError: xxx")
    assert "Traceback" not in failure[:1024] and "Traceback" in failure


def test_a_failure_that_cannot_be_written_down(tmp_path: Path) -> None:
    root = make_root(tmp_path, {})
    (root / "output").write_text("no folder")
    output = ended(start(root), 1)
    assert "mode is required" in output and "failure file cannot be written" in output


def test_an_old_failure_goes(tmp_path: Path) -> None:
    root = make_root(tmp_path, VECTORS, train="a b c\n")
    (root / "output").mkdir()
    (root / "output" / "failure").write_text("of an earlier run")
    ended(start(root), 0)
    assert not (root / "output" / "failure").exists()
    assert json.loads((root / "model" / "manifest.json").read_text())["format"] == "vectors"
