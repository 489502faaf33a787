"""Requests as SageMaker's own API model wants them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import botocore.session
import botocore.validate
import pytest
from botocore.model import OperationModel

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker.images import blazingtext_image
from nlp_engine.sagemaker.requests import Request, plan
from nlp_engine.sagemaker.spec import JobSpec
from tests.sagemaker.job_specs import CLASSIFIER, OUR_IMAGE, ROLE, VECTORS, make_spec

OURS = ("[sagemaker]\nrole", f'[sagemaker]\nimage = "{OUR_IMAGE}"\nrole')
MANIFEST = (
    'train = "s3://bucket/dbpedia.train"\nvalidation = "s3://bucket/dbpedia.validation"',
    "".join(
        f'[data.{name}]\nsource = "s3://bucket/{name}.manifest"\ninput_mode = "Pipe"\n'
        'attributes = ["source", "topic"]\n'
        for name in ("train", "validation")
    ),
)


@pytest.fixture(scope="module")
def operations() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker").operation_model


def report(operations: Any, request: Request) -> str:
    """What botocore finds wrong: parameters, and values that are not in an enumeration."""
    model: OperationModel = operations(request.operation)
    found = botocore.validate.ParamValidator().validate(request.parameters, model.input_shape)
    return str(found.generate_report()) + "".join(
        wrong_values(request.parameters, model.input_shape)
    )


def wrong_values(value: Any, shape: Any) -> list[str]:
    if isinstance(value, dict) and shape.type_name == "structure":
        return [w for key, v in value.items() for w in wrong_values(v, shape.members[key])]
    if isinstance(value, list):
        return [w for v in value for w in wrong_values(v, shape.member)]
    allowed = getattr(shape, "enum", None)
    return [f"{value!r} is no {shape.name}"] if allowed and value not in allowed else []


def one(action: str, spec: JobSpec) -> dict[str, Any]:
    (request,) = plan(action, spec)
    return dict(request.parameters)


@pytest.mark.parametrize("action", ["train", "tune", "deploy", "transform", "stop", "delete"])
@pytest.mark.parametrize("changes", [[], [OURS], [MANIFEST]], ids=["blazingtext", "ours", "pipe"])
def test_every_request_is_valid(
    tmp_path: Path, operations: Any, action: str, changes: list[tuple[str, str]]
) -> None:
    requests = plan(action, make_spec(tmp_path, CLASSIFIER, *changes))
    for request in requests:
        assert report(operations, request) == ""
    broken = copy.deepcopy(dict(requests[0].parameters))
    broken[next(iter(broken))] = 7
    assert "valid types" in report(operations, Request(requests[0].operation, broken))


def test_a_training_job(tmp_path: Path) -> None:
    assert one("train", make_spec(tmp_path)) == {
        "TrainingJobName": "text8-vectors",
        "HyperParameters": {
            "mode": "batch_skipgram", "vector_dim": "10", "min_count": "1", "evaluation": "False",
        },
        "AlgorithmSpecification": {
            "TrainingImage": "811284229777.dkr.ecr.us-east-1.amazonaws.com/blazingtext:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": ROLE,
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": "s3://bucket/text8",
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
                "ContentType": "text/plain",
                "InputMode": "File",
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        "ResourceConfig": {
            "InstanceType": "ml.c5.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }  # fmt: skip


def test_several_instances_have_all_data_each(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, VECTORS + "[instance]\ncount = 4\n")
    request = one("train", spec)
    assert request["ResourceConfig"]["InstanceCount"] == 4
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    assert source["S3DataDistributionType"] == "FullyReplicated"


def test_an_augmented_manifest_through_a_pipe(tmp_path: Path) -> None:
    request = one("train", make_spec(tmp_path, CLASSIFIER, MANIFEST))
    assert request["AlgorithmSpecification"]["TrainingInputMode"] == "Pipe"
    assert [channel["ChannelName"] for channel in request["InputDataConfig"]] == [
        "train", "validation",
    ]  # fmt: skip
    assert request["InputDataConfig"][0] == {
        "ChannelName": "train",
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "AugmentedManifestFile",
                "S3Uri": "s3://bucket/train.manifest",
                "S3DataDistributionType": "FullyReplicated",
                "AttributeNames": ["source", "topic"],
            }
        },
        "ContentType": "application/x-recordio",
        "InputMode": "Pipe",
        "RecordWrapperType": "RecordIO",
    }


def test_fast_file_mode(tmp_path: Path) -> None:
    fast = (
        'train = "s3://bucket/text8"',
        'train = { source = "s3://bucket/text8", input_mode = "FastFile" }',
    )
    request = one("train", make_spec(tmp_path, VECTORS, fast))
    assert request["AlgorithmSpecification"]["TrainingInputMode"] == "FastFile"
    assert request["InputDataConfig"][0]["InputMode"] == "FastFile"


def test_managed_spot(tmp_path: Path) -> None:
    spot = '\n[spot]\nmax_wait_seconds = 7200\ncheckpoints = "s3://bucket/checkpoints"\n'
    request = one("train", make_spec(tmp_path, VECTORS + spot, OURS))
    assert request["EnableManagedSpotTraining"] is True
    assert request["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200,
    }  # fmt: skip
    assert request["CheckpointConfig"] == {
        "S3Uri": "s3://bucket/checkpoints", "LocalPath": "/opt/ml/checkpoints",
    }  # fmt: skip
    plain = one("train", make_spec(tmp_path, VECTORS + "\n[spot]\n"))
    assert plain["StoppingCondition"]["MaxWaitTimeInSeconds"] == 3600
    assert "CheckpointConfig" not in plain


def test_metrics_are_defined_for_our_image_alone(tmp_path: Path) -> None:
    assert "MetricDefinitions" not in one("train", make_spec(tmp_path))["AlgorithmSpecification"]
    ours = one("train", make_spec(tmp_path, CLASSIFIER, OURS))["AlgorithmSpecification"]
    assert ours["TrainingImage"] == OUR_IMAGE
    assert ours["MetricDefinitions"] == [
        {"Name": "train:accuracy", "Regex": r"#train_accuracy: (\S+)"},
        {"Name": "validation:accuracy", "Regex": r"#?[Vv]alidation[_ ]accuracy: (\S+)"},
    ]
    vectors = one("train", make_spec(tmp_path, VECTORS, OURS))["AlgorithmSpecification"]
    assert [metric["Name"] for metric in vectors["MetricDefinitions"]] == ["train:mean_rho"]


def test_a_tuning_job(tmp_path: Path) -> None:
    request = one("tune", make_spec(tmp_path, CLASSIFIER))
    assert request["HyperParameterTuningJobConfig"] == {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {
            "Type": "Maximize", "MetricName": "validation:accuracy",
        },
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 3},
        "ParameterRanges": {
            "IntegerParameterRanges": [
                {
                    "Name": "vector_dim",
                    "MinValue": "32",
                    "MaxValue": "300",
                    "ScalingType": "Auto",
                }
            ],
            "ContinuousParameterRanges": [
                {
                    "Name": "learning_rate",
                    "MinValue": "0.005",
                    "MaxValue": "0.5",
                    "ScalingType": "Logarithmic",
                }
            ],
        },
        "TrainingJobEarlyStoppingType": "Off",
    }  # fmt: skip
    definition = request["TrainingJobDefinition"]
    assert definition["StaticHyperParameters"] == {
        "mode": "supervised", "epochs": "10", "min_count": "2", "early_stopping": "True",
    }  # fmt: skip
    training = one("train", make_spec(tmp_path, CLASSIFIER))
    for name in ("AlgorithmSpecification", "InputDataConfig", "ResourceConfig", "RoleArn"):
        assert definition[name] == training[name]


def test_tuning_options(tmp_path: Path) -> None:
    tuning = """
[tuning]
objective = "train:mean_rho"
max_jobs = 6
max_parallel_jobs = 2
strategy = "Random"
early_stopping = true
seed = 7
warm_start = ["first", "second"]
[tuning.ranges]
mode = ["skipgram", "cbow"]
"""
    changes = [('mode = "batch_skipgram"\n', ""), ("evaluation = false", "evaluation = true")]
    request = one("tune", make_spec(tmp_path, VECTORS + tuning, *changes))
    config = request["HyperParameterTuningJobConfig"]
    assert config["Strategy"] == "Random" and config["RandomSeed"] == 7
    assert config["TrainingJobEarlyStoppingType"] == "Auto"
    assert config["ParameterRanges"]["CategoricalParameterRanges"] == [
        {"Name": "mode", "Values": ["skipgram", "cbow"]}
    ]
    assert request["WarmStartConfig"] == {
        "ParentHyperParameterTuningJobs": [
            {"HyperParameterTuningJobName": "first"},
            {"HyperParameterTuningJobName": "second"},
        ],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }


def test_deploying(tmp_path: Path) -> None:
    model, config, endpoint = plan("deploy", make_spec(tmp_path, CLASSIFIER))
    assert model.parameters["PrimaryContainer"] == {
        "Image": "811284229777.dkr.ecr.us-east-1.amazonaws.com/blazingtext:1",
        "ModelDataUrl": "s3://bucket/models/dbpedia/output/model.tar.gz",
    }
    (variant,) = config.parameters["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.m5.xlarge", 2)
    assert endpoint.parameters == {"EndpointName": "dbpedia", "EndpointConfigName": "dbpedia"}


def test_hosting_a_pretrained_model_under_a_name_of_its_own(tmp_path: Path) -> None:
    endpoint = '[endpoint]\nname = "langid"\nmodel = "s3://bucket/langid.tar.gz"\n'
    requests = plan("deploy", make_spec(tmp_path, VECTORS + endpoint))
    assert requests[0].parameters["PrimaryContainer"]["ModelDataUrl"] == "s3://bucket/langid.tar.gz"
    assert requests[2].parameters["EndpointName"] == "langid"


def test_batch_transform_as_awss_pipelines_do_it(tmp_path: Path) -> None:
    joined = ('output = "s3://bucket/answers"', 'output = "s3://bucket/answers"\njoin_input = true')
    model, transform = plan("transform", make_spec(tmp_path, CLASSIFIER, joined))
    assert model.parameters["ModelName"] == transform.parameters["ModelName"]
    assert transform.parameters["BatchStrategy"] == "MultiRecord"
    assert transform.parameters["TransformInput"] == {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/batch/"}},
        "ContentType": "application/jsonlines",
        "SplitType": "Line",
    }
    assert transform.parameters["TransformOutput"] == {
        "S3OutputPath": "s3://bucket/answers",
        "Accept": "application/jsonlines",
        "AssembleWith": "Line",
    }
    assert transform.parameters["DataProcessing"] == {"JoinSource": "Input"}


def test_answers_for_a_local_folder_have_a_prefix_of_the_job(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, CLASSIFIER, ("s3://bucket/answers", "answers"))
    _, transform = plan("transform", spec)
    output = transform.parameters["TransformOutput"]
    assert output["S3OutputPath"] == "s3://bucket/models/dbpedia/answers"


def test_what_an_action_needs_and_the_file_lacks(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    with pytest.raises(SettingError, match=r"no \[tuning\] section"):
        plan("tune", spec)
    with pytest.raises(SettingError, match=r"no \[transform\] section"):
        plan("transform", spec)
    alone = make_spec(tmp_path, VECTORS.partition("[sagemaker]")[0])
    with pytest.raises(SettingError, match=r"no \[sagemaker\] section"):
        plan("train", alone)
    nowhere = make_spec(tmp_path, VECTORS, ('region = "us-east-1"', ""))
    with pytest.raises(SettingError, match="set region in"):
        plan("train", nowhere)


def test_images_by_region() -> None:
    assert blazingtext_image("eu-central-1") == (
        "813361260812.dkr.ecr.eu-central-1.amazonaws.com/blazingtext:1"
    )
    assert blazingtext_image("cn-north-1") == (
        "390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/blazingtext:1"
    )
    with pytest.raises(SettingError, match="AWS has no BlazingText image"):
        blazingtext_image("mars-north-1")
