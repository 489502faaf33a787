"""Early stopping of trials, by the rule that SageMaker's documentation gives for its own.

After each epoch a trial is stopped if its objective is below the median of what the earlier trials
had on the average until that epoch. Source: Amazon SageMaker developer guide, "Stop Training Jobs
Early". Three earlier trials are the least here, since a median of fewer says little.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import fmean, median

from nlp_engine.sagemaker import metrics
from nlp_engine.sagemaker.spec import JobSpec

Curve = Mapping[int, float]
"""The objective of a trial by epoch, from 1."""

_FEWEST_EARLIER = 3
_EPOCH = re.compile(r"End of epoch: (\d+)")
_VALUE = re.compile(metrics.REGEXES[metrics.VALIDATION_ACCURACY])


def tells_every_epoch(spec: JobSpec, objective: str) -> bool:
    """Whether the training tells its objective after its epochs, and not at its end alone."""
    return objective == metrics.VALIDATION_ACCURACY and spec.stops_early


def promises_little(curve: Curve, earlier: Sequence[Curve]) -> bool:
    """Whether a trial is worse than most.

    Args:
        curve: Its objective until now; it is to be as large as can be.
        earlier: Those of the trials that have ended before.
    """
    now = max(curve)
    averages = []
    for other in earlier:
        until_now = [value for epoch, value in other.items() if epoch <= now]
        if until_now:
            averages.append(fmean(until_now))
    return len(averages) >= _FEWEST_EARLIER and curve[now] < median(averages)


class LogReader:
    """Finds the objective of each epoch in the lines of a training's log.

    Attributes:
        curve: What was found.
    """

    def __init__(self) -> None:
        self.curve: dict[int, float] = {}
        self._epoch: int | None = None

    def read(self, line: str) -> bool:
        """Read a line; whether it tells the objective of an epoch."""
        if found := _EPOCH.search(line):
            self._epoch = int(found[1])
        elif self._epoch is not None and (found := _VALUE.search(line)):
            self.curve[self._epoch], self._epoch = float(found[1]), None
            return True
        return False
