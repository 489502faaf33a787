"""CreateTrainingJob, and what a tuning job's trainings share with it."""

from __future__ import annotations

from typing import Any

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker import metrics
from nlp_engine.sagemaker.images import blazingtext_image
from nlp_engine.sagemaker.spec import BLAZINGTEXT, Channel, JobSpec

CHECKPOINTS = "/opt/ml/checkpoints"
RECORDIO = "application/x-recordio"
_TEXT = "text/plain"


def create_training_job(spec: JobSpec) -> dict[str, Any]:
    """The CreateTrainingJob request.

    Raises:
        SettingError: The specification has no `[sagemaker]` section or region.
    """
    return {
        "TrainingJobName": spec.name,
        "HyperParameters": spec.strings(),
        **training_definition(spec),
    }


def training_definition(spec: JobSpec) -> dict[str, Any]:
    """Image, data, machines and limits, which are the same for every job of a tuning."""
    definition: dict[str, Any] = {
        "AlgorithmSpecification": _algorithm(spec),
        "RoleArn": spec.on_aws.role,
        "InputDataConfig": [_channel(name, given) for name, given in spec.channels.items()],
        "OutputDataConfig": {"S3OutputPath": spec.on_aws.output},
        "ResourceConfig": {
            "InstanceType": spec.instance.type,
            "InstanceCount": spec.instance.count,
            "VolumeSizeInGB": spec.instance.volume_gb,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": spec.instance.max_seconds},
    }
    if spec.spot:
        definition["EnableManagedSpotTraining"] = True
        definition["StoppingCondition"]["MaxWaitTimeInSeconds"] = spec.spot.max_wait_seconds
        if spec.spot.checkpoints:
            definition["CheckpointConfig"] = {
                "S3Uri": spec.spot.checkpoints,
                "LocalPath": CHECKPOINTS,
            }
    return definition


def image_uri(spec: JobSpec) -> str:
    """The image's address.

    Raises:
        SettingError: AWS's BlazingText is wanted and there is no region, or it has no such image.
    """
    account = spec.on_aws
    if account.image != BLAZINGTEXT:
        return account.image
    if account.region is None:
        raise SettingError("no region is known; set region in [sagemaker], or AWS_DEFAULT_REGION")
    return blazingtext_image(account.region)


def _algorithm(spec: JobSpec) -> dict[str, Any]:
    modes = {channel.input_mode for channel in spec.channels.values()}
    algorithm: dict[str, Any] = {
        "TrainingImage": image_uri(spec),
        "TrainingInputMode": modes.pop() if len(modes) == 1 else "File",
    }
    if not spec.is_blazingtext:  # SageMaker knows the metrics of its own image, and takes no others
        found = metrics.names(supervised=spec.supervised, validation="validation" in spec.channels)
        algorithm["MetricDefinitions"] = [
            {"Name": name, "Regex": metrics.REGEXES[name]} for name in found
        ]
    return algorithm


def _channel(name: str, channel: Channel) -> dict[str, Any]:
    source: dict[str, Any] = {
        "S3DataType": "S3Prefix",
        "S3Uri": channel.source,
        "S3DataDistributionType": "FullyReplicated",
    }
    request: dict[str, Any] = {
        "ChannelName": name,
        "DataSource": {"S3DataSource": source},
        "ContentType": channel.content_type or _TEXT,
        "InputMode": channel.input_mode,
    }
    if channel.attributes:
        source["S3DataType"] = "AugmentedManifestFile"
        source["AttributeNames"] = list(channel.attributes)
        request["ContentType"] = channel.content_type or RECORDIO
        request["RecordWrapperType"] = "RecordIO"
    return request
