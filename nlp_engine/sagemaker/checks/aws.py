"""A job for SageMaker: names, role, addresses, spot, settings of AWS's image."""

from __future__ import annotations

import re

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker import blazingtext
from nlp_engine.sagemaker.checks.addresses import UPLOAD, check_s3
from nlp_engine.sagemaker.checks.channels import check_channels
from nlp_engine.sagemaker.checks.hardware import check_hardware
from nlp_engine.sagemaker.checks.tuning import check_tuning
from nlp_engine.sagemaker.requests.transform import answers_address, transform_options
from nlp_engine.sagemaker.requests.tuning import tuning_of
from nlp_engine.sagemaker.spec import JobSpec, Spot

# The patterns of SageMaker's API.
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_ROLE = re.compile(r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_INSTANCE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9-]+")
_LONGEST_NAME, _LONGEST_TUNING_NAME = 63, 32


def check_for_sagemaker(spec: JobSpec, action: str) -> None:
    """Check what an action sends to SageMaker.

    Args:
        spec: The job.
        action: `train`, `tune`, `deploy`, `transform`, `stop` or `delete`.

    Raises:
        SettingError: The first thing that SageMaker or BlazingText would refuse.
    """
    _check_name("name", spec.name, _LONGEST_TUNING_NAME if action == "tune" else _LONGEST_NAME)
    _check_name("[endpoint] name", spec.endpoint_name, _LONGEST_NAME)
    if action in ("stop", "delete"):
        return
    _check_account(spec)
    if action in ("train", "tune"):
        _check_instance_type("[instance] type", spec.instance.type)
        check_channels(spec)
        check_hardware(spec)
        _check_hyperparameters(spec)
        if spec.spot:
            _check_spot(spec, spec.spot)
    if action == "tune":
        check_tuning(spec, tuning_of(spec))
    if action in ("deploy", "transform"):
        check_s3("[endpoint] model", spec.model_data, UPLOAD)
    if action == "deploy":
        _check_instance_type("[endpoint] instance_type", spec.hosting.instance_type)
    if action == "transform":
        _check_transform(spec)


def _check_name(what: str, name: str, longest: int) -> None:
    if not _NAME.fullmatch(name) or len(name) > longest:
        raise SettingError(
            f"{what} is {name!r}; it must be at most {longest} letters, digits and hyphens, "
            "and begin and end with a letter or digit"
        )


def _check_account(spec: JobSpec) -> None:
    account = spec.on_aws
    if not _ROLE.fullmatch(account.role):
        raise SettingError(
            f"[sagemaker] role is {account.role!r}; it must be a role's ARN, such as "
            "arn:aws:iam::123456789012:role/SageMaker"
        )
    if account.region is None:
        raise SettingError("no region is known; set region in [sagemaker], or AWS_DEFAULT_REGION")
    if not _REGION.fullmatch(account.region):
        raise SettingError(f"region is {account.region!r}; it must be one such as us-east-1")
    check_s3("[sagemaker] output", account.output)
    if account.upload:
        check_s3("[sagemaker] upload", account.upload)


def _check_instance_type(what: str, type: str) -> None:
    if not _INSTANCE.fullmatch(type):
        raise SettingError(f"{what} is {type!r}; it must be one such as ml.c5.2xlarge")


def _check_hyperparameters(spec: JobSpec) -> None:
    if not spec.is_blazingtext:
        return
    known = blazingtext.hyperparameters(supervised=spec.supervised)
    for name in spec.hyperparameters:
        if name not in known:
            raise SettingError(
                f"hyperparameter {name!r} is not one of BlazingText's in mode {spec.modes[0]}; "
                "leave it out, or set image in [sagemaker] to your own"
            )


def _check_spot(spec: JobSpec, spot: Spot) -> None:
    if spot.max_wait_seconds < spec.instance.max_seconds:
        raise SettingError(
            f"[spot] max_wait_seconds is {spot.max_wait_seconds}, below max_seconds "
            f"{spec.instance.max_seconds} of [instance]; the wait includes the run"
        )
    if not spec.is_blazingtext:
        if spot.checkpoints:
            check_s3("[spot] checkpoints", spot.checkpoints)
        return
    if spot.checkpoints:
        raise SettingError(
            "[spot] checkpoints are set, which BlazingText does not write; leave them out, or set "
            "image in [sagemaker] to your own"
        )
    if spot.max_wait_seconds > blazingtext.LONGEST_SPOT_WAIT:
        raise SettingError(
            f"[spot] max_wait_seconds is {spot.max_wait_seconds}; BlazingText, which writes no "
            f"checkpoints, may wait at most {blazingtext.LONGEST_SPOT_WAIT}"
        )


def _check_transform(spec: JobSpec) -> None:
    options = transform_options(spec)
    _check_instance_type("[transform] instance_type", options.instance_type)
    check_s3("[transform] input", options.input, UPLOAD)
    check_s3("[transform] output", answers_address(spec))
    if options.output_filter and not options.join_input:
        raise SettingError(
            "[transform] output_filter chooses fields of joined answers; set join_input = true"
        )
