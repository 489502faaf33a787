"""Jobs on SageMaker, by an unmodified boto3 against moto's server."""

from __future__ import annotations

import io
import json
import os
import signal
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result
from typer.testing import CliRunner

from nlp_engine.classification.classifier import Classifier
from nlp_engine.cli.app import app
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import EngineError, FormatError, InputError, Interrupted
from nlp_engine.sagemaker import aws, jobs, local, status
from nlp_engine.sagemaker.costs import read_prices
from nlp_engine.sagemaker.requests import plan
from nlp_engine.sagemaker.results import download_model
from nlp_engine.sagemaker.spec import JobSpec
from tests.sagemaker.job_specs import CLASSIFIER, OUR_IMAGE, REGION, VECTORS, make_spec, write_spec
from tests.sagemaker.moto_cloud import free_port
from tests.sagemaker.moto_server import Proxy, moto_server, use_emptied

PRICES = read_prices()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Proxy]]:
    with moto_server() as started:
        yield started


@pytest.fixture
def moto(server: tuple[str, Proxy], monkeypatch: pytest.MonkeyPatch) -> Proxy:
    """An empty moto to which every client of boto3 speaks."""
    use_emptied(server, monkeypatch)
    return server[1]


def send(action: str, spec: JobSpec) -> list[str]:
    return jobs.send(spec, plan(action, spec))


def sagemaker_of_moto() -> Any:
    """What moto keeps of SageMaker."""
    from moto.backends import get_backend

    return get_backend("sagemaker")["123456789012"][REGION]


def put_model(spec: JobSpec, folder: Path, *, leave_out: str = "") -> None:
    """Put a model folder where a training job would put its own."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path in sorted(folder.iterdir()):
            if path.name != leave_out:
                archive.add(path, path.name)
    put(spec, buffer.getvalue())


def put(spec: JobSpec, content: bytes) -> None:
    key = spec.model_data.removeprefix("s3://bucket/")
    boto3.client("s3", region_name=REGION).put_object(Bucket="bucket", Key=key, Body=content)


def test_what_is_sent_is_what_the_pure_function_gives(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    for action in ("train", "tune", "deploy", "transform"):
        send(action, spec)
        for request in plan(action, spec):
            assert moto.sent(request.operation)[0] == request.parameters
    (arn,) = send("train", make_spec(tmp_path))
    assert arn == f"arn:aws:sagemaker:{REGION}:123456789012:training-job/text8-vectors"


def test_a_model_that_is_there_is_used_again(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    send("transform", spec)
    send("deploy", spec)
    assert len(moto.sent("CreateModel")) == 1


def test_states_and_what_runs_on(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    assert status.states(spec, PRICES) == []
    for action in ("train", "tune", "deploy", "transform"):
        send(action, spec)
    found = {state.kind: state for state in status.states(spec, PRICES)}
    assert list(found) == ["training job", "tuning job", "transform job", "endpoint"]
    assert found["training job"].status == "Completed"
    endpoint = str(found["endpoint"])
    assert endpoint.startswith("endpoint dbpedia: InService, costs 2 × ml.m5.xlarge × 0.23 USD")
    assert "until it is deleted; 335.80 USD a month" in endpoint
    assert jobs.delete(spec, plan("delete", spec)) == [
        "endpoint dbpedia", "endpoint config dbpedia", "model dbpedia",
    ]  # fmt: skip
    assert "endpoint" not in [state.kind for state in status.states(spec, PRICES)]
    assert jobs.delete(spec, plan("delete", spec)) == []


def test_waiting_tells_changes_and_log_lines(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    with pytest.raises(EngineError, match="no job and no endpoint of the name dbpedia"):
        status.wait(spec, PRICES, log=lambda line: None)
    send("train", spec)
    logs = boto3.client("logs", region_name=REGION)
    group, stream = "/aws/sagemaker/TrainingJobs", "dbpedia/algo-1-1500000000"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": line} for line in ("Read 10M words", "#x: 1")]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    lines: list[str] = []
    status.wait(spec, PRICES, log=lines.append, seconds=0.01)
    assert lines[0].startswith("training job dbpedia: Completed")
    assert lines[1:] == ["Read 10M words", "#x: 1"]


def test_interrupting_the_waiting_says_that_the_job_goes_on(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    send("train", spec)

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="text8-vectors goes on at SageMaker"):
        status.wait(spec, PRICES, log=interrupt)


def test_what_may_pass_by_itself(
    moto: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec(tmp_path)
    assert not aws.is_passing(None)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(EngineError, match="Could not connect") as error:
        status.states(spec, PRICES)
    assert aws.is_passing(error.value.__cause__)


def test_waiting_outlives_a_lost_connection(
    moto: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec(tmp_path)
    job = start("train", spec)
    lost, end = ("503 Service Unavailable", "ServiceUnavailable"), 0

    def look() -> None:
        nonlocal end
        end += 1
        moto.failing = lost if 1 < end < 9 else None
        job.training_job_status = "Completed" if end > 9 else "InProgress"

    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    moto.before["DescribeTrainingJob"] = look
    lines: list[str] = []
    kinds = ["training job"]
    status.wait(spec, PRICES, log=lines.append, kinds=kinds, seconds=0.01)
    assert [line.split(":")[0] for line in lines] == [
        "training job text8-vectors", *["cannot look at training job text8-vectors"] * 7,
        "training job text8-vectors",
    ]  # fmt: skip
    end = 1
    with pytest.raises(EngineError, match="ServiceUnavailable"):
        status.wait(spec, PRICES, log=lines.append, kinds=kinds)  # at the first look
    moto.failing, end = None, 9
    moto.refused.add("DescribeTrainingJob")
    with pytest.raises(EngineError, match="not authorized"):
        status.wait(spec, PRICES, log=lines.append, kinds=kinds)


def test_a_failed_job_ends_the_waiting_with_its_reason(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    send("train", spec)
    (job,) = sagemaker_of_moto().training_jobs.values()
    job.training_job_status, job.failure_reason = "Failed", "the channel train is empty"
    with pytest.raises(EngineError, match="text8-vectors: Failed, .*the channel train is empty"):
        status.wait(spec, PRICES, log=lambda line: None)
    with pytest.raises(EngineError, match="is Failed; it has no model"):
        download_model(spec, spec.name, tmp_path / "model")


def test_the_model_of_a_tuning_is_that_of_its_best_job(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    assert status.best_training_job(spec) is None
    send("tune", spec)
    (job,) = sagemaker_of_moto().hyper_parameter_tuning_jobs.values()
    job.best_training_job = {
        "TrainingJobName": "dbpedia-007",
        "FinalHyperParameterTuningJobObjectiveMetric": {
            "MetricName": "validation:accuracy", "Value": 0.9721,
        },
    }  # fmt: skip
    (state,) = status.states(spec, PRICES)
    assert "best dbpedia-007 (validation:accuracy 0.9721)" in str(state)
    assert status.best_training_job(spec) == "dbpedia-007"
    send("train", spec)  # jobs of different kinds may have one name
    assert status.best_training_job(spec, "train") == "dbpedia"
    job.hyper_parameter_tuning_job_status = "Failed"
    status.wait(spec, PRICES, log=lambda line: None, kinds=["training job"])
    with pytest.raises(EngineError, match="tuning job dbpedia: Failed"):
        status.wait(spec, PRICES, log=lambda line: None)


def start(action: str, spec: JobSpec) -> Any:
    """Send a job that runs on, where moto's own are done at once; what moto keeps of it."""
    send(action, spec)
    keeps = {"train": "training", "tune": "hyper_parameter_tuning", "transform": "transform"}
    (job,) = getattr(sagemaker_of_moto(), f"{keeps[action]}_jobs").values()
    setattr(job, f"{keeps[action]}_job_status", "InProgress")
    return job


def test_what_runs_is_stopped(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    assert jobs.stop(spec, plan("stop", spec)) == []
    for action in ("train", "tune", "transform"):
        start(action, spec)
    stopped = jobs.stop(spec, plan("stop", spec))
    assert stopped == ["training job", "tuning job", "transform job"]
    for request in plan("stop", spec):
        assert moto.sent(request.operation) == [request.parameters]
    assert jobs.stop(spec, plan("stop", spec)) == []  # they are stopping
    status.wait(spec, PRICES, log=lambda line: None, stopped=True, seconds=0.01)
    assert {state.status for state in status.states(spec, PRICES)} == {"Stopped"}
    with pytest.raises(EngineError, match="training job dbpedia: Stopped"):
        status.wait(spec, PRICES, log=lambda line: None)


def test_a_job_that_ends_while_it_is_stopped(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    job = start("train", spec)

    def end() -> None:
        job.training_job_status = "Completed"

    moto.before["StopTrainingJob"] = end
    assert jobs.stop(spec, plan("stop", spec)) == []
    assert len(moto.sent("StopTrainingJob")) == 1
    job.training_job_status = "InProgress"
    moto.before.clear()
    moto.refused.add("StopTrainingJob")
    with pytest.raises(EngineError, match="StopTrainingJob failed: .*not authorized"):
        jobs.stop(spec, plan("stop", spec))


@pytest.mark.parametrize("action", ["deploy", "transform"])
def test_a_model_that_is_not_trained_is_told_before_anything_is_made(
    moto: Proxy, tmp_path: Path, action: str
) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    path = str(tmp_path / "job.toml")

    def refused() -> str:
        done = CliRunner().invoke(app, ["job", action, path, "--on", "sagemaker"])
        assert done.exit_code == 2
        return done.stderr

    assert "SageMaker has no training job dbpedia, whose model is wanted; train it" in refused()
    tuning = start("tune", spec)
    tuning.best_training_job = {}
    assert "dbpedia is a tuning job, which has no model of its own; it has none yet" in refused()
    tuning.best_training_job = {"TrainingJobName": "dbpedia-007"}
    assert "take that of its best training job: --job dbpedia-007" in refused()
    job = start("train", spec)
    assert "training job dbpedia is InProgress; there is no model to take" in refused()
    assert not moto.sent("CreateModel")
    job.training_job_status = "Stopped"
    run(action, path, "--on", "sagemaker")
    assert moto.sent("CreateModel")


def test_nothing_is_left_of_a_deployment_that_fails(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    model, _, endpoint = plan("deploy", spec)
    with pytest.raises(EngineError, match="CreateEndpoint failed: .*Could not find"):
        jobs.send(spec, [model, endpoint])  # its configuration is missing
    assert boto3.client("sagemaker", region_name=REGION).list_models()["Models"] == []


def test_ctrl_c_while_requests_are_sent_says_how_to_find_what_is_there(
    moto: Proxy, tmp_path: Path
) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    for after, do in (
        ("CreateEndpointConfig", lambda: send("deploy", spec)),
        ("DeleteEndpointConfig", lambda: jobs.delete(spec, plan("delete", spec))),
    ):
        moto.after[after] = lambda asked: os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Interrupted, match="`nlp-engine job status` tells what of dbpedia is"):
            do()


LABELLED = "__label__fruit apples and pears\n__label__metal iron and copper\n" * 20


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What local runs of the two specifications make."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "words").write_text("the cat sat on the mat\n" * 30)
    (folder / "labelled").write_text(LABELLED)
    vectors = make_spec(folder, VECTORS, ("s3://bucket/text8", f"{folder}/words"))
    local.train(vectors, folder / "vectors")
    names = [f"s3://bucket/dbpedia.{name}" for name in ("train", "validation")]
    changes = [(name, f"{folder}/labelled") for name in names]
    classifier = make_spec(folder, CLASSIFIER, ("min_count = 2", "buckets = 100"), *changes)
    local.train(classifier, folder / "classifier")
    return folder / "vectors", folder / "classifier"


def test_results_come_back_as_a_local_run_leaves_them(
    moto: Proxy, tmp_path: Path, models: tuple[Path, Path]
) -> None:
    spec = make_spec(tmp_path)
    send("train", spec)
    put_model(spec, models[0])
    download_model(spec, status.best_training_job(spec) or "", tmp_path / "back")
    names = {path.name for path in models[0].iterdir()}
    assert {path.name for path in (tmp_path / "back").iterdir()} == names
    assert WordVectors.open(tmp_path / "back").words == WordVectors.open(models[0]).words


def test_results_of_awss_image_get_a_manifest(
    moto: Proxy, tmp_path: Path, models: tuple[Path, Path]
) -> None:
    for text, folder, opened in zip(
        (VECTORS, CLASSIFIER), models, (WordVectors, Classifier), strict=True
    ):
        spec = make_spec(tmp_path, text)
        send("train", spec)
        put_model(spec, folder, leave_out="manifest.json")
        out = tmp_path / spec.name
        download_model(spec, spec.name, out)
        model = opened.open(out)
        assert model.manifest and model.manifest.settings["mode"] == spec.modes[0]


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped"])
def test_archives_that_lead_out_of_the_folder_are_refused(
    moto: Proxy, tmp_path: Path, name: str
) -> None:
    spec = make_spec(tmp_path)
    send("train", spec)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name))
    put(spec, buffer.getvalue())
    with pytest.raises(FormatError, match="refused"):
        download_model(spec, spec.name, tmp_path / "inner" / "back")
    assert list((tmp_path / "inner").iterdir()) == []
    put(spec, buffer.getvalue()[:20])
    with pytest.raises(InputError, match="the compressed file ends early; copy or download it"):
        download_model(spec, spec.name, tmp_path / "inner" / "back")


def test_a_model_that_is_not_there(moto: Proxy, tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    send("train", spec)
    with pytest.raises(EngineError, match="cannot download s3://bucket/models/text8-vectors"):
        download_model(spec, spec.name, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(app, ["job", *arguments])
    assert done.exit_code == 0, done.stderr
    return done


def test_the_commands(
    moto: Proxy, tmp_path: Path, models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_spec(tmp_path, CLASSIFIER).name
    put_model(make_spec(tmp_path, CLASSIFIER), models[1])
    cloud = ["--on", "sagemaker"]
    trained = run("train", path, *cloud, "--wait", "-o", "model")
    assert trained.stdout.splitlines()[0].endswith(":training-job/dbpedia")
    assert "model.bin" in trained.stdout.splitlines()[1]
    assert "cost: 1 × ml.c5.4xlarge × 0.5 h × 0.816 USD" in trained.stderr
    assert Classifier.open(tmp_path / "model").predict(["pears"])[0][0].label == "fruit"
    deployed = run("deploy", path, *cloud, "--wait")
    assert deployed.stdout.splitlines()[-1].endswith(":endpoint/dbpedia")
    assert "until it is deleted" in deployed.stderr
    assert "endpoint dbpedia: InService, costs 2 ×" in run("status", path).stdout
    assert run("delete", path).stdout == (
        "deleted: endpoint dbpedia, endpoint config dbpedia, model dbpedia\n"
    )
    assert "training-job/dbpedia-" in run("train", path, *cloud, "--unique").stdout


def test_stopping_by_command(
    moto: Proxy, tmp_path: Path, models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status.time, "sleep", lambda seconds: None)
    path = str(write_spec(tmp_path, CLASSIFIER))
    spec = make_spec(tmp_path, CLASSIFIER)
    assert run("stop", path).stdout == "stopping: nothing\n"
    start("train", spec)
    stopped = run("stop", path)
    assert stopped.stdout == "stopping: training job dbpedia\n"
    assert stopped.stderr == (
        "without [spot] checkpoints it keeps what its image saves within 120 seconds, if any\n"
    )
    moto.reset()
    boto3.client("s3", region_name=REGION).create_bucket(Bucket="bucket")
    tuning = start("tune", spec)
    stopped = run("stop", path, "--wait")
    assert "tuning job dbpedia: Stopped" in stopped.stderr
    send("train", spec.named("dbpedia-003"))
    put_model(spec.named("dbpedia-003"), models[1])
    tuning.best_training_job = {"TrainingJobName": "dbpedia-003"}
    run("wait", path, "-o", str(tmp_path / "model"))
    assert Classifier.open(tmp_path / "model").predict(["pears"])[0][0].label == "fruit"


def test_checkpoints_of_spot_training_outlive_a_stop(moto: Proxy, tmp_path: Path) -> None:
    spot = '\n[spot]\ncheckpoints = "s3://bucket/checkpoints"\n'
    ours = ("[sagemaker]\nrole", f'[sagemaker]\nimage = "{OUR_IMAGE}"\nrole')
    path = write_spec(tmp_path, VECTORS + spot, ours)
    start("train", make_spec(tmp_path, VECTORS + spot, ours))
    assert run("stop", str(path)).stderr == (
        "its checkpoints stay at s3://bucket/checkpoints; a new job goes on from the last\n"
    )


@pytest.mark.parametrize("action", ["train", "tune", "deploy", "transform", "stop", "delete"])
def test_a_dry_run_sends_nothing(moto: Proxy, tmp_path: Path, action: str) -> None:
    spec = make_spec(tmp_path, CLASSIFIER)
    printed = json.loads(run(action, str(tmp_path / "job.toml"), "--dry-run").stdout)
    assert [(made["operation"], made["parameters"]) for made in printed["requests"]] == [
        (request.operation, request.parameters) for request in plan(action, spec)
    ]
    assert printed["cost"]["currency"] == "USD"
    assert moto.requests == []
