"""The trials of a tuning on this machine: training them, and what is kept of them."""

from nlp_engine.sagemaker.trials.record import TUNING_FILE, describe, read_earlier, write_record
from nlp_engine.sagemaker.trials.stopping import tells_every_epoch
from nlp_engine.sagemaker.trials.training import FAILED, FINISHED, STOPPED, Trained, Trainer

__all__ = [
    "FAILED",
    "FINISHED",
    "STOPPED",
    "TUNING_FILE",
    "Trained",
    "Trainer",
    "describe",
    "read_earlier",
    "tells_every_epoch",
    "write_record",
]
