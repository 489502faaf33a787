"""A job's specification as requests of SageMaker's API: specification in, dictionaries out."""

from nlp_engine.sagemaker.requests.hosting import (
    create_endpoint,
    create_endpoint_config,
    create_model,
)
from nlp_engine.sagemaker.requests.plan import Request, plan
from nlp_engine.sagemaker.requests.training import create_training_job
from nlp_engine.sagemaker.requests.transform import create_transform_job
from nlp_engine.sagemaker.requests.tuning import create_hyper_parameter_tuning_job

__all__ = [
    "Request",
    "create_endpoint",
    "create_endpoint_config",
    "create_hyper_parameter_tuning_job",
    "create_model",
    "create_training_job",
    "create_transform_job",
    "plan",
]
