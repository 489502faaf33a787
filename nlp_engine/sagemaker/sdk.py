"""The same jobs as objects of the SageMaker SDK, version 3, for people who work in notebooks.

Traps of the SDK that these functions go around: it wants a region before it is imported, tells AWS
of every call unless its configuration opts out, and checks the role by a right of its own
(`iam:SimulatePrincipalPolicy`) that many have not. boto3 alone does all of this, too
(`nlp_engine.sagemaker.jobs`); the SDK takes a gigabyte.
"""

from __future__ import annotations

import os
from typing import Any

from nlp_engine.errors import SettingError, require
from nlp_engine.sagemaker import aws
from nlp_engine.sagemaker.checks import check_for_sagemaker
from nlp_engine.sagemaker.requests.training import image_uri, training_definition
from nlp_engine.sagemaker.requests.tuning import tuning_of, whole_numbers
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


def model_trainer(spec: JobSpec, session: Any = None) -> Any:
    """The job as a `ModelTrainer`: `.train()` starts it, under its name with date and time.

    Args:
        spec: The job.
        session: Of the SDK; by default that of `open_session`.

    Raises:
        SettingError: SageMaker would refuse the job.
        MissingExtraError: The SDK is not installed.
    """
    spec = aws.with_region(spec)
    check_for_sagemaker(spec, "train")
    session = session or open_session(spec)
    train = require("sagemaker.train", "sagemaker")
    configs = require("sagemaker.train.configs", "sagemaker")
    shapes = require("sagemaker.core.shapes", "sagemaker")
    request = training_definition(spec)
    spot = spec.spot
    trainer = train.ModelTrainer(
        sagemaker_session=session,
        role=spec.on_aws.role,
        base_job_name=spec.name,
        training_image=image_uri(spec),
        training_input_mode=request["AlgorithmSpecification"]["TrainingInputMode"],
        compute=configs.Compute(
            instance_type=spec.instance.type,
            instance_count=spec.instance.count,
            volume_size_in_gb=spec.instance.volume_gb,
            enable_managed_spot_training=True if spot else None,
        ),
        stopping_condition=configs.StoppingCondition(
            max_runtime_in_seconds=spec.instance.max_seconds,
            max_wait_time_in_seconds=spot.max_wait_seconds if spot else None,
        ),
        output_data_config=shapes.OutputDataConfig(s3_output_path=spec.on_aws.output),
        input_data_config=channels(spec),
        hyperparameters=spec.strings(),
        environment=None,
    )
    if "CheckpointConfig" in request:
        checkpoints = _snake(request["CheckpointConfig"])
        trainer = trainer.with_checkpoint_config(shapes.CheckpointConfig(**checkpoints))
    if "MetricDefinitions" in request["AlgorithmSpecification"]:
        trainer = trainer.with_metric_definitions(
            [
                shapes.MetricDefinition(name=metric["Name"], regex=metric["Regex"])
                for metric in request["AlgorithmSpecification"]["MetricDefinitions"]
            ]
        )
    return trainer


def hyperparameter_tuner(spec: JobSpec, session: Any = None) -> Any:
    """The job as a `HyperparameterTuner`: `.tune(inputs=channels(spec))` starts it.

    Args:
        spec: The job.
        session: Of the SDK; by default that of `open_session`.

    Raises:
        SettingError: SageMaker would refuse the job.
        MissingExtraError: The SDK is not installed.
    """
    spec = aws.with_region(spec)
    check_for_sagemaker(spec, "tune")
    tuning = tuning_of(spec)
    trainer = model_trainer(spec, session)
    shapes = require("sagemaker.core.shapes", "sagemaker")
    options = tuning.options
    metrics = training_definition(spec)["AlgorithmSpecification"].get("MetricDefinitions")
    warm_start = None
    if options.warm_start:
        parents = [
            shapes.ParentHyperParameterTuningJob(hyper_parameter_tuning_job_name=name)
            for name in options.warm_start
        ]
        warm_start = shapes.HyperParameterTuningJobWarmStartConfig(
            parent_hyper_parameter_tuning_jobs=parents, warm_start_type="IdenticalDataAndAlgorithm"
        )
    return require("sagemaker.train.tuner", "sagemaker").HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name=options.objective,
        objective_type="Maximize",
        hyperparameter_ranges=_ranges(spec),
        metric_definitions=metrics,
        strategy=options.strategy,
        max_jobs=options.max_jobs,
        max_parallel_jobs=options.max_parallel_jobs,
        early_stopping_type="Auto" if options.early_stopping else "Off",
        random_seed=options.seed,
        base_tuning_job_name=spec.name,
        warm_start_config=warm_start,
    )


def model_builder(spec: JobSpec, session: Any = None) -> Any:
    """The job's model as a `ModelBuilder`: `.build(model_name=…)`, then `.deploy(…)`.

    Args:
        spec: The job, which is done.
        session: Of the SDK; by default that of `open_session`.

    Raises:
        SettingError: SageMaker would refuse the endpoint.
        MissingExtraError: The SDK is not installed.
    """
    spec = aws.with_region(spec)
    check_for_sagemaker(spec, "deploy")
    session = session or open_session(spec)
    return require("sagemaker.serve", "sagemaker").ModelBuilder(
        image_uri=image_uri(spec),
        s3_model_data_url=spec.model_data,
        role_arn=spec.on_aws.role,
        sagemaker_session=session,
        instance_type=spec.hosting.instance_type,
    )


def channels(spec: JobSpec) -> list[Any]:
    """The job's channels as the SDK's `Channel` objects."""
    shapes = require("sagemaker.core.shapes", "sagemaker")
    made = []
    for request in training_definition(spec)["InputDataConfig"]:
        source = shapes.S3DataSource(**_snake(request["DataSource"]["S3DataSource"]))
        rest = {name: value for name, value in request.items() if name != "DataSource"}
        data_source = shapes.DataSource(s3_data_source=source)
        made.append(shapes.Channel(data_source=data_source, **_snake(rest)))
    return made


def _ranges(spec: JobSpec) -> dict[str, Any]:
    parameter = require("sagemaker.core.parameter", "sagemaker")
    whole = whole_numbers(spec)
    ranges: dict[str, Any] = {}
    for name, tried in tuning_of(spec).ranges.items():
        if isinstance(tried, tuple):
            ranges[name] = parameter.CategoricalParameter(list(tried))
        elif name in whole:
            ends = int(tried.min), int(tried.max)
            ranges[name] = parameter.IntegerParameter(*ends, scaling_type=tried.scaling)
        else:
            ends_of_floats = float(tried.min), float(tried.max)
            ranges[name] = parameter.ContinuousParameter(
                *ends_of_floats, scaling_type=tried.scaling
            )
    return ranges


def _snake(request: dict[str, Any]) -> dict[str, Any]:
    """The names of an API request as the SDK's objects spell them: `S3Uri` is `s3_uri`."""
    from botocore import xform_name

    return {xform_name(name): value for name, value in request.items()}


def _merged(config: Any, more: dict[str, Any]) -> dict[str, Any]:
    """A nested configuration with more in it."""
    merged = dict(config or {})
    for name, value in more.items():
        inner = isinstance(value, dict)
        merged[name] = _merged(merged.get(name), value) if inner else value
    return merged
