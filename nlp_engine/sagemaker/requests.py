"""Training jobs as SageMaker API requests: specification in, dictionary out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.errors import SettingError
from nlp_engine.files import read_toml
from nlp_engine.settings import setting


@dataclass(frozen=True, kw_only=True)
class Instance:
    """Where a job runs on AWS."""

    image: str = setting(help="URI of the training image")
    role: str = setting(help="ARN of the execution role")
    output: str = setting(help="S3 prefix for the model")
    type: str = setting("ml.c5.2xlarge", help="instance type")
    volume_gb: int = setting(30, minimum=1, help="disk in GB")
    max_seconds: int = setting(3600, minimum=1, help="longest run")

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class TrainingSpec:
    """One training job, wherever it runs.

    Attributes:
        name: Name of the job.
        train: File or S3 prefix of the channel `train`.
        validation: The same for `validation`, if there is one.
        hyperparameters: BlazingText's, checked.
        instance: Where it runs on AWS; a local run needs none.
    """

    name: str
    train: str
    validation: str | None
    hyperparameters: Mapping[str, Any]
    instance: Instance | None


def read_spec(path: Path) -> TrainingSpec:
    """Read a job's TOML file: `name`, `[data]`, `[hyperparameters]`, `[instance]`.

    Raises:
        InputError: Missing or no TOML.
        SettingError: A key is missing, unknown or out of range.
    """
    content = read_toml(path)
    try:
        return _spec(content)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from error


def training_job(spec: TrainingSpec) -> dict[str, Any]:
    """The CreateTrainingJob request of a specification.

    Raises:
        SettingError: It has no `[instance]`, or data that is not on S3.
    """
    if spec.instance is None:
        raise SettingError("the job has no [instance]; SageMaker needs image, role and output")
    channels = {"train": spec.train, "validation": spec.validation}
    return {
        "TrainingJobName": spec.name,
        "AlgorithmSpecification": {
            "TrainingImage": spec.instance.image,
            "TrainingInputMode": "File",
        },
        "RoleArn": spec.instance.role,
        "HyperParameters": {name: str(value) for name, value in spec.hyperparameters.items()},
        "InputDataConfig": [_channel(name, uri) for name, uri in channels.items() if uri],
        "OutputDataConfig": {"S3OutputPath": spec.instance.output},
        "ResourceConfig": {
            "InstanceType": spec.instance.type,
            "InstanceCount": 1,
            "VolumeSizeInGB": spec.instance.volume_gb,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": spec.instance.max_seconds},
    }


def _spec(content: dict[str, Any]) -> TrainingSpec:
    unknown = content.keys() - {"name", "data", "hyperparameters", "instance"}
    if unknown:
        raise SettingError(f"unknown key {sorted(unknown)[0]!r}")
    data = content.get("data", {})
    if not isinstance(content.get("name"), str) or not isinstance(data.get("train"), str):
        raise SettingError("a job needs a name, and [data] with train")
    given = content.get("hyperparameters", {})
    kind: Any = ClassifierSettings if given.get("mode") == "supervised" else Word2VecSettings
    settings.from_mapping(kind, given)
    instance = content.get("instance")
    return TrainingSpec(
        name=content["name"],
        train=data["train"],
        validation=data.get("validation"),
        hyperparameters=given,
        instance=settings.from_mapping(Instance, instance) if instance else None,
    )


def _channel(name: str, uri: str) -> dict[str, Any]:
    if not uri.startswith("s3://"):
        raise SettingError(f"channel {name} is {uri!r}; SageMaker needs an s3:// address")
    return {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": uri,
                "S3DataDistributionType": "FullyReplicated",
            }
        },
        "ContentType": "text/plain",
    }
