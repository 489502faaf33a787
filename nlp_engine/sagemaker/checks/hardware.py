"""Which modes run on which machines.

Source: Amazon SageMaker developer guide, "BlazingText", and the checks in AWS's own notebook, whose
sentences these errors begin with.
"""

from __future__ import annotations

from nlp_engine.errors import SettingError
from nlp_engine.sagemaker import blazingtext
from nlp_engine.sagemaker.spec import JobSpec


def check_hardware(spec: JobSpec) -> None:
    """Check the modes against the type and number of the instances.

    Raises:
        SettingError: A mode does not run there.
    """
    type, count = spec.instance.type, spec.instance.count
    accelerated = blazingtext.has_accelerator(type)
    gpus = blazingtext.GPUS.get(type, 0)
    if accelerated and not spec.is_blazingtext:
        raise SettingError(
            f"[instance] type is {type}, but the image trains on processors alone; choose one "
            "without GPUs, such as ml.c5.2xlarge"
        )
    if accelerated and not gpus:
        raise SettingError(
            f"[instance] type is {type}; of instances with GPUs, BlazingText runs on P2, P3, G4dn "
            "and G5"
        )
    if count > 1 and accelerated:
        raise SettingError(
            "Please use a single GPU instance or change to multiple CPU instances: "
            f"[instance] is {count} × {type}"
        )
    for mode in spec.modes:
        _check_mode(mode, type, count, gpus)


def _check_mode(mode: str, type: str, count: int, gpus: int) -> None:
    if count > 1 and mode != "batch_skipgram":
        raise SettingError(
            "Only batch_skipgram is available when training on multiple CPU instances: "
            f"mode is {mode}, [instance] count is {count}"
        )
    if gpus and mode == "batch_skipgram":
        raise SettingError(
            f"batch_skipgram is not supported on GPU: [instance] type is {type}; choose one "
            "without GPUs, or mode skipgram or cbow"
        )
    if gpus > 1 and mode == "supervised":
        raise SettingError(
            f"mode supervised uses a single GPU: [instance] type {type} has {gpus}; choose one "
            "with one, such as ml.p3.2xlarge, or without"
        )
