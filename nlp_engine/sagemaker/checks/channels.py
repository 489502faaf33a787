"""The channels of a job: which there are, and how their data come."""

from __future__ import annotations

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker import blazingtext
from nlp_engine.sagemaker.checks.addresses import UPLOAD, check_s3
from nlp_engine.sagemaker.spec import Channel, JobSpec

_TEXT = "source"


def check_channels(spec: JobSpec) -> None:
    """Check the channels for SageMaker.

    Raises:
        SettingError: A channel that the mode does not take, or data that are not on S3.
    """
    check_layout(spec)
    for name, channel in spec.channels.items():
        if not channel.on_s3:
            raise SettingError(
                f"channel {name} is {channel.source!r}; SageMaker needs an s3:// address; "
                f"{UPLOAD}; or run the job with --on local"
            )
        check_s3(f"channel {name}", channel.source)
        if spec.is_blazingtext:
            _check_blazingtext(spec, name, channel)


def check_layout(spec: JobSpec) -> None:
    """Check the channels for any place.

    Raises:
        SettingError: A channel that the mode does not take, or one too few.
    """
    taken = ("train", "validation" if spec.supervised else "evaluation")
    for name in spec.channels:
        if name not in taken:
            raise SettingError(
                f"[data] has {name}, but mode {spec.modes[0]} takes {' and '.join(taken)} alone; "
                "leave it out"
            )
    if spec.stops_early and "validation" not in spec.channels:
        raise SettingError("early_stopping is True, which needs validation in [data]")
    if "evaluation" in spec.channels:
        _check_evaluation(spec, spec.channels["evaluation"])
    for name, channel in spec.channels.items():
        _check_attributes(spec, name, channel)


def _check_evaluation(spec: JobSpec, channel: Channel) -> None:
    if not spec.evaluates:
        raise SettingError(
            "[data] has evaluation, but evaluation is false in [hyperparameters]; leave one out"
        )
    if channel.input_mode == "Pipe":
        raise SettingError(
            "[data.evaluation] input_mode is Pipe, but its sets are read as files; set it to File "
            "or FastFile"
        )


def _check_attributes(spec: JobSpec, name: str, channel: Channel) -> None:
    attributes = channel.attributes
    if not attributes:
        if channel.input_mode == "Pipe" and spec.supervised and channel.on_s3:
            raise SettingError(
                f"[data.{name}] input_mode is Pipe, which carries augmented manifests; set "
                'attributes = ["source", "…"], or input_mode to File or FastFile'
            )
        return
    if not spec.supervised:
        raise SettingError(
            f"[data.{name}] has attributes, but only mode supervised takes augmented manifests"
        )
    if len(attributes) != 2 or attributes[0] != _TEXT:
        raise SettingError(
            f"[data.{name}] attributes are {', '.join(attributes)}; expected {_TEXT} and the name "
            "of the label, in this order"
        )


def _check_blazingtext(spec: JobSpec, name: str, channel: Channel) -> None:
    if name == "evaluation":
        raise SettingError(
            "[data] has evaluation, which AWS's BlazingText does not take: it has sets of its own; "
            "leave it out, or set image in [sagemaker] to your own"
        )
    if not channel.attributes and channel.input_mode == "Pipe":
        raise SettingError(
            f"[data.{name}] input_mode is Pipe, but mode {spec.modes[0]} reads files; set it to "
            "File or FastFile"
        )
    if channel.attributes and channel.input_mode != "Pipe":
        raise SettingError(
            f"[data.{name}] is an augmented manifest, for which input_mode must be Pipe"
        )
    if channel.attributes and blazingtext.has_accelerator(spec.instance.type):
        raise SettingError(
            f"[data.{name}] is an augmented manifest, which BlazingText reads on processors alone; "
            f"[instance] type is {spec.instance.type}"
        )
