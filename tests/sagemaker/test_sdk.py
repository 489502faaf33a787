"""The SageMaker SDK's objects send what our own requests are: it is installed by `make test-full`.

It runs in an interpreter of its own (a gigabyte, with other versions of what is used here), which
`NLP_ENGINE_SDK_PYTHON` names.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nlp_engine.classification.train import train_classifier
from nlp_engine.errors import MissingExtraError
from nlp_engine.sagemaker import sdk
from nlp_engine.sagemaker.requests import plan
from tests.sagemaker.job_specs import CLASSIFIER, OUR_IMAGE, VECTORS, make_spec, write_spec
from tests.sagemaker.moto_cloud import served
from tests.sagemaker.moto_server import Proxy, moto_server

PYTHON = os.environ.get("NLP_ENGINE_SDK_PYTHON", "")
PROJECT = Path(__file__).parents[2]

OURS = ("[sagemaker]\nrole", f'[sagemaker]\nimage = "{OUR_IMAGE}"\nrole')
SPOT = '\n[spot]\nmax_wait_seconds = 7200\ncheckpoints = "s3://bucket/checkpoints"\n'
MANIFEST = (
    'train = "s3://bucket/dbpedia.train"',
    'train = { source = "s3://bucket/m", input_mode = "Pipe", attributes = ["source", "topic"] }',
)
EVALUATED = (
    "evaluation = false",
    'evaluation = true\n[data.evaluation]\nsource = "s3://bucket/sets/"',
)
TUNING = """
[tuning]
objective = "train:mean_rho"
max_jobs = 6
max_parallel_jobs = 2
strategy = "Random"
early_stopping = true
seed = 7
warm_start = ["earlier"]
[tuning.ranges]
mode = ["skipgram", "cbow"]
window_size = { min = 2, max = 10, scaling = "Linear" }
"""
SEARCHED = [('mode = "batch_skipgram"\n', ""), ("evaluation = false", "evaluation = true")]


@pytest.mark.skipif(bool(importlib.util.find_spec("sagemaker")), reason="the SDK is here")
def test_without_the_sdk_its_extra_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'nlp-engine\[sagemaker\]'"):
        sdk.open_session(make_spec(tmp_path))


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Proxy]]:
    if not Path(PYTHON).is_file():
        pytest.skip("NLP_ENGINE_SDK_PYTHON names no interpreter with the SageMaker SDK")
    with moto_server() as started:
        yield started


def send(server: tuple[str, Proxy], path: Path, *arguments: str, runtime: str = "") -> int:
    """Send a job by the SDK; how often it told AWS of it."""
    url, proxy = server
    proxy.reset()
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(path.parent),
        "PYTHONPATH": str(PROJECT),
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": runtime or url,
        **credentials,
    }
    command = [PYTHON, str(PROJECT / "tests/sagemaker/sdk_jobs.py"), str(path), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


def as_ours(parameters: dict[str, Any]) -> dict[str, Any]:
    """What the SDK sent, without what it adds to a model: where it came from, and nothing."""
    container = {k: v for k, v in parameters.get("PrimaryContainer", {}).items() if v != {}}
    changed = {"PrimaryContainer": container} if container else {}
    return {key: value for key, value in parameters.items() if key != "Tags"} | changed


def without_name(parameters: Any, name: str) -> dict[str, Any]:
    """The parameters without the job's name, to which the SDK adds date and time."""
    assert str(parameters[name]).startswith(("dbpedia", "text8-vectors"))
    return {key: value for key, value in parameters.items() if key != name}


@pytest.mark.full
@pytest.mark.parametrize(
    ("text", "changes"),
    [
        (CLASSIFIER, []),
        (CLASSIFIER, [MANIFEST]),
        (VECTORS + "[instance]\ncount = 3\n", []),
        (VECTORS + SPOT, [OURS]),
        (CLASSIFIER, [OURS]),
        (VECTORS, [OURS, EVALUATED]),
    ],
    ids=["blazingtext", "pipe", "distributed", "spot", "ours", "evaluation"],
)
def test_training(
    server: tuple[str, Proxy], tmp_path: Path, text: str, changes: list[tuple[str, str]]
) -> None:
    path = write_spec(tmp_path, text, *changes)
    assert send(server, path, "train") == 0
    (ours,) = plan("train", make_spec(tmp_path, text, *changes))
    (theirs,) = server[1].sent("CreateTrainingJob")
    assert theirs["TrainingJobName"] == (tmp_path / "trained").read_text()
    assert without_name(theirs, "TrainingJobName") == without_name(
        ours.parameters, "TrainingJobName"
    )


@pytest.mark.full
@pytest.mark.parametrize(
    ("text", "changes"),
    [(CLASSIFIER, []), (CLASSIFIER, [OURS]), (VECTORS + TUNING, SEARCHED)],
    ids=["blazingtext", "ours", "vectors"],
)
def test_tuning(
    server: tuple[str, Proxy], tmp_path: Path, text: str, changes: list[tuple[str, str]]
) -> None:
    path = write_spec(tmp_path, text, *changes)
    assert send(server, path, "tune") == 0
    (ours,) = plan("tune", make_spec(tmp_path, text, *changes))
    assert server[1].sent("CreateHyperParameterTuningJob") == [ours.parameters]


@pytest.mark.full
def test_deploying_and_asking(server: tuple[str, Proxy], tmp_path: Path) -> None:
    path = write_spec(tmp_path, CLASSIFIER)
    (tmp_path / "labelled").write_text("__label__fruit apples\n__label__metal iron\n" * 40)
    options = {"epochs": 20, "learning_rate": 0.5, "buckets": 100, "min_count": 1}
    train_classifier(tmp_path / "labelled", tmp_path / "model", **options)
    with served(tmp_path / "model") as url:
        assert send(server, path, "deploy", runtime=url) == 0
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert [found["label"] for found in answer] == [["__label__fruit", "__label__metal"]]
    for ours in plan("deploy", make_spec(tmp_path, CLASSIFIER)):
        (theirs,) = server[1].sent(ours.operation)
        assert as_ours(theirs) == ours.parameters


@pytest.mark.full
@pytest.mark.parametrize(
    "changes",
    [
        [],
        [
            OURS,
            (
                "[transform]\n",
                '[transform]\nstrategy = "SingleRecord"\nmax_payload_mb = 1\njoin_input = true\n'
                "output_filter = \"$['id','SageMakerOutput']\"\ninstance_count = 2\n",
            ),
        ],
    ],
    ids=["blazingtext", "joined"],
)
def test_batch_transform(
    server: tuple[str, Proxy], tmp_path: Path, changes: list[tuple[str, str]]
) -> None:
    path = write_spec(tmp_path, CLASSIFIER, *changes)
    assert send(server, path, "transform") == 0
    for ours in plan("transform", make_spec(tmp_path, CLASSIFIER, *changes)):
        (theirs,) = server[1].sent(ours.operation)
        assert as_ours(theirs) == ours.parameters


@pytest.mark.full
def test_telemetry_is_off_but_on_request(server: tuple[str, Proxy], tmp_path: Path) -> None:
    path = write_spec(tmp_path, CLASSIFIER)
    assert send(server, path, "train") == 0
    assert send(server, path, "train", "--telemetry") > 0
