"""Preparing a job for SageMaker, sending it, stopping it, and deleting what it left running."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nlp_engine.errors import EngineError, Interrupted
from nlp_engine.sagemaker import aws, status
from nlp_engine.sagemaker.checks import check_for_sagemaker
from nlp_engine.sagemaker.checks.api import check_requests
from nlp_engine.sagemaker.requests import Request, plan
from nlp_engine.sagemaker.spec import JobSpec
from nlp_engine.sagemaker.uploads import Upload, find_uploads, placed

_UNDO = {
    "CreateModel": ("DeleteModel", "ModelName"),
    "CreateEndpointConfig": ("DeleteEndpointConfig", "EndpointConfigName"),
    "CreateEndpoint": ("DeleteEndpoint", "EndpointName"),
}
_STOPPED_BY = {
    "StopTrainingJob": "training job",
    "StopHyperParameterTuningJob": "tuning job",
    "StopTransformJob": "transform job",
}


def unique_name(name: str) -> str:
    """A name that no earlier job has: with date and time, cut to what tuning jobs may have."""
    suffix = time.strftime("-%y%m%d-%H%M%S", time.gmtime())
    return name[: 32 - len(suffix)].rstrip("-") + suffix


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What an action sends, checked.

    Attributes:
        spec: The job, with its region and its files where they will be on S3.
        uploads: These files.
        requests: What SageMaker is asked for, in this order.
    """

    spec: JobSpec
    uploads: Sequence[Upload]
    requests: Sequence[Request]


def prepare(action: str, spec: JobSpec) -> Prepared:
    """Find out what an action sends, and check all of it; nothing is sent.

    Args:
        action: One of `requests.plan.ACTIONS`.
        spec: The job.

    Raises:
        InputError: A local file is missing, or of another format than the job's.
        SettingError: What SageMaker, its API or BlazingText would refuse.
        EngineError: AWS's configuration cannot be used.
    """
    spec = aws.with_region(spec)
    uploads = find_uploads(action, spec)
    spec = placed(spec, uploads)
    check_for_sagemaker(spec, action)
    requests = plan(action, spec)
    check_requests(requests)
    return Prepared(spec=spec, uploads=uploads, requests=requests)


def send(spec: JobSpec, requests: Sequence[Request]) -> list[str]:
    """Send requests to SageMaker, in their order; `prepare` has checked them.

    If one fails, what those before it have made is deleted again.

    Returns:
        The ARNs of what was made.

    Raises:
        EngineError: SageMaker refuses one; its own words.
        Interrupted: Ctrl-C; what was made stays.
        MissingExtraError: boto3 is not installed.
    """
    client = aws.client("sagemaker", spec.on_aws.region)
    arns, made = list[str](), list[Request]()
    with _interruptible(spec):
        for request in requests:
            try:
                with aws.clear_errors(f"{request.operation} failed"):
                    if request.operation == "CreateModel" and _has_model(client, request):
                        continue
                    arns.append(_arn(_call(client, request)))
            except EngineError:
                for earlier in reversed(made):
                    _undo(client, earlier)
                raise
            made.append(request)
    return arns


def stop(spec: JobSpec, requests: Sequence[Request]) -> list[str]:
    """Stop the jobs that requests name; one that does not run is passed over.

    Returns:
        The kinds of the jobs that stop now, as in `status.MADE_BY`.

    Raises:
        EngineError: SageMaker refuses.
    """
    client = aws.client("sagemaker", spec.on_aws.region)
    stopped = []
    with _interruptible(spec):
        for request in requests:
            kind = _STOPPED_BY[request.operation]
            if not status.runs(client, kind, spec.name):
                continue
            try:
                with aws.clear_errors(f"{request.operation} failed"):
                    _call(client, request)
            except EngineError:
                if status.runs(client, kind, spec.name):
                    raise
                continue  # it has come to its end in between
            stopped.append(kind)
    return stopped


def kept(spec: JobSpec, kind: str) -> str:
    """What remains of a job that is stopped, in words.

    Args:
        spec: The job.
        kind: Which part of it, as in `stop`.
    """
    if kind == "transform job":
        return "a stopped transform job leaves no answers"
    if kind == "tuning job":
        return "the models of its finished jobs stay; `nlp-engine job wait` with -o gets the best"
    if spec.spot and spec.spot.checkpoints:
        return f"its checkpoints stay at {spec.spot.checkpoints}; a new job goes on from the last"
    return "without [spot] checkpoints it keeps what its image saves within 120 seconds, if any"


def delete(spec: JobSpec, requests: Sequence[Request]) -> list[str]:
    """Delete what requests name; what is not there is passed over.

    Returns:
        What was deleted, in words.

    Raises:
        EngineError: SageMaker refuses.
    """
    client = aws.client("sagemaker", spec.account.region if spec.account else None)
    deleted = []
    with _interruptible(spec):
        for request in requests:
            kind = request.operation.removeprefix("Delete")
            (name,) = request.parameters.values()
            try:
                with aws.clear_errors(f"{request.operation} failed"):
                    _call(client, request)
            except EngineError as error:
                if not aws.is_missing(error.__cause__):
                    raise
            else:
                words = re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower()
                deleted.append(f"{words} {name}")
    return deleted


@contextlib.contextmanager
def _interruptible(spec: JobSpec) -> Iterator[None]:
    """Tell that Ctrl-C undoes nothing: whether a request has arrived by then, nobody knows."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted; `nlp-engine job status` tells what of {spec.name} is at SageMaker, and "
            "`job stop` and `job delete` end it"
        ) from None


def _call(client: Any, request: Request) -> dict[str, Any]:
    from botocore import xform_name

    response: dict[str, Any] = getattr(client, xform_name(request.operation))(**request.parameters)
    return response


def _arn(response: dict[str, Any]) -> str:
    return next(str(value) for name, value in response.items() if name.endswith("Arn"))


def _has_model(client: Any, request: Request) -> bool:
    """Whether the model is there already, from the same data; another one is an error later."""
    from botocore.exceptions import ClientError

    try:
        found = client.describe_model(ModelName=request.parameters["ModelName"])
    except ClientError as error:
        if aws.is_missing(error):
            return False
        raise
    wanted = request.parameters["PrimaryContainer"]
    return all(found["PrimaryContainer"].get(key) == value for key, value in wanted.items())


def _undo(client: Any, request: Request) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    if request.operation in _UNDO:
        operation, key = _UNDO[request.operation]
        with contextlib.suppress(ClientError, BotoCoreError):
            _call(client, Request(operation, {key: request.parameters[key]}))
