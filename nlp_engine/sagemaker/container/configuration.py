"""What SageMaker tells a training container: `input/config/hyperparameters.json`."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.embeddings.hyperparameters import Word2VecSettings, with_preset
from nlp_engine.errors import InputError, SettingError
from nlp_engine.settings import setting

SUPERVISED = "supervised"
MODES = ("batch_skipgram", "skipgram", "cbow", SUPERVISED)
_PLATFORMS = ("_", "sagemaker_")  # names such as _tuning_objective_metric, which tuning jobs add


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


def read_hyperparameters(root: Path) -> Hyperparameters:
    """The job's hyperparameters; all values may be strings, as SageMaker passes them on.

    A string in quotation marks counts without them, as SDKs that encode every value as JSON send
    it. Names that the platform adds are left out.

    Args:
        root: What stands for `/opt/ml`.

    Raises:
        InputError: The file is missing or no JSON object.
        SettingError: A name that does not exist, a value out of its range, or no `mode`.
    """
    content = read_object(root / "input" / "config" / "hyperparameters.json")
    given = {
        name: _unquoted(value) for name, value in content.items() if not name.startswith(_PLATFORMS)
    }
    mode = given.get("mode")
    if mode not in MODES:
        problem = "is required" if mode is None else f"is {mode!r}"
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


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        InputError: The file is missing, or no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no JSON object")
    return content


def _unquoted(value: Any) -> Any:
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value
