"""What a classifier folder holds: BlazingText's artifact, and how the training went."""

from __future__ import annotations

import json
from pathlib import Path

from nlp_engine.classification.checkpoint import TrainingRun
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.classification.trainer import TrainedClassifier
from nlp_engine.formats import fasttext

MODEL_FILE, COMPRESSED_FILE = "model.bin", "model.ftz"
MODEL_FILES = (MODEL_FILE, COMPRESSED_FILE)
"""fastText's names; a classifier folder has one of them."""

TRAINING_FILE = "training.json"


def write_classifier(
    folder: Path,
    trained: TrainedClassifier,
    entries: fasttext.Entries,
    chosen: ClassifierSettings,
) -> None:
    """Write `model.bin`, a fastText model."""
    fasttext.write_model(
        folder / MODEL_FILE,
        settings=model_settings(chosen, trained.loss),
        entries=entries,
        input_rows=trained.input_rows,
        output_rows=trained.output_rows,
        bucket_ids=trained.buckets.ids,
        bucket_rows=trained.buckets,
    )


def model_settings(chosen: ClassifierSettings, loss: str) -> fasttext.ModelSettings:
    """What a model file says about a training."""
    return fasttext.ModelSettings(
        model="supervised",
        loss=loss,
        epochs=chosen.epochs,
        min_count=chosen.min_count,
        word_ngrams=chosen.word_ngrams,
        min_char=chosen.min_char if chosen.subwords else 0,
        max_char=chosen.max_char if chosen.subwords else 0,
        buckets=chosen.buckets if chosen.has_ngrams else 0,
    )


def write_training(folder: Path, run: TrainingRun) -> None:
    """Write `training.json`: losses, validation, and seconds of the training phase."""
    measured = {
        "loss": run.losses,
        "validation": run.validation,
        "best_epoch": run.best_epoch,
        "seconds": run.seconds,
        "cpu_seconds": run.cpu_seconds,
    }
    text = json.dumps(measured, indent=4, sort_keys=True)
    (folder / TRAINING_FILE).write_text(text + "\n", encoding="utf-8")
