"""Which requests an action consists of, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker.requests.hosting import (
    create_endpoint,
    create_endpoint_config,
    create_model,
)
from nlp_engine.sagemaker.requests.training import create_training_job
from nlp_engine.sagemaker.requests.transform import create_transform_job
from nlp_engine.sagemaker.requests.tuning import create_hyper_parameter_tuning_job
from nlp_engine.sagemaker.spec import JobSpec

ACTIONS = ("train", "tune", "deploy", "transform", "stop", "delete")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of SageMaker's API.

    Attributes:
        operation: Its name, such as `CreateTrainingJob`.
        parameters: What boto3's method takes.
    """

    operation: str
    parameters: Mapping[str, Any]


def plan(action: str, spec: JobSpec) -> list[Request]:
    """The requests of an action.

    Args:
        action: One of `ACTIONS`.
        spec: The job; its region is set.

    Raises:
        SettingError: The specification lacks what the action needs.
    """
    if action == "train":
        return [Request("CreateTrainingJob", create_training_job(spec))]
    if action == "tune":
        parameters = create_hyper_parameter_tuning_job(spec)
        return [Request("CreateHyperParameterTuningJob", parameters)]
    if action == "deploy":
        return [
            Request("CreateModel", create_model(spec)),
            Request("CreateEndpointConfig", create_endpoint_config(spec)),
            Request("CreateEndpoint", create_endpoint(spec)),
        ]
    if action == "transform":
        return [
            Request("CreateModel", create_model(spec)),
            Request("CreateTransformJob", create_transform_job(spec)),
        ]
    if action == "stop":
        return [
            Request("StopTrainingJob", {"TrainingJobName": spec.name}),
            Request("StopHyperParameterTuningJob", {"HyperParameterTuningJobName": spec.name}),
            Request("StopTransformJob", {"TransformJobName": spec.name}),
        ]
    if action == "delete":
        return [
            Request("DeleteEndpoint", {"EndpointName": spec.endpoint_name}),
            Request("DeleteEndpointConfig", {"EndpointConfigName": spec.endpoint_name}),
            Request("DeleteModel", {"ModelName": spec.name}),
        ]
    raise SettingError(f"action is {action!r}; it must be one of {', '.join(ACTIONS)}")
