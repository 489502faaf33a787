"""Training and tuning as the SDK's objects."""

from __future__ import annotations

from typing import Any

from nlp_engine.errors import require
from nlp_engine.sagemaker import aws
from nlp_engine.sagemaker.checks import check_for_sagemaker
from nlp_engine.sagemaker.requests.training import image_uri, training_definition
from nlp_engine.sagemaker.requests.tuning import tuning_of, whole_numbers
from nlp_engine.sagemaker.sdk.session import checked
from nlp_engine.sagemaker.spec import JobSpec


def model_trainer(spec: JobSpec, session: Any = None) -> Any:
    """The job as a `ModelTrainer`: `.train()` starts it, under its name with date and time.

    Args:
        spec: The job.
        session: Of the SDK; by default that of `open_session`.

    Raises:
        SettingError: SageMaker would refuse the job.
        MissingExtraError: The SDK is not installed.
    """
    spec, session = checked(spec, "train", session)
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


def trained(spec: JobSpec, by: Any) -> JobSpec:
    """The job under the name that the SDK gave it, which its model and endpoint then have, too.

    Args:
        spec: The job.
        by: The `ModelTrainer` that ran it, or the `HyperparameterTuner` whose best job counts.
    """
    tuned = hasattr(by, "best_training_job")
    # A ModelTrainer has no public name for its job.
    name = by.best_training_job() if tuned else by._latest_training_job.training_job_name
    return spec.named(str(name))


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
