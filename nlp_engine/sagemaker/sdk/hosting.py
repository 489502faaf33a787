"""A trained model as the SDK's objects: an endpoint, or a batch transform."""

from __future__ import annotations

from typing import Any

from nlp_engine.errors import require
from nlp_engine.sagemaker.requests.training import image_uri
from nlp_engine.sagemaker.requests.transform import create_transform_job
from nlp_engine.sagemaker.sdk.session import checked
from nlp_engine.sagemaker.spec import JobSpec


def model_builder(spec: JobSpec, session: Any = None) -> Any:
    """The job's model as a `ModelBuilder`.

    `.build(model_name=spec.name)` makes the model, and `.deploy(**deploy_arguments(spec))` its
    endpoint.

    Args:
        spec: The job, which is done (`trained`).
        session: Of the SDK; by default that of `open_session`.

    Raises:
        SettingError: SageMaker would refuse the endpoint.
        MissingExtraError: The SDK is not installed.
    """
    spec, session = checked(spec, "deploy", session)
    return require("sagemaker.serve", "sagemaker").ModelBuilder(
        image_uri=image_uri(spec),
        s3_model_data_url=spec.model_data,
        role_arn=spec.on_aws.role,
        sagemaker_session=session,
        instance_type=spec.hosting.instance_type,
    )


def deploy_arguments(spec: JobSpec) -> dict[str, Any]:
    """What `ModelBuilder.deploy` takes for the job's endpoint."""
    return {
        "endpoint_name": spec.endpoint_name,
        "instance_type": spec.hosting.instance_type,
        "initial_instance_count": spec.hosting.instance_count,
    }


def transformer(spec: JobSpec, session: Any = None) -> Any:
    """The job's batch transform as a `Transformer` of the model that `model_builder` built.

    Its `.transform(**transform_arguments(spec))` starts it.

    Args:
        spec: The job, which is done (`trained`).
        session: Of the SDK; by default that of `open_session`.

    Raises:
        SettingError: SageMaker would refuse the transform, or there is no `[transform]`.
        MissingExtraError: The SDK is not installed.
    """
    spec, session = checked(spec, "transform", session)
    request = create_transform_job(spec)
    output, machines = request["TransformOutput"], request["TransformResources"]
    return require("sagemaker.core.transformer", "sagemaker").Transformer(
        model_name=request["ModelName"],
        instance_count=machines["InstanceCount"],
        instance_type=machines["InstanceType"],
        strategy=request["BatchStrategy"],
        max_payload=request["MaxPayloadInMB"],
        output_path=output["S3OutputPath"],
        accept=output["Accept"],
        assemble_with=output["AssembleWith"],
        base_transform_job_name=spec.name,
        sagemaker_session=session,
    )


def transform_arguments(spec: JobSpec) -> dict[str, Any]:
    """What `Transformer.transform` takes for the job's input.

    Raises:
        SettingError: The specification has no `[transform]`.
    """
    request = create_transform_job(spec)
    given, processing = request["TransformInput"], request.get("DataProcessing", {})
    return {
        "job_name": request["TransformJobName"],
        "data": given["DataSource"]["S3DataSource"]["S3Uri"],
        "content_type": given["ContentType"],
        "split_type": given["SplitType"],
        "join_source": processing.get("JoinSource"),
        "output_filter": processing.get("OutputFilter"),
    }
