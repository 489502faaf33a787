from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest

from nlp_engine.classification.classifier import Classifier
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.sagemaker import container

LABELLED = (
    "__label__fruit apples and pears grow on old trees\n"
    "__label__metal iron and copper melt in hot furnaces\n"
) * 40
SUPERVISED = {"mode": "supervised", "vector_dim": "8", "buckets": "1000", "epochs": "10",
              "learning_rate": "0.5", "min_count": "1"}  # fmt: skip


def make_root(tmp_path: Path, hyperparameters: object, **channels: str) -> Path:
    root = tmp_path / "ml"
    (root / "input" / "config").mkdir(parents=True)
    (root / "input" / "config" / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    for name, text in channels.items():
        folder = root / "input" / "data" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.txt").write_text(text)
    return root


def test_word_vectors(tmp_path: Path) -> None:
    options = {"mode": "skipgram", "vector_dim": "6", "min_count": "1", "evaluation": "False"}
    root = make_root(tmp_path, options, train="the cat sat on the mat\n" * 50)
    assert container.train(root) == 0
    assert {"vectors.txt", "vectors.bin"} <= {path.name for path in (root / "model").iterdir()}
    assert WordVectors.open(root / "model").vector_dim == 6
    assert not (root / "output" / "failure").exists()


def test_classifier_with_validation_and_the_lines_that_sagemaker_reads(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    root = make_root(tmp_path, SUPERVISED, train=LABELLED, validation="__label__fruit pears\n")
    assert container.train(root) == 0
    log = caplog.text
    train_accuracy = re.search(r"#train_accuracy: (\S+)", log)
    validation_accuracy = re.search(r"#validation_accuracy: (\S+)", log)
    assert train_accuracy and float(train_accuracy[1]) == 1.0
    assert validation_accuracy and float(validation_accuracy[1]) == 1.0
    assert "Number of train examples: 80" in log
    assert "Training finished." in log
    assert Classifier.open(root / "model").predict(["pears"])[0][0].label == "fruit"


def test_mean_rho_is_logged_as_blazingtext_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    options = {"mode": "cbow", "vector_dim": "4", "min_count": "1"}
    root = make_root(tmp_path, options, train="king queen man woman\n" * 50)
    assert container.train(root) == 0
    lines = [record.getMessage() for record in caplog.records]
    corpus = root / "input" / "data" / "train" / "train.txt"
    size = corpus.stat().st_size / 2**20
    order = [
        re.escape(f"Processing {corpus} . File size: {size} MB"),
        r"Read 0M words",
        r"Number of words:  4",
        r"Training finished!",
        r"Average throughput in Million words/sec: \d+\.\d\d",
        r"Total training time in seconds: \d+\.\d\d",
    ]
    found = [next(i for i, line in enumerate(lines) if re.fullmatch(p, line)) for p in order]
    assert found == sorted(found)
    rho = re.search(r"#mean_rho: (\S+)", caplog.text)
    stored = json.loads((root / "model" / "eval.json").read_text())
    assert rho and float(rho[1]) == stored["mean_rho"]


def test_companion_files_of_spark_do_not_count(tmp_path: Path) -> None:
    root = make_root(tmp_path, SUPERVISED, train=LABELLED)
    for name, text in (("_SUCCESS", ""), (".hidden", "x"), ("empty.txt", ""), ("_meta", "x")):
        (root / "input" / "data" / "train" / name).write_text(text)
    assert container.train(root) == 0


@pytest.mark.parametrize(
    ("hyperparameters", "channels", "message"),
    [
        ({}, {"train": "x"}, "the hyperparameter mode is required"),
        ([], {"train": "x"}, "holds no JSON object"),
        ({"mode": "skipgram"}, {}, "the channel train is missing"),
        ({"mode": "skipgram", "epoch": "5"}, {"train": "x"}, "did you mean epochs?"),
        ({"mode": "skipgram", "epochs": "0"}, {"train": "x"}, "epochs is 0; the smallest"),
        ({"mode": "skipgram"}, {"train": ""}, "the channel train is empty"),
        ({"mode": "skipgram", "evaluation": "False"}, {"train": "a b"}, "min_count=5"),
    ],
)
def test_failures_are_written_down(
    tmp_path: Path, hyperparameters: object, channels: dict[str, str], message: str
) -> None:
    root = make_root(tmp_path, hyperparameters, **channels)
    assert container.train(root) == 1
    failure = (root / "output" / "failure").read_text()
    assert message in failure
    assert len(failure) <= 1024
    assert not list((root / "model").glob("*")), "nothing half-made"


def test_two_files_in_a_channel(tmp_path: Path) -> None:
    root = make_root(tmp_path, {"mode": "skipgram"}, train="a b")
    (root / "input" / "data" / "train" / "second.txt").write_text("c d")
    assert container.train(root) == 1
    failure = (root / "output" / "failure").read_text()
    assert "found second.txt, train.txt" in failure and "several_files to concat" in failure
