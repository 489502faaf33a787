"""Hyperparameters of SageMaker's Factorization Machines, with its names and defaults."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.settings import setting

REGRESSOR, BINARY_CLASSIFIER = "regressor", "binary_classifier"


@dataclass(frozen=True, kw_only=True)
class FactorizationSettings:
    """How a Factorization Machine is trained."""

    feature_dim: int = setting(minimum=1, help="columns of the input")
    num_factors: int = setting(minimum=2, maximum=1000, help="factors of each column")
    predictor_type: str = setting(choices=(BINARY_CLASSIFIER, REGRESSOR), help="what is predicted")
    epochs: int = setting(1, minimum=1, help="passes over the training data")
    mini_batch_size: int = setting(1000, minimum=1, help="rows of a step")
    bias_lr: float = setting(0.1, minimum=0, help="learning rate of the bias")
    linear_lr: float = setting(0.001, minimum=0, help="learning rate of the linear terms")
    factors_lr: float = setting(0.0001, minimum=0, help="learning rate of the factors")
    bias_wd: float = setting(0.01, minimum=0, help="weight decay of the bias")
    linear_wd: float = setting(0.001, minimum=0, help="weight decay of the linear terms")
    factors_wd: float = setting(0.00001, minimum=0, help="weight decay of the factors")
    bias_init_sigma: float = setting(0.01, minimum=0, help="deviation of the first bias")
    linear_init_sigma: float = setting(0.01, minimum=0, help="deviation of the first linear terms")
    factors_init_sigma: float = setting(0.001, minimum=0, help="deviation of the first factors")
    clip_gradient: float | None = setting(None, above=0, help="largest part of a gradient")
    rescale_grad: float | None = setting(None, above=0, help="what gradients are multiplied by")
    eps: float = setting(1e-8, above=0, help="what keeps steps from dividing by 0")
    seed: int = setting(0, minimum=0, help="start of the random generator (not SageMaker's)")

    def __post_init__(self) -> None:
        settings.check(self)
