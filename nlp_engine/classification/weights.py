"""How much the examples of a label count in training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.hyperparameters import BALANCED
from nlp_engine.errors import SettingError

_MOST = float(np.finfo(np.float32).max)


def label_weights(
    class_weights: str | None, labels: Sequence[str], counts: Sequence[int]
) -> NDArray[np.float32]:
    """float32 (L), a factor of the learning rate for each label.

    Args:
        class_weights: None, all the same; `balanced`, sum of counts / (L * count), as in
            scikit-learn; or numbers by label as JSON, or a file of that. A label without a number
            has 1.
        labels: (L) labels as in the training data.
        counts: (L) their examples.

    Raises:
        SettingError: It is no such JSON, a number is not above 0, or a label does not exist.
    """
    if class_weights is None:
        return np.ones(len(labels), np.float32)
    if class_weights == BALANCED:
        return np.asarray(sum(counts) / (len(counts) * np.asarray(counts, float)), np.float32)
    given = _parse(class_weights)
    for label, weight in given.items():
        if label not in labels:
            raise SettingError(
                f"class_weights has a number for {label!r}, which is no label of the examples; "
                f"labels are {', '.join(labels[:5])}{', …' if len(labels) > 5 else ''}"
            )
        is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not is_number or not 0 < weight <= _MOST:
            raise SettingError(
                f"class_weights has {weight!r} for {label!r}; it must be a finite number above 0"
            )
    return np.array([given.get(label, 1) for label in labels], np.float32)


def _parse(class_weights: str) -> Mapping[str, Any]:
    text = class_weights
    if not text.lstrip().startswith("{"):
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise SettingError(
                f"class_weights is {class_weights!r}; it must be {BALANCED}, numbers by label "
                f'such as {{"spam": 5}}, or a file of them ({error})'
            ) from error
    try:
        given = json.loads(text)
    except ValueError as error:
        raise SettingError(f"class_weights is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise SettingError("class_weights is no JSON object of numbers by label")
    return given
