"""CreateHyperParameterTuningJob: the same training with many settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker.requests.training import training_definition
from nlp_engine.sagemaker.spec import JobSpec, Range, Tuning


def tuning_of(spec: JobSpec) -> Tuning:
    """The section `[tuning]`.

    Raises:
        SettingError: There is none.
    """
    if spec.tuning is None:
        raise SettingError(
            "the job has no [tuning] section; it needs an objective and [tuning.ranges]"
        )
    return spec.tuning


def whole_numbers(spec: JobSpec) -> set[str]:
    """The names of the settings that are whole numbers."""
    return {
        field.name
        for field in dataclasses.fields(spec.settings_class)
        if field.type in ("int", "int | None")
    }


def create_hyper_parameter_tuning_job(spec: JobSpec) -> dict[str, Any]:
    """The CreateHyperParameterTuningJob request.

    Raises:
        SettingError: The specification has no `[tuning]` or no `[sagemaker]` section.
    """
    tuning = tuning_of(spec)
    options = tuning.options
    config: dict[str, Any] = {
        "Strategy": options.strategy,
        "HyperParameterTuningJobObjective": {
            "Type": "Maximize",
            "MetricName": options.objective,
        },
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": options.max_jobs,
            "MaxParallelTrainingJobs": options.max_parallel_jobs,
        },
        "ParameterRanges": _ranges(tuning.ranges, whole_numbers(spec)),
        "TrainingJobEarlyStoppingType": "Auto" if options.early_stopping else "Off",
    }
    if options.seed is not None:
        config["RandomSeed"] = options.seed
    request: dict[str, Any] = {
        "HyperParameterTuningJobName": spec.name,
        "HyperParameterTuningJobConfig": config,
        "TrainingJobDefinition": {
            "StaticHyperParameters": spec.strings(),
            **training_definition(spec),
        },
    }
    if options.warm_start:
        request["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": [
                {"HyperParameterTuningJobName": name} for name in options.warm_start
            ],
            "WarmStartType": "IdenticalDataAndAlgorithm",
        }
    return request


def _ranges(
    ranges: Mapping[str, Range | tuple[str, ...]], whole: set[str]
) -> dict[str, list[dict[str, Any]]]:
    request: dict[str, list[dict[str, Any]]] = {
        "IntegerParameterRanges": [],
        "ContinuousParameterRanges": [],
        "CategoricalParameterRanges": [],
    }
    for name, tried in ranges.items():
        if isinstance(tried, tuple):
            request["CategoricalParameterRanges"].append({"Name": name, "Values": list(tried)})
            continue
        kind = int if name in whole else float
        request[f"{'Integer' if kind is int else 'Continuous'}ParameterRanges"].append(
            {
                "Name": name,
                "MinValue": str(kind(tried.min)),
                "MaxValue": str(kind(tried.max)),
                "ScalingType": tried.scaling,
            }
        )
    return {kind: found for kind, found in request.items() if found}
