"""What AWS's BlazingText takes: hyperparameters by mode, what can be tuned, which machines.

Source: Amazon SageMaker developer guide, "BlazingText"; GPUs by instance type from AWS's lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LONGEST_SPOT_WAIT = 3600  # seconds: built-in algorithms without checkpoints may not wait longer

_ALL = {"mode", "vector_dim", "min_count", "epochs", "learning_rate", "buckets"}
_WORD2VEC = _ALL | {
    "window_size",
    "negative_samples",
    "sampling_threshold",
    "batch_size",
    "subwords",
    "min_char",
    "max_char",
    "evaluation",
}
_SUPERVISED = _ALL | {"word_ngrams", "early_stopping", "patience", "min_epochs"}
_NEVER_TUNED = {"subwords", "min_char", "max_char", "evaluation", "early_stopping", "patience"}
_NEVER_TUNED |= {"min_epochs"}

GPUS: Mapping[str, int] = {
    "ml.p2.xlarge": 1,
    "ml.p2.8xlarge": 8,
    "ml.p2.16xlarge": 16,
    "ml.p3.2xlarge": 1,
    "ml.p3.8xlarge": 4,
    "ml.p3.16xlarge": 8,
    "ml.p3dn.24xlarge": 8,
    "ml.g4dn.xlarge": 1,
    "ml.g4dn.2xlarge": 1,
    "ml.g4dn.4xlarge": 1,
    "ml.g4dn.8xlarge": 1,
    "ml.g4dn.12xlarge": 4,
    "ml.g4dn.16xlarge": 1,
    "ml.g5.xlarge": 1,
    "ml.g5.2xlarge": 1,
    "ml.g5.4xlarge": 1,
    "ml.g5.8xlarge": 1,
    "ml.g5.12xlarge": 4,
    "ml.g5.16xlarge": 1,
    "ml.g5.24xlarge": 4,
    "ml.g5.48xlarge": 8,
}
"""The GPUs of the instance types that BlazingText can use."""

_ACCELERATED = re.compile(r"ml\.(p|g|gr|trn|inf)\d")


def hyperparameters(*, supervised: bool) -> set[str]:
    """The names that BlazingText knows in its modes."""
    return set(_SUPERVISED if supervised else _WORD2VEC)


def tunable(*, supervised: bool) -> set[str]:
    """The names that SageMaker can tune."""
    fixed = _NEVER_TUNED | ({"mode"} if supervised else {"buckets"})
    return hyperparameters(supervised=supervised) - fixed


def has_accelerator(instance_type: str) -> bool:
    """Whether machines of a type have GPUs or the like."""
    return bool(_ACCELERATED.match(instance_type))
