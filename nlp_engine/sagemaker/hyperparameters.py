"""The hyperparameters of a job: those of the training, and those of the container itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nlp_engine import settings
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.embeddings.hyperparameters import Word2VecSettings, with_preset
from nlp_engine.errors import SettingError, cut
from nlp_engine.settings import setting

SUPERVISED = "supervised"
MODES = ("batch_skipgram", "skipgram", "cbow", SUPERVISED)


@dataclass(frozen=True, kw_only=True)
class ContainerSettings:
    """Hyperparameters of the container itself, beside those of the training."""

    several_files: str = setting(
        "refuse",
        choices=("refuse", "concat"),
        help="what to do with several files in a channel: refuse them, as BlazingText wants one; "
        "or concatenate them in the order of their names",
    )

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hyperparameters:
    """The hyperparameters of a job, checked.

    Attributes:
        container: Those of the container.
        training: Those of the training.
        options: What the job gave of the latter, by name, as it came.
    """

    container: ContainerSettings
    training: Word2VecSettings | ClassifierSettings
    options: Mapping[str, Any]

    @property
    def mode(self) -> str:
        """The training architecture."""
        return self.training.mode

    @property
    def supervised(self) -> bool:
        """Whether a classifier is trained."""
        return self.mode == SUPERVISED


def check_hyperparameters(given: Mapping[str, Any]) -> Hyperparameters:
    """Check hyperparameters, in a job's specification or in a container.

    Args:
        given: Values by name; all may be strings, as SageMaker passes them on.

    Raises:
        SettingError: A name that does not exist, a value out of its range, or no `mode`.
    """
    mode = given.get("mode")
    if mode not in MODES:
        problem = "is required" if mode is None else f"is {cut(repr(mode))}"
        raise SettingError(
            f"the hyperparameter mode {problem}; it must be one of {', '.join(MODES)}"
        )
    names = {field.name for field in dataclasses.fields(ContainerSettings)}
    options = {name: value for name, value in given.items() if name not in names}
    own = {name: value for name, value in given.items() if name in names}
    return Hyperparameters(
        container=settings.from_mapping(ContainerSettings, own),
        training=settings.from_mapping(ClassifierSettings, options)
        if mode == SUPERVISED
        else settings.from_mapping(Word2VecSettings, with_preset(options)),
        options=options,
    )
