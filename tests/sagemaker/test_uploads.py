"""Local files of a job on SageMaker, brought to S3 by an unmodified boto3 against moto's server."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import botocore.validate
import pytest
from click.testing import Result
from typer.testing import CliRunner

from nlp_engine.cli.app import app
from nlp_engine.errors import EngineError, FormatError, InputError
from nlp_engine.sagemaker.local import train as local_train
from nlp_engine.sagemaker.results import download_answers
from nlp_engine.sagemaker.spec import JobSpec
from nlp_engine.sagemaker.uploads import find_uploads, requests_of, upload
from tests.sagemaker.job_specs import CLASSIFIER, OUR_IMAGE, REGION, VECTORS, make_spec, write_spec
from tests.sagemaker.moto_cloud import Machines, free_port
from tests.sagemaker.moto_server import Proxy, moto_server, use_emptied

LABELLED = "__label__fruit apples and pears\n__label__metal iron and copper\n"
PREFIX = "s3://bucket/data"
OURS = ("[sagemaker]\n", f'[sagemaker]\nimage = "{OUR_IMAGE}"\n')
SMALL = ("min_count = 2", "min_count = 1\nbuckets = 100")
UPLOAD = ("[sagemaker]\n", f'[sagemaker]\nupload = "{PREFIX}"\n')


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Proxy]]:
    with moto_server() as started:
        yield started


@pytest.fixture
def s3(server: tuple[str, Proxy], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of an empty S3 to which every client of boto3 speaks."""
    return use_emptied(server, monkeypatch)


def local_spec(folder: Path, *changes: tuple[str, str]) -> JobSpec:
    """A classifier's job whose data, model and lines to answer lie in a folder."""
    (folder / "train.txt").write_text(LABELLED * 20)
    (folder / "validation.txt").write_text(LABELLED)
    (folder / "batch.jsonl").write_text('{"source": "pears"}\n')
    (folder / "model.bin").write_bytes(b"model")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        archive.add(folder / "model.bin", "model.bin")
    return make_spec(folder, CLASSIFIER, *local(folder), *changes)


def local(folder: Path) -> list[tuple[str, str]]:
    return [
        UPLOAD,
        ("s3://bucket/dbpedia.train", f"{folder}/train.txt"),
        ("s3://bucket/dbpedia.validation", f"{folder}/validation.txt"),
        ("s3://bucket/batch/", f"{folder}/batch.jsonl"),
        ("[endpoint]\n", f'[endpoint]\nmodel = "{folder}/model.tar.gz"\n'),
    ]


def address(path: Path) -> str:
    return f"{PREFIX}/{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}/{path.name}"


def keys(s3: Any) -> list[str]:
    found = s3.list_objects_v2(Bucket="bucket").get("Contents", [])
    return sorted(f"s3://bucket/{item['Key']}" for item in found)


def test_each_action_brings_what_it_needs(s3: Any, tmp_path: Path) -> None:
    spec = local_spec(tmp_path)
    placed = upload("train", spec)
    train, validation = tmp_path / "train.txt", tmp_path / "validation.txt"
    assert {name: channel.source for name, channel in placed.channels.items()} == {
        "train": address(train), "validation": address(validation),
    }  # fmt: skip
    assert keys(s3) == sorted([address(train), address(validation)])
    body = s3.get_object(Bucket="bucket", Key=address(train).removeprefix("s3://bucket/"))["Body"]
    assert body.read() == train.read_bytes()
    assert upload("deploy", spec).model_data == address(tmp_path / "model.tar.gz")
    transform = upload("transform", spec).transform
    assert transform and transform.input == address(tmp_path / "batch.jsonl")
    assert upload("delete", spec) == spec
    assert len(keys(s3)) == 4


def test_the_files_of_a_folder_are_sent_together(s3: Any, tmp_path: Path) -> None:
    """With an image of one's own a corpus' manifest, too; BlazingText would take it for a text."""
    corpus, sets = tmp_path / "corpus", tmp_path / "sets"
    for path, text in (
        (corpus / "sentences.txt", "one two\n"),
        (corpus / "manifest.json", "{}"),
        (corpus / "_SUCCESS", ""),
        (sets / "a.tsv", "one\ttwo\t7\n"),
        (sets / "more" / "b.tsv", "one\ttwo\t3\n"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    changes = [UPLOAD, ("s3://bucket/text8", str(corpus))]
    alone = upload("train", make_spec(tmp_path, VECTORS, *changes)).channels["train"].source
    assert alone.endswith("/") and keys(s3) == [f"{alone}sentences.txt"]
    changes += [
        OURS,
        ("[data]\n", f'[data]\nevaluation = "{sets}"\n'),
        ("evaluation = false", "evaluation = true"),
    ]
    spec = make_spec(tmp_path, VECTORS, *changes)
    placed = {name: channel.source for name, channel in upload("train", spec).channels.items()}
    assert set(keys(s3)) - {f"{alone}sentences.txt"} == {
        f"{placed['train']}sentences.txt", f"{placed['train']}manifest.json",
        f"{placed['evaluation']}a.tsv", f"{placed['evaluation']}more/b.tsv",
    }  # fmt: skip
    planned = json.loads(run("train", str(tmp_path / "job.toml"), "--dry-run").stdout)["requests"]
    assert [request["operation"] for request in planned] == ["PutObject"] * 4 + [
        "CreateTrainingJob"
    ]
    channels = planned[-1]["parameters"]["InputDataConfig"]
    sources = {c["ChannelName"]: c["DataSource"]["S3DataSource"]["S3Uri"] for c in channels}
    assert sources == placed
    (sets / "more" / "b.tsv").rename(sets / "b.tsv")
    assert upload("train", spec).channels["evaluation"].source != placed["evaluation"]


def test_a_content_is_sent_once_and_another_beside_it(s3: Any, tmp_path: Path) -> None:
    spec = local_spec(tmp_path)
    lines: list[str] = []
    upload("train", spec, lines.append)
    assert [line.split()[1:3] for line in lines] == [["goes", "to"]] * 2
    upload("tune", spec, lines.append)
    assert [line.endswith("already") for line in lines] == [False, False, True, True]
    first = address(tmp_path / "train.txt")
    (tmp_path / "train.txt").write_text(LABELLED * 30)
    second = upload("train", spec, lines.append).channels["train"].source
    assert second != first and {first, second} <= set(keys(s3))


def test_without_a_prefix_nothing_is_sent_and_the_error_says_what_to_do(
    s3: Any, tmp_path: Path
) -> None:
    local_spec(tmp_path)
    path = write_spec(tmp_path, CLASSIFIER, *local(tmp_path)[1:])
    for action, named in (
        ("train", "channel train"), ("deploy", "[endpoint] model"), ("transform", "[endpoint]"),
    ):  # fmt: skip
        refused = run(action, str(path), "--on", "sagemaker")
        assert refused.exit_code == 2
        assert named in refused.stderr and "SageMaker needs an s3://" in refused.stderr
        assert 'with upload = "s3://…" in [sagemaker] local files are sent' in refused.stderr
    assert keys(s3) == []


def test_wrong_files_are_refused_before_anything_is_sent(s3: Any, tmp_path: Path) -> None:
    spec = local_spec(tmp_path)
    (tmp_path / "validation.txt").write_text("no labels\n")
    with pytest.raises(InputError, match="channel validation: .*has no label at its beginning"):
        upload("train", spec)
    (tmp_path / "model.tar.gz").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"model.tar.gz, neither .* nor an archive .*tar -czf"):
        upload("deploy", spec)
    (tmp_path / "batch.jsonl").unlink()
    (tmp_path / "model.tar.gz").unlink()
    for action, name in (("deploy", "model.tar.gz"), ("train", "validation.txt")):
        (tmp_path / name).unlink(missing_ok=True)
        with pytest.raises(InputError, match=f"{name} does not exist"):
            upload(action, spec)
    local_spec(tmp_path, ("ml.c5.4xlarge", "ml.c5.3xlarge"))  # which AWS has not
    refused = run("train", str(tmp_path / "job.toml"), "--on", "sagemaker")
    assert refused.exit_code == 2 and "'ml.c5.3xlarge'" in refused.stderr
    assert keys(s3) == []


def test_what_s3_says_of_a_bucket_that_is_not_there(s3: Any, tmp_path: Path) -> None:
    spec = local_spec(tmp_path, (PREFIX, "s3://nobodys-bucket"))
    with pytest.raises(
        EngineError, match=r"cannot send .*/train.txt to s3://nobodys.*NoSuchBucket"
    ):
        upload("train", spec)


def test_what_is_said_without_keys_and_without_a_connection(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_spec(tmp_path)
    path = str(tmp_path / "job.toml")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with monkeypatch.context() as changed:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            changed.delenv(name)
        changed.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        changed.setattr(boto3, "DEFAULT_SESSION", None)  # it has the keys already
        for command in (["train", path, "--on", "sagemaker"], ["status", path], ["stop", path]):
            refused = run(*command)
            assert refused.exit_code == 2 and "Unable to locate credentials" in refused.stderr
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    refused = run("train", path, "--on", "sagemaker")
    assert refused.exit_code == 2 and "Could not connect to the endpoint URL" in refused.stderr


def test_planned_uploads_are_requests_as_s3_takes_them(tmp_path: Path) -> None:
    uploads = find_uploads("train", local_spec(tmp_path))
    model = botocore.session.get_session().get_service_model("s3").operation_model("PutObject")
    for request, made in zip(requests_of(uploads), uploads, strict=True):
        checked = botocore.validate.ParamValidator().validate(request.parameters, model.input_shape)
        assert checked.generate_report() == ""
        assert request.parameters["ContentLength"] == Path(made.source).stat().st_size
        assert made.files == {made.address: Path(made.source)}


def test_a_model_that_was_trained_here_is_hosted_there(
    s3: Any, server: tuple[str, Proxy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ('model.tar.gz"', 'model"')
    spec = local_spec(tmp_path, SMALL, folder)
    local_train(spec, tmp_path / "model")
    path, port = str(tmp_path / "job.toml"), free_port()
    put, model, *_ = json.loads(run("deploy", path, "--dry-run").stdout)["requests"]
    assert put["parameters"]["Body"] == f"{tmp_path}/model"
    assert put["parameters"]["Key"].endswith("/model.tar.gz")
    location = f"s3://bucket/{put['parameters']['Key']}"
    assert model["parameters"]["PrimaryContainer"]["ModelDataUrl"] == location
    (tmp_path / "request.json").write_text('{"instances": ["pears"]}')
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", f"http://127.0.0.1:{port}")
    with Machines(tmp_path / "machines", REGION).at_work_for(server[1], port):
        deployed = run("deploy", path, "--on", "sagemaker", "--wait")
        assert deployed.exit_code == 0, deployed.stderr
        request = str(tmp_path / "request.json")
        answer = run("invoke", path, request, "--on", "sagemaker")
        assert json.loads(answer.stdout)[0]["label"] == ["__label__fruit"], answer.stderr
        run("delete", path)
    archive = tmp_path / "machines" / "dbpedia.tar.gz"
    with tarfile.open(archive) as opened:
        assert opened.getnames() == ["eval.json", "model.bin"]  # what BlazingText writes
    assert keys(s3) == [location]
    lines: list[str] = []
    upload("deploy", spec, lines.append)
    assert [line.endswith("already") for line in lines] == [True]
    ours = local_spec(tmp_path, SMALL, folder, OURS)
    (made,) = find_uploads("deploy", ours)
    assert "manifest.json" in {file.name for file in made.packed} and made.address != location
    (tmp_path / "model" / "model.bin").unlink()
    with pytest.raises(InputError, match="has no model; expected model.bin"):
        upload("deploy", spec)


def test_one_file_transforms_here_and_there(
    s3: Any, server: tuple[str, Proxy], tmp_path: Path
) -> None:
    """The lines go to S3, and the answers come back to the same folder as those of a local run."""
    spec = local_spec(tmp_path, ("s3://bucket/answers", f"{tmp_path}/answers"), SMALL)
    local_train(spec, tmp_path / "model")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "model" / "model.bin", "model.bin")
    machines = Machines(tmp_path / "machines", REGION)
    made = tmp_path / "answers" / "batch.jsonl.out"
    path = str(tmp_path / "job.toml")
    with machines.at_work_for(server[1], free_port()):
        there = run("transform", path, "--on", "sagemaker", "--wait")
    assert there.exit_code == 0, there.stderr
    assert there.stdout.splitlines()[-1] == str(made)
    answers = made.read_text()
    assert json.loads(answers)["label"] == ["__label__fruit"]
    made.unlink()
    assert run("wait", path, "-q").exit_code == 0
    assert made.read_text() == answers
    made.unlink()
    here = run("transform", path)
    assert (here.exit_code, here.stdout) == (0, f"{made}\n"), here.stderr
    assert made.read_text() == answers


def test_answers_whose_names_lead_out_of_the_folder_are_refused(s3: Any, tmp_path: Path) -> None:
    spec = local_spec(tmp_path, ("s3://bucket/answers", f"{tmp_path}/answers"))
    s3.put_object(Bucket="bucket", Key="models/dbpedia/answers/a/b.out", Body=b"1")
    assert download_answers(spec) == [tmp_path / "answers" / "a" / "b.out"]
    s3.put_object(Bucket="bucket", Key="models/dbpedia/answers/../../x.out", Body=b"2")
    with pytest.raises(FormatError, match="its name leads out of"):
        download_answers(spec)
    assert not (tmp_path / "x.out").exists()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["job", *arguments])


def test_the_commands(s3: Any, server: tuple[str, Proxy], tmp_path: Path) -> None:
    local_spec(tmp_path)
    path = str(tmp_path / "job.toml")
    planned = json.loads(run("train", path, "--on", "sagemaker", "--dry-run").stdout)["requests"]
    assert [request["operation"] for request in planned] == [
        "PutObject", "PutObject", "CreateTrainingJob",
    ]  # fmt: skip
    train = tmp_path / "train.txt"
    assert planned[0]["parameters"] == {
        "Bucket": "bucket",
        "Key": address(train).removeprefix("s3://bucket/"),
        "Body": str(train),
        "ContentLength": train.stat().st_size,
    }
    assert keys(s3) == [] and server[1].requests == []
    sent = run("train", path, "--on", "sagemaker")
    assert sent.exit_code == 0, sent.stderr
    assert f"{train} goes to {address(train)}, 0.0 MB\n" in sent.stderr
    (request,) = server[1].sent("CreateTrainingJob")
    assert request == planned[2]["parameters"]
    assert request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == address(train)
    here = run("train", path, "-o", str(tmp_path / "model"))
    assert here.exit_code == 0, here.stderr
