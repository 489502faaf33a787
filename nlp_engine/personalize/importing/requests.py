"""Requests of Personalize's API: specification and ARNs in, dictionaries out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nlp_engine.personalize.importing.spec import (
    Dataset,
    ImportSpec,
    Recommender,
    Serving,
    Solution,
    recipe_arn,
)
from nlp_engine.personalize.profiles import Domain
from nlp_engine.personalize.schema import DatasetType


def create_schema(spec: ImportSpec, name: str, schema: str) -> dict[str, Any]:
    """CreateSchema; of a domain's group it is one of that domain."""
    return {"name": name, "schema": schema, **_domain(spec)}


def create_dataset_group(spec: ImportSpec) -> dict[str, Any]:
    """CreateDatasetGroup."""
    return {"name": spec.group.name, **_domain(spec)}


def create_dataset(
    kind: DatasetType, dataset: Dataset, *, group_arn: str, schema_arn: str
) -> dict[str, Any]:
    """CreateDataset."""
    return {
        "name": dataset.name or kind.lower(),
        "datasetGroupArn": group_arn,
        "datasetType": str(kind),
        "schemaArn": schema_arn,
    }


def create_dataset_import_job(
    spec: ImportSpec, dataset: Dataset, name: str, *, dataset_arn: str, location: str
) -> dict[str, Any]:
    """CreateDatasetImportJob."""
    return {
        "jobName": name,
        "datasetArn": dataset_arn,
        "dataSource": {"dataLocation": location},
        "roleArn": spec.group.role,
        "importMode": dataset.import_mode,
    }


def create_event_tracker(name: str, *, group_arn: str) -> dict[str, Any]:
    """CreateEventTracker."""
    return {"name": name, "datasetGroupArn": group_arn}


def create_filter(name: str, expression: str, *, group_arn: str) -> dict[str, Any]:
    """CreateFilter."""
    return {"name": name, "datasetGroupArn": group_arn, "filterExpression": expression}


def create_solution(solution: Solution, *, group_arn: str) -> dict[str, Any]:
    """CreateSolution; training by itself is off unless it is asked for, since it costs."""
    options = solution.options
    config: dict[str, Any] = {}
    if options.event_value_threshold is not None:
        config["eventValueThreshold"] = f"{options.event_value_threshold:g}"
    if solution.hyperparameters:
        config["algorithmHyperParameters"] = dict(solution.hyperparameters)
    if solution.excluded_columns:
        config["trainingDataConfig"] = _training_data(solution.excluded_columns)
    if options.auto_training_days is not None:
        days = options.auto_training_days
        rate = f"rate({days} day{'s' if days > 1 else ''})"
        config["autoTrainingConfig"] = {"schedulingExpression": rate}
    request: dict[str, Any] = {
        "name": solution.name,
        "datasetGroupArn": group_arn,
        "recipeArn": recipe_arn(options.recipe),
        "performAutoTraining": options.auto_training_days is not None,
    }
    if options.hpo:
        request["performHPO"] = True
    if options.event_type is not None:
        request["eventType"] = options.event_type
    return request | ({"solutionConfig": config} if config else {})


def create_solution_version(*, solution_arn: str) -> dict[str, Any]:
    """CreateSolutionVersion: a full training."""
    return {"solutionArn": solution_arn, "trainingMode": "FULL"}


def create_campaign(name: str, serving: Serving, *, solution_arn: str) -> dict[str, Any]:
    """CreateCampaign, of the solution's latest version."""
    options = serving.options
    config: dict[str, Any] = {"syncWithLatestSolutionVersion": options.follow_latest}
    if options.with_metadata:
        config["enableMetadataWithRecommendations"] = True
    if serving.exploration:
        config["itemExplorationConfig"] = dict(serving.exploration)
    if serving.ranking_influence:
        config["rankingInfluence"] = dict(serving.ranking_influence)
    return {
        "name": options.name or name,
        "solutionVersionArn": f"{solution_arn}/$LATEST",
        "minProvisionedTPS": options.min_tps,
        "campaignConfig": config,
    }


def create_recommender(recommender: Recommender, *, group_arn: str) -> dict[str, Any]:
    """CreateRecommender."""
    serving = recommender.serving
    config: dict[str, Any] = {"minRecommendationRequestsPerSecond": serving.options.min_tps}
    if serving.options.with_metadata:
        config["enableMetadataWithRecommendations"] = True
    if serving.exploration:
        config["itemExplorationConfig"] = dict(serving.exploration)
    if recommender.excluded_columns:
        config["trainingDataConfig"] = _training_data(recommender.excluded_columns)
    return {
        "name": serving.options.name or recommender.name,
        "datasetGroupArn": group_arn,
        "recipeArn": recipe_arn(recommender.recipe),
        "recommenderConfig": config,
    }


def _domain(spec: ImportSpec) -> dict[str, str]:
    return {} if spec.group.domain == Domain.CUSTOM else {"domain": str(spec.group.domain)}


def _training_data(columns: Mapping[DatasetType, Sequence[str]]) -> dict[str, Any]:
    return {"excludedDatasetColumns": {kind.upper(): list(c) for kind, c in columns.items()}}
