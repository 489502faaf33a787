from __future__ import annotations

import copy
from pathlib import Path

import boto3
import botocore.session
import botocore.validate
import pytest

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import EngineError, InputError, SettingError
from nlp_engine.sagemaker import jobs
from nlp_engine.sagemaker.requests import read_spec, training_job

SPEC = """
name = "text8-vectors"

[data]
train = "{train}"

[hyperparameters]
mode = "batch_skipgram"
vector_dim = 10
min_count = 1
evaluation = false

[instance]
image = "811284229777.dkr.ecr.us-east-1.amazonaws.com/blazingtext:1"
role = "arn:aws:iam::123456789012:role/SageMaker"
output = "s3://bucket/models"
"""


def write_spec(tmp_path: Path, train: str, text: str = SPEC) -> Path:
    path = tmp_path / "job.toml"
    path.write_text(text.format(train=train))
    return path


def test_the_request_is_what_sagemaker_takes(tmp_path: Path) -> None:
    request = training_job(read_spec(write_spec(tmp_path, "s3://bucket/text8")))
    assert request["TrainingJobName"] == "text8-vectors"
    assert request["HyperParameters"] == {
        "mode": "batch_skipgram", "vector_dim": "10", "min_count": "1", "evaluation": "False",
    }  # fmt: skip
    assert request["InputDataConfig"][0]["DataSource"]["S3DataSource"] == {
        "S3DataType": "S3Prefix",
        "S3Uri": "s3://bucket/text8",
        "S3DataDistributionType": "FullyReplicated",
    }
    shape = (
        botocore.session.get_session()
        .get_service_model("sagemaker")
        .operation_model("CreateTrainingJob")
        .input_shape
    )
    validator = botocore.validate.ParamValidator()
    assert validator.validate(request, shape).generate_report() == ""
    broken = copy.deepcopy(request)
    broken["ResourceConfig"]["InstanceCount"] = "one"
    del broken["RoleArn"]
    report = validator.validate(broken, shape).generate_report()
    assert "InstanceCount" in report and "RoleArn" in report


def test_sending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, object]] = []

    class Client:
        def create_training_job(self, **request: object) -> dict[str, str]:
            sent.append(request)
            return {"TrainingJobArn": "arn:aws:sagemaker:::training-job/x"}

    monkeypatch.setattr(boto3, "client", lambda service: Client())
    spec = read_spec(write_spec(tmp_path, "s3://bucket/text8"))
    assert jobs.run_sagemaker(spec) == "arn:aws:sagemaker:::training-job/x"
    assert sent == [training_job(spec)]


def test_the_same_job_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("the cat sat on the mat\n" * 30)
    spec = read_spec(write_spec(tmp_path, str(tmp_path / "corpus.txt")))
    jobs.run_local(spec, tmp_path / "model")
    assert WordVectors.open(tmp_path / "model").vector_dim == 10


def test_a_local_job_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("")
    spec = read_spec(write_spec(tmp_path, str(tmp_path / "corpus.txt")))
    with pytest.raises(EngineError, match="the channel train needs one file"):
        jobs.run_local(spec, tmp_path / "model")
    assert not (tmp_path / "model").exists()
    spec = read_spec(write_spec(tmp_path, str(tmp_path / "none.txt")))
    with pytest.raises(InputError, match="does not exist"):
        jobs.run_local(spec, tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("vector_dim = 10", "vector_size = 10"), "did you mean vector_dim?"),
        (("vector_dim = 10", "vector_dim = 0"), "the smallest allowed value is 1"),
        (('name = "text8-vectors"', ""), "a job needs a name"),
        (("[data]", "[datas]"), "unknown key 'datas'"),
        (('role = "arn:aws:iam::123456789012:role/SageMaker"', ""), "role is required"),
    ],
)
def test_bad_specifications_name_the_file(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    path = write_spec(tmp_path, "s3://b/x", SPEC.replace(*change))
    with pytest.raises(SettingError) as error:
        read_spec(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_local_data_cannot_go_to_sagemaker(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="needs an s3:// address"):
        training_job(read_spec(write_spec(tmp_path, "corpus.txt")))
    without = SPEC.partition("[instance]")[0]
    with pytest.raises(SettingError, match="has no \\[instance\\]"):
        training_job(read_spec(write_spec(tmp_path, "s3://b/x", without)))
