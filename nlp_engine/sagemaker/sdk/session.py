"""The SDK's session: region, telemetry, and the check of the role."""

from __future__ import annotations

import os
from typing import Any

from nlp_engine.errors import SettingError, require
from nlp_engine.sagemaker import aws
from nlp_engine.sagemaker.checks import check_for_sagemaker
from nlp_engine.sagemaker.spec import JobSpec

_OPTED_OUT = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


def open_session(
    spec: JobSpec, *, telemetry: bool = False, validate_role: bool = True, config: Any = None
) -> Any:
    """A session of the SDK in the job's region; its default bucket is that of the results.

    `AWS_DEFAULT_REGION` is set for this process if it is not, since the SDK wants it when it is
    imported.

    Args:
        spec: The job.
        telemetry: Whether the SDK may tell AWS of every call; by default it may not.
        validate_role: False sets `SAGEMAKER_VALIDATE_ROLE=false` for this process.
        config: The SDK's defaults, instead of those in its configuration files; with telemetry
            off, the files are read only to add to them.

    Raises:
        SettingError: The job has no region.
        MissingExtraError: The SDK is not installed.
    """
    region = aws.with_region(spec).on_aws.region
    if region is None:
        raise SettingError("no region is known; set region in [sagemaker], or AWS_DEFAULT_REGION")
    os.environ.setdefault("AWS_DEFAULT_REGION", region)
    if not validate_role:
        os.environ["SAGEMAKER_VALIDATE_ROLE"] = "false"
    helper = require("sagemaker.core.helper.session_helper", "sagemaker")
    if config is None:
        config = require("sagemaker.core.config.config", "sagemaker").load_sagemaker_config()
    return helper.Session(
        boto_session=require("boto3", "sagemaker").Session(region_name=region),
        default_bucket=spec.on_aws.output.removeprefix("s3://").partition("/")[0],
        sagemaker_config=config if telemetry else _merged(config, _OPTED_OUT),
    )


def checked(spec: JobSpec, action: str, session: Any) -> tuple[JobSpec, Any]:
    """A job with its region, checked for an action, and the session given or that of the job.

    Raises:
        SettingError: SageMaker would refuse it.
        MissingExtraError: The SDK is not installed.
    """
    spec = aws.with_region(spec)
    check_for_sagemaker(spec, action)
    return spec, session or open_session(spec)


def _merged(config: Any, more: dict[str, Any]) -> dict[str, Any]:
    """A nested configuration with more in it."""
    merged = dict(config or {})
    for name, value in more.items():
        inner = isinstance(value, dict)
        merged[name] = _merged(merged.get(name), value) if inner else value
    return merged
