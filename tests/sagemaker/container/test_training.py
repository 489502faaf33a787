from __future__ import annotations

import csv
import errno
import io
import json
import logging
import re
from pathlib import Path

import pytest

from nlp_engine.classification.classifier import Classifier
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import OutputError
from nlp_engine.sagemaker import container
from nlp_engine.sagemaker.container.failures import report_failure
from tests.sagemaker.container.jobs import (
    LABELLED,
    SUPERVISED,
    VECTORS,
    describe,
    failure_of,
    make_root,
)


def test_word_vectors(tmp_path: Path) -> None:
    root = make_root(tmp_path, VECTORS, train="the cat sat on the mat\n" * 50)
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


def test_eval_json_is_blazingtexts(tmp_path: Path) -> None:
    options = {"mode": "cbow", "vector_dim": "4", "min_count": "1", "threads": "1"}
    root = make_root(tmp_path, options, train="tiger cat plane car money bank\n" * 50)
    assert container.train(root) == 0
    text = (root / "model" / "eval.json").read_text()
    results = json.loads(text)
    rho = results["mean_rho"]
    assert -1 <= rho <= 1
    assert results == {
        "EN-WS-353-ALL.txt": {"not_found": 348, "spearmans_rho": rho, "total_pairs": 353},
        "mean_rho": rho,
    }
    assert text == json.dumps(results, indent=4, sort_keys=True) + "\n"


def test_evaluation_sets_of_ones_own(tmp_path: Path) -> None:
    """BlazingText's three from a channel: with their names, and the mean of their rhos."""
    names = ["EN-WS-353-ALL.txt", "EN-WS-353-REL.txt", "EN-WS-353-SIM.txt"]
    options = {"mode": "cbow", "vector_dim": "4", "min_count": "1", "threads": "1"}
    root = make_root(
        tmp_path, options, train="tiger cat plane car money bank\n" * 50, evaluation="tiger cat 9\n"
    )
    folder = root / "input" / "data" / "evaluation"
    (folder / "evaluation.txt").unlink()
    for name, scores in zip(names, ((3, 2, 1), (1, 2, 3), (3, 1, 2)), strict=True):
        pairs = zip(("tiger", "plane", "money"), ("cat", "car", "bank"), scores, strict=True)
        (folder / name).write_text("".join(f"{a}\t{b}\t{c}\r\n" for a, b, c in pairs))
    assert container.train(root) == 0
    results = json.loads((root / "model" / "eval.json").read_text())
    assert list(results) == [*names, "mean_rho"]
    rhos = [results[name]["spearmans_rho"] for name in names]
    assert rhos[0] == pytest.approx(-rhos[1])
    assert results["mean_rho"] == pytest.approx(sum(rhos) / 3)


def test_evaluation_sets_come_as_files(tmp_path: Path) -> None:
    options = {**VECTORS, "evaluation": "True"}
    root = make_root(tmp_path, options, train="a b c\n" * 50)
    describe(root, "inputdataconfig", {"train": {}, "evaluation": {"TrainingInputMode": "Pipe"}})
    assert container.train(root) == 1
    assert "set its input mode to File" in failure_of(root)


def test_values_as_sdks_send_them_and_names_that_the_platform_adds(tmp_path: Path) -> None:
    given = {
        **VECTORS,
        "mode": '"skipgram"',
        "evaluation": "false",
        "_tuning_objective_metric": "train:mean_rho",
        "sagemaker_region": "eu-west-1",
    }
    root = make_root(tmp_path, given, train="the cat sat on the mat\n" * 50)
    assert container.train(root) == 0
    settings = json.loads((root / "model" / "manifest.json").read_text())["settings"]
    assert settings["mode"] == "skipgram" and settings["evaluation"] is False


@pytest.mark.parametrize(
    ("hyperparameters", "channels", "message"),
    [
        ({}, {"train": "x"}, "the hyperparameter mode is required; it must be one of batch_skip"),
        ({"mode": "glove"}, {"train": "x"}, "mode is 'glove'; it must be one of batch_skipgram"),
        ([], {"train": "x"}, "holds no JSON object"),
        (VECTORS, {}, "the channel train is missing"),
        ({"mode": "skipgram", "epoch": "5"}, {"train": "x"}, "did you mean epochs?"),
        ({"mode": "skipgram", "epochs": "0"}, {"train": "x"}, "epochs is 0; the smallest"),
        ({"mode": "skipgram", "learning_rate": "nan"}, {"train": "x"}, "must be a finite number"),
        ({"mode": "skipgram", "learning_rate": float("nan")}, {"train": "x"}, "a finite number"),
        ({"mode": "skipgram", "epochs": "NaN"}, {"train": "x"}, "it must be an integer"),
        ({"mode": "skipgram", "epochs": "9" * 400}, {"train": "x"}, "allowed value is 2147483647"),
        ({**SUPERVISED, "buckets": "2000000000000"}, {"train": LABELLED}, "the largest allowed"),
        ({**VECTORS, "threads": "100000"}, {"train": "x"}, "the largest allowed value is 1024"),
        (
            {**VECTORS, "learning_rate": "100"},
            {"train": "a b c d e f g h\n" * 300},
            "numbers that are not finite; lower learning_rate, which is 100",
        ),
        ({**VECTORS, "several_files": "all"}, {"train": "x"}, "must be one of refuse, concat"),
        (VECTORS, {"train": ""}, "the channel train is empty"),
        ({**VECTORS, "min_count": "5"}, {"train": "a b"}, "min_count=5"),
        (VECTORS, {"train": "a\0b" * 50}, "is a binary file (byte 1 is NUL)"),
        (
            VECTORS,
            {"train": "a", "validation": "a"},
            "channel validation cannot be used: mode skip",
        ),
        (SUPERVISED, {"train": LABELLED, "test": "x"}, "takes train and validation only"),
        (
            SUPERVISED,
            {"train": LABELLED, "evaluation": "a b 1"},
            "channel evaluation cannot be used",
        ),
        (
            {**VECTORS, "evaluation": "True"},
            {"train": "a b", "evaluation": "no pairs at all here"},
            "expected two words and a score",
        ),
        ({**SUPERVISED, "early_stopping": "True"}, {"train": LABELLED}, "early_stopping is True"),
    ],
)
def test_failures_are_written_down(
    tmp_path: Path, hyperparameters: object, channels: dict[str, str], message: str
) -> None:
    root = make_root(tmp_path, hyperparameters, **channels)
    assert container.train(root) == 1
    assert message in failure_of(root)
    assert len(failure_of(root)) <= 1024
    assert not list((root / "model").glob("*")), "nothing half-made"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "not enough memory .* larger instance"),
        (
            OSError(errno.EROFS, "Read-only file system", "/opt/ml/model"),
            "/opt/ml/model: Read-only",
        ),
        (OutputError("cannot write a: the disk is full"), "cannot write a: the disk is full"),
    ],
)
def test_what_the_system_refuses_is_told_in_words(
    tmp_path: Path, error: Exception, message: str
) -> None:
    assert report_failure(tmp_path, error) == 1
    assert re.match(message, failure_of(tmp_path))


def test_a_copy_that_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_root(tmp_path, {**VECTORS, "several_files": "concat"}, train="a b c\n")
    (root / "input" / "data" / "train" / "more.txt").write_text("a b c\n")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    assert container.train(root) == 1
    assert re.match("cannot write .*/train: the disk is full; free some space", failure_of(root))


@pytest.mark.parametrize("name", ["hyperparameters", "inputdataconfig", "resourceconfig"])
@pytest.mark.parametrize("content", ['{"mode": "skipgram"', "[" * 100_000, '{"mode": "\xe9"}'])
def test_descriptions_that_are_no_json(tmp_path: Path, name: str, content: str) -> None:
    root = make_root(tmp_path, VECTORS, train="a b c\n")
    path = root / "input" / "config" / f"{name}.json"
    path.write_text(content, encoding="latin-1")
    assert container.train(root) == 1
    assert failure_of(root).startswith(f"{path} cannot be read as JSON")


def test_what_windows_puts_before_a_file_is_no_part_of_it(tmp_path: Path) -> None:
    root = make_root(tmp_path, VECTORS, train="a b c\n" * 50)
    path = root / "input" / "config" / "hyperparameters.json"
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert container.train(root) == 0


def test_damaged_checkpoints_are_passed_over(tmp_path: Path) -> None:
    root = make_root(tmp_path, VECTORS, train="a b c\n" * 50)
    states = ["", "[]", "null", '{"key": 1}', '{"key": 1, "files": {}}', '{"files": {"a": 0}}']
    for number, state in enumerate(states):
        folder = root / "checkpoints" / f"checkpoint-{number}"
        folder.mkdir(parents=True)
        (folder / "state.json").write_text(state)
    assert container.train(root) == 0


# Several instances.

TWO_HOSTS = {"current_host": "algo-2", "hosts": ["algo-2", "algo-1"]}


def test_only_batch_skipgram_takes_several_instances(tmp_path: Path) -> None:
    root = make_root(tmp_path, VECTORS, train="a b c\n")
    describe(root, "resourceconfig", TWO_HOSTS)
    assert container.train(root) == 1
    assert failure_of(root).startswith(
        "Only batch_skipgram is available when training on multiple CPU instances"
    )


def test_every_instance_needs_all_data(tmp_path: Path) -> None:
    root = make_root(tmp_path, {**VECTORS, "mode": "batch_skipgram"}, train="a b c\n")
    describe(root, "resourceconfig", TWO_HOSTS)
    describe(root, "inputdataconfig", {"train": {"S3DistributionType": "ShardedByS3Key"}})
    assert container.train(root) == 1
    assert "FullyReplicated" in failure_of(root)


def test_an_instance_that_is_not_among_the_hosts(tmp_path: Path) -> None:
    root = make_root(tmp_path, VECTORS, train="a b c\n")
    describe(root, "resourceconfig", {"current_host": "algo-3", "hosts": ["algo-1", "algo-2"]})
    assert container.train(root) == 1
    assert "current_host is algo-3, which is not among the hosts algo-1, algo-2" in failure_of(root)


def test_tokens_that_a_csv_writer_has_quoted_are_words_as_they_stand(tmp_path: Path) -> None:
    # AWS's notebooks write tokens by csv.writer with a space between, and BlazingText reads words.
    text = io.StringIO()
    rows = [["__label__1", "it", "'s", "a", '5"', "disk", ","], ["__label__2", "no", "quotes", "."]]
    csv.writer(text, delimiter=" ", lineterminator="\n").writerows(rows * 20)
    root = make_root(tmp_path, SUPERVISED, train=text.getvalue())
    assert container.train(root) == 0
    classifier = Classifier.open(root / "model")
    assert set(classifier.labels) == {"__label__1", "__label__2"}
    assert '"5"""' in text.getvalue()
    assert classifier.predict_tokenized(['"5"""'])[0][0].label == "1"


def test_labels_in_quotation_marks_are_no_labels(tmp_path: Path) -> None:
    text = '"__label__1 some text"\n"__label__2 other text"\n' * 20
    root = make_root(tmp_path, SUPERVISED, train=text)
    assert container.train(root) == 1
    assert "Some are in quotation marks" in failure_of(root)
