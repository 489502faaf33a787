"""What SageMaker tells a training container: `input/config/hyperparameters.json`."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from nlp_engine.errors import InputError
from nlp_engine.sagemaker.hyperparameters import Hyperparameters, check_hyperparameters

_PLATFORMS = ("_", "sagemaker_")  # names such as _tuning_objective_metric, which tuning jobs add


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
    return check_hyperparameters(given)


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
