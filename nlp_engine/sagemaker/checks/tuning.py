"""What is tuned, and by which metric."""

from __future__ import annotations

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker import blazingtext, metrics
from nlp_engine.sagemaker.spec import JobSpec, Tuning


def check_tuning(spec: JobSpec, tuning: Tuning) -> None:
    """Check a tuning for SageMaker.

    Raises:
        SettingError: The training has no such metric, or a setting cannot be tuned.
    """
    check_objective(spec, tuning)
    if not spec.is_blazingtext:
        return
    tunable = blazingtext.tunable(supervised=spec.supervised)
    for name in tuning.ranges:
        if name not in tunable:
            raise SettingError(
                f"[tuning.ranges] has {name}, which BlazingText does not tune; "
                f"known are {', '.join(sorted(tunable))}"
            )


def check_objective(spec: JobSpec, tuning: Tuning) -> None:
    """Check that the training has the metric that tuning wants.

    Raises:
        SettingError: It has not; the message names those that it has.
    """
    found = metrics.names(supervised=spec.supervised, validation="validation" in spec.channels)
    objective = tuning.options.objective
    if objective not in found:
        more = "; train:accuracy needs nothing, validation:accuracy validation in [data]"
        raise SettingError(
            f"[tuning] objective is {objective}, but mode {spec.modes[0]} with this data has "
            f"{', '.join(found)}" + (more if spec.supervised else "")
        )
    if objective == metrics.MEAN_RHO and not spec.evaluates:
        raise SettingError("[tuning] objective is train:mean_rho, which needs evaluation = true")
