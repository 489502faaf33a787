"""Requests and answers of SageMaker's Factorization Machines endpoint, in JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from nlp_engine.errors import InputError, require
from nlp_engine.personalize.factorization.hyperparameters import BINARY_CLASSIFIER
from nlp_engine.personalize.factorization.machine import FactorizationMachine

_THRESHOLD = 0.5


def answer(machine: FactorizationMachine, body: bytes | str) -> dict[str, Any]:
    """The answer to a request of content type `application/json`.

    Instances are sparse, `{"data": {"features": {"keys": […], "shape": [D], "values": […]}}}`, or
    dense, `{"features": […]}`.

    Returns:
        `{"predictions": [{"score": 0.4}]}`; of a classifier each has a `predicted_label`, too, and
        its score is the probability of 1.

    Raises:
        InputError: The body is no such request; the message names the instance.
    """
    try:
        instances = json.loads(body)["instances"]
        if not isinstance(instances, list):
            raise TypeError("instances is no list")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f'the body is no JSON object with a list "instances": {error}') from error
    sparse = require("scipy.sparse", "items")
    dim = len(machine.linear)
    read = [_instance(instance, number, dim) for number, instance in enumerate(instances, 1)]
    ends = np.cumsum([0, *(len(keys) for keys, _ in read)])
    keys = np.concatenate([np.empty(0, np.int64), *(keys for keys, _ in read)])
    values = np.concatenate([np.empty(0, np.float32), *(values for _, values in read)])
    scores = machine.score(sparse.csr_matrix((values, keys, ends), (len(read), dim)))
    if machine.predictor_type != BINARY_CLASSIFIER:
        return {"predictions": [{"score": score} for score in scores.tolist()]}
    return {
        "predictions": [
            {"score": score, "predicted_label": int(score >= _THRESHOLD)}
            for score in scores.tolist()
        ]
    }


def _instance(instance: Any, number: int, dim: int) -> tuple[Any, Any]:
    """Columns and values of one instance."""
    try:
        features = instance["data"]["features"] if "data" in instance else instance["features"]
        if isinstance(features, dict):
            keys, shape = np.asarray(features["keys"], np.int64), features.get("shape", [dim])
            values = np.asarray(features["values"], np.float32)
        else:
            values, shape = np.asarray(features, np.float32), [len(features)]
            keys = np.flatnonzero(values)
            values = values[keys]
        if keys.shape != values.shape or keys.ndim != 1:
            raise ValueError(f"{keys.size} keys and {values.size} values")
        if list(shape) != [dim]:
            raise ValueError(f"shape {shape}; the model has {dim} columns")
        if len(keys) and not 0 <= keys.min() <= keys.max() < dim:
            raise ValueError(f"a key is not from 0 to {dim - 1}")
        if not np.isfinite(values).all():
            raise ValueError("a value is not finite")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"instance {number}: {error}") from error
    return keys, values
