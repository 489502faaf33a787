"""The metrics of a training, by the names that tuning knows and the log lines that carry them."""

from __future__ import annotations

from collections.abc import Mapping

MEAN_RHO = "train:mean_rho"
TRAIN_ACCURACY = "train:accuracy"
VALIDATION_ACCURACY = "validation:accuracy"

REGEXES: Mapping[str, str] = {
    MEAN_RHO: r"#mean_rho: (\S+)",
    TRAIN_ACCURACY: r"#train_accuracy: (\S+)",
    VALIDATION_ACCURACY: r"#?[Vv]alidation[_ ]accuracy: (\S+)",
}
"""What SageMaker looks for in the log of an image that is not its own. Source: AWS's MLSpace.

Validation accuracy is found after every epoch, too, in the line that `early_stopping` of a
classifier writes, so that a tuning can stop jobs early; the last one is `#validation_accuracy`.
"""

IN_EVAL_JSON: Mapping[str, str] = {
    MEAN_RHO: "mean_rho",
    TRAIN_ACCURACY: "train_accuracy",
    VALIDATION_ACCURACY: "validation_accuracy",
}
"""Where a model folder's `eval.json` has them."""


def names(*, supervised: bool, validation: bool) -> list[str]:
    """The metrics of a training.

    Args:
        supervised: Whether a classifier is trained.
        validation: Whether there is a validation channel.
    """
    if not supervised:
        return [MEAN_RHO]
    return [TRAIN_ACCURACY, VALIDATION_ACCURACY] if validation else [TRAIN_ACCURACY]
