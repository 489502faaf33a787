"""The same jobs as objects of the SageMaker SDK, version 3, for people who work in notebooks.

Traps of the SDK that these functions go around: it wants a region before it is imported, tells AWS
of every call unless its configuration opts out, and checks the role by a right of its own
(`iam:SimulatePrincipalPolicy`) that many have not. boto3 alone does all of this, too
(`nlp_engine.sagemaker.jobs`); the SDK takes a gigabyte.
"""

from nlp_engine.sagemaker.sdk.hosting import (
    deploy_arguments,
    model_builder,
    transform_arguments,
    transformer,
)
from nlp_engine.sagemaker.sdk.session import open_session
from nlp_engine.sagemaker.sdk.training import channels, hyperparameter_tuner, model_trainer, trained

__all__ = [
    "channels",
    "deploy_arguments",
    "hyperparameter_tuner",
    "model_builder",
    "model_trainer",
    "open_session",
    "trained",
    "transform_arguments",
    "transformer",
]
