"""What a job's parts are doing on SageMaker, what runs on and costs, and waiting for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nlp_engine.errors import EngineError, Interrupted
from nlp_engine.sagemaker import aws
from nlp_engine.sagemaker.costs import Prices, running
from nlp_engine.sagemaker.spec import JobSpec

SECONDS_BETWEEN_LOOKS = 15.0
_LOOKS_IN_VAIN = 40  # ten minutes without a connection, as of a computer that slept
_LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_GOOD = ("Completed", "InService")
_UNDER_WAY = ("InProgress", "Stopping", "Creating", "Updating", "SystemUpdating", "RollingBack")

# Kind: what describes it, the name's parameter, where its state stands.
_KINDS: Mapping[str, tuple[str, str, str]] = {
    "training job": ("describe_training_job", "TrainingJobName", "TrainingJobStatus"),
    "tuning job": (
        "describe_hyper_parameter_tuning_job",
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobStatus",
    ),
    "transform job": ("describe_transform_job", "TransformJobName", "TransformJobStatus"),
    "endpoint": ("describe_endpoint", "EndpointName", "EndpointStatus"),
}
KINDS = tuple(_KINDS)
"""All kinds of what can be on SageMaker."""
MADE_BY = {
    "train": "training job",
    "tune": "tuning job",
    "transform": "transform job",
    "deploy": "endpoint",
}
"""The kind of what an action makes."""


@dataclass(frozen=True, kw_only=True)
class State:
    """What one part of a job is doing.

    Attributes:
        kind: `training job`, `tuning job`, `transform job` or `endpoint`.
        name: Its name.
        status: As SageMaker calls it.
        details: Metrics, seconds, the best job, or what it costs.
    """

    kind: str
    name: str
    status: str
    details: str

    @property
    def under_way(self) -> bool:
        """Whether it will change by itself."""
        return self.status in _UNDER_WAY

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.status}" + (
            f", {self.details}" if self.details else ""
        )


def states(spec: JobSpec, prices: Prices, kinds: Sequence[str] = KINDS) -> list[State]:
    """The states of all parts of a job that are on SageMaker.

    Args:
        spec: The job.
        prices: For what runs on.
        kinds: Only parts of these kinds.

    Raises:
        EngineError: SageMaker does not answer.
        MissingExtraError: boto3 is not installed.
    """
    client = aws.client("sagemaker", spec.on_aws.region)
    return [state for kind in kinds if (state := _state(client, kind, spec, prices))]


def wait(
    spec: JobSpec,
    prices: Prices,
    *,
    log: Callable[[str], None],
    kinds: Sequence[str] = KINDS,
    stopped: bool = False,
    seconds: float = SECONDS_BETWEEN_LOOKS,
) -> list[State]:
    """Wait until nothing of a job is under way any more; tell of every change and log line.

    Args:
        spec: The job.
        prices: For what runs on.
        log: Takes the lines.
        kinds: Wait only for parts of these kinds.
        stopped: Somebody has stopped the job, so that this is no failure.
        seconds: Between two looks.

    Returns:
        The last states.

    Raises:
        EngineError: A part of the job has failed, or there is none; or SageMaker has not answered
            for long.
        Interrupted: Ctrl-C; the job goes on.
    """
    lines, told, in_vain = _LogLines(spec), dict[str, State](), 0
    try:
        while True:
            try:
                found, in_vain = states(spec, prices, kinds), 0
            except EngineError as error:
                in_vain += 1
                if not told or in_vain > _LOOKS_IN_VAIN or not aws.is_passing(error.__cause__):
                    raise
                log(f"{error}; trying again")
                time.sleep(seconds)
                continue
            if not found:
                raise EngineError(f"SageMaker has no job and no endpoint of the name {spec.name}")
            for state in found:
                if told.get(state.kind) != state:
                    log(str(state))
                    told[state.kind] = state
            for line in lines.new():
                log(line)
            if not any(state.under_way for state in found):
                break
            time.sleep(seconds)
    except KeyboardInterrupt:
        raise Interrupted(
            f"{spec.name} goes on at SageMaker; `nlp-engine job wait` looks again"
        ) from None
    for state in found:
        # A tuning that was stopped has the models of its jobs that are done.
        fine = state.status == "Stopped" and (stopped or state.kind == "tuning job")
        if state.status not in _GOOD and not fine:
            raise EngineError(str(state))
    return found


def runs(client: Any, kind: str, name: str) -> bool:
    """Whether a job is in progress, and not yet stopping.

    Args:
        client: Of SageMaker.
        kind: As in `State`.
        name: Of the job.

    Raises:
        EngineError: SageMaker does not answer.
    """
    found = _describe(client, kind, name)
    return found is not None and found[_KINDS[kind][2]] == "InProgress"


def best_training_job(spec: JobSpec, action: str | None = None) -> str | None:
    """The name of the training job to take the model from: the best of a tuning, or the job's own.

    Args:
        spec: The job.
        action: `train` or `tune`; by default the tuning counts if there is one.

    Raises:
        EngineError: SageMaker does not answer.
    """
    client = aws.client("sagemaker", spec.on_aws.region)
    tuning = None if action == "train" else _describe(client, "tuning job", spec.name)
    if tuning:
        best = tuning.get("BestTrainingJob", {}).get("TrainingJobName")
        return str(best) if best else None
    return spec.name if _describe(client, "training job", spec.name) else None


def check_trained(spec: JobSpec) -> None:
    """Check that the training job whose model an endpoint or a transform wants is done.

    Nothing is checked where the specification names another model.

    Raises:
        EngineError: There is no such job, it runs or has failed, or it is a tuning, whose best
            training job is named; or SageMaker does not answer.
    """
    if spec.hosting.model:
        return
    client = aws.client("sagemaker", spec.on_aws.region)
    if job := _describe(client, "training job", spec.name):
        if job["TrainingJobStatus"] not in ("Completed", "Stopped"):
            state = job["TrainingJobStatus"]
            raise EngineError(f"training job {spec.name} is {state}; there is no model to take")
        return
    tuning = _describe(client, "tuning job", spec.name)
    if tuning is None:
        raise EngineError(
            f"SageMaker has no training job {spec.name}, whose model is wanted; train it with "
            "--on sagemaker, name another with --job, or a model in [endpoint]"
        )
    best = tuning.get("BestTrainingJob", {}).get("TrainingJobName")
    hint = f"take that of its best training job: --job {best}" if best else "it has none yet"
    raise EngineError(f"{spec.name} is a tuning job, which has no model of its own; {hint}")


def _state(client: Any, kind: str, spec: JobSpec, prices: Prices) -> State | None:
    name = spec.endpoint_name if kind == "endpoint" else spec.name
    found = _describe(client, kind, name)
    if found is None:
        return None
    costs = kind == "endpoint"
    details = _endpoint_cost(client, found, prices) if costs else _job_details(found)
    status = str(found[_KINDS[kind][2]])
    return State(kind=kind, name=name, status=status, details=details)


def _describe(client: Any, kind: str, name: str) -> dict[str, Any] | None:
    method, key, _ = _KINDS[kind]
    try:
        with aws.clear_errors(f"cannot look at {kind} {name}"):
            found: dict[str, Any] = getattr(client, method)(**{key: name})
    except EngineError as error:
        if aws.is_missing(error.__cause__):
            return None
        raise
    return found


def _job_details(found: Mapping[str, Any]) -> str:
    parts = [str(found.get("SecondaryStatus", ""))]
    parts += [
        f"{metric['MetricName']} {metric['Value']:.4g}"
        for metric in found.get("FinalMetricDataList", ())
    ]
    best = found.get("BestTrainingJob", {})
    if best.get("TrainingJobName"):
        metric = best.get("FinalHyperParameterTuningJobObjectiveMetric", {})
        value = f" ({metric['MetricName']} {metric['Value']:.4g})" if metric else ""
        parts.append(f"best {best['TrainingJobName']}{value}")
    if "BillableTimeInSeconds" in found:
        parts.append(f"{found['BillableTimeInSeconds']} billable seconds")
    parts.append(str(found.get("FailureReason", "")))
    status = found.get("TrainingJobStatus", "")
    return ", ".join(part for part in parts if part and part != status)


def _endpoint_cost(client: Any, found: Mapping[str, Any], prices: Prices) -> str:
    """What an endpoint costs as long as it is there."""
    if found["EndpointStatus"] == "Failed":
        return str(found.get("FailureReason", ""))
    with aws.clear_errors("cannot look at the endpoint's machines"):
        config = client.describe_endpoint_config(EndpointConfigName=found["EndpointConfigName"])
    costs = [
        running(
            variant["InstanceType"],
            variant.get("InitialInstanceCount", 1),
            prices,
            "until it is deleted",
        )
        for variant in config["ProductionVariants"]
        if "InstanceType" in variant
    ]
    return "; ".join(f"costs {cost.how}" for cost in costs)


class _LogLines:
    """The lines of a training job's log that have not been told yet."""

    def __init__(self, spec: JobSpec) -> None:
        self._client = aws.client("logs", spec.on_aws.region)
        self._prefix = f"{spec.name}/"
        self._since = 0
        self._told = set[str]()

    def new(self) -> Iterator[str]:
        """The lines since the last call; none where the log cannot be read."""
        from botocore.exceptions import BotoCoreError, ClientError

        options = {"logGroupName": _LOG_GROUP, "logStreamNamePrefix": self._prefix}
        pages = self._client.get_paginator("filter_log_events")
        try:
            for page in pages.paginate(**options, startTime=self._since):
                for event in page["events"]:
                    if event["eventId"] not in self._told:
                        self._told.add(event["eventId"])
                        self._since = max(self._since, event["timestamp"])
                        yield str(event["message"]).rstrip("\n")
        except (ClientError, BotoCoreError):
            return  # the log is an extra: it may not be there yet, or not be ours to read
