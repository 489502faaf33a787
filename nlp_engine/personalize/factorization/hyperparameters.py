"""Hyperparameters of SageMaker's Factorization Machines, with its names and defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting

REGRESSOR, BINARY_CLASSIFIER = "regressor", "binary_classifier"
NORMAL, UNIFORM, CONSTANT = "normal", "uniform", "constant"


def _method(what: str) -> Any:
    return setting(
        NORMAL, choices=(NORMAL, UNIFORM, CONSTANT), help=f"how the first {what} are drawn"
    )


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
    bias_init_method: str = _method("bias")
    bias_init_sigma: float = setting(0.01, minimum=0, help="normal: its deviation")
    bias_init_scale: float | None = setting(None, minimum=0, help="uniform: how far from 0")
    bias_init_value: float | None = setting(None, help="constant: the value")
    linear_init_method: str = _method("linear terms")
    linear_init_sigma: float = setting(0.01, minimum=0, help="normal: their deviation")
    linear_init_scale: float | None = setting(None, minimum=0, help="uniform: how far from 0")
    linear_init_value: float | None = setting(None, help="constant: the value")
    factors_init_method: str = _method("factors")
    factors_init_sigma: float = setting(0.001, minimum=0, help="normal: their deviation")
    factors_init_scale: float | None = setting(None, minimum=0, help="uniform: how far from 0")
    factors_init_value: float | None = setting(None, help="constant: the value")
    clip_gradient: float | None = setting(None, above=0, help="largest part of a gradient")
    rescale_grad: float | None = setting(None, above=0, help="what gradients are multiplied by")
    eps: float = setting(1e-8, above=0, help="what keeps steps from dividing by 0")
    seed: int = setting(0, minimum=0, help="start of the random generator (not SageMaker's)")

    def __post_init__(self) -> None:
        settings.check(self)
        for name in ("bias", "linear", "factors"):
            self.first_values(name)

    def first_values(self, name: str) -> tuple[str, float]:
        """Method and size of the first values of `bias`, `linear` or `factors`.

        Raises:
            SettingError: The size that the method needs is not given.
        """
        method = getattr(self, f"{name}_init_method")
        needed = {NORMAL: "sigma", UNIFORM: "scale", CONSTANT: "value"}[method]
        size = getattr(self, f"{name}_init_{needed}")
        if size is None:
            raise SettingError(
                f"{name}_init_method is {method!r}, which needs {name}_init_{needed}"
            )
        return method, size
