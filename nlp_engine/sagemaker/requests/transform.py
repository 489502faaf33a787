"""CreateTransformJob: JSON Lines in, an answer for each line out."""

from __future__ import annotations

from typing import Any

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker.spec import JobSpec, Transform, on_s3

JSON_LINES = "application/jsonlines"


def transform_options(spec: JobSpec) -> Transform:
    """The section `[transform]`.

    Raises:
        SettingError: There is none.
    """
    if spec.transform is None:
        raise SettingError("the job has no [transform] section; it needs input and output")
    return spec.transform


def answers_address(spec: JobSpec) -> str:
    """Where SageMaker puts the answers: `output`, or for a local folder a prefix of the job's own.

    Raises:
        SettingError: The specification has no `[transform]` or no `[sagemaker]`.
    """
    output = transform_options(spec).output
    if on_s3(output):
        return output
    return f"{spec.on_aws.output.rstrip('/')}/{spec.name}/answers"


def create_transform_job(spec: JobSpec) -> dict[str, Any]:
    """The CreateTransformJob request, as AWS's own pipelines use it with BlazingText.

    Raises:
        SettingError: The specification has no `[transform]`.
    """
    options = transform_options(spec)
    request: dict[str, Any] = {
        "TransformJobName": spec.name,
        "ModelName": spec.name,
        "BatchStrategy": options.strategy,
        "MaxPayloadInMB": options.max_payload_mb,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": options.input}},
            "ContentType": JSON_LINES,
            "SplitType": "Line",
        },
        "TransformOutput": {
            "S3OutputPath": answers_address(spec),
            "Accept": JSON_LINES,
            "AssembleWith": "Line",
        },
        "TransformResources": {
            "InstanceType": options.instance_type,
            "InstanceCount": options.instance_count,
        },
    }
    if options.join_input:
        request["DataProcessing"] = {"JoinSource": "Input"}
        if options.output_filter:
            request["DataProcessing"]["OutputFilter"] = options.output_filter
    return request
