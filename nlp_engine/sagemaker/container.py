"""SageMaker's training contract: `/opt/ml` in, model files out, as BlazingText keeps it."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.classification.train import train_classifier
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.embeddings.train import train_vectors
from nlp_engine.errors import InputError, NlpEngineError, SettingError
from nlp_engine.sagemaker.training_log import TrainingLog

ML_ROOT = Path("/opt/ml")
_FAILURE_CHARACTERS = 1024  # what SageMaker shows of the failure file

_log = logging.getLogger(__name__)


def train(root: Path = ML_ROOT) -> int:
    """Run one training job.

    Reads `input/config/hyperparameters.json` and the channels `input/data/train` and
    `validation`; writes the artifacts to `model`, or the reason to `output/failure`.

    Args:
        root: What stands for `/opt/ml`.

    Returns:
        The exit code: 0, or 1 after a failure.
    """
    try:
        _train(root)
    except (NlpEngineError, OSError) as error:
        (root / "output").mkdir(parents=True, exist_ok=True)
        message = str(error)[:_FAILURE_CHARACTERS]
        (root / "output" / "failure").write_text(message, encoding="utf-8")
        _log.error("Training failed: %s", message)
        return 1
    return 0


def _train(root: Path) -> None:
    options = read_hyperparameters(root / "input" / "config" / "hyperparameters.json")
    corpus = channel_file(root / "input" / "data" / "train")
    with tempfile.TemporaryDirectory(dir=root) as scratch:
        made = Path(scratch) / "model"
        _log.info("Processing %s . File size: %s MB", corpus, corpus.stat().st_size / 2**20)
        if options.get("mode") == "supervised":
            validation = root / "input" / "data" / "validation"
            held_out = channel_file(validation) if validation.is_dir() else None
            chosen = settings.from_mapping(ClassifierSettings, options)
            log = TrainingLog(chosen.epochs, chosen.threads)
            train_classifier(corpus, made, validation=held_out, report=log.report, **options)
            log.finish(".")
            _log_accuracies(made)
        else:
            log = TrainingLog(settings.from_mapping(Word2VecSettings, options).epochs)
            train_vectors(corpus, made, report=log.report, **options)
            log.finish("!")
            _log_mean_rho(made)
        target = root / "model"
        target.mkdir(exist_ok=True)
        for path in made.iterdir():
            shutil.move(path, target / path.name)


def read_hyperparameters(path: Path) -> dict[str, Any]:
    """The job's hyperparameters, all strings.

    Raises:
        SettingError: The file is missing or no JSON object, or there is no `mode`.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise SettingError(f"{path} holds no JSON object")
    if "mode" not in content:
        raise SettingError("the hyperparameter mode is required")
    return content


def channel_file(folder: Path) -> Path:
    """The one file of a channel; empty files and those beginning with `.` or `_` do not count.

    Raises:
        InputError: The channel is missing, or has no file or several.
    """
    if not folder.is_dir():
        raise InputError(f"the channel {folder.name} is missing ({folder})")
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.stat().st_size and path.name[0] not in "._"
    ]
    if len(files) != 1:
        found = ", ".join(path.name for path in files) or "nothing"
        raise InputError(
            f"the channel {folder.name} needs one file with text, found {found}; "
            "concatenate several files into one"
        )
    return files[0]


def _log_mean_rho(made: Path) -> None:
    path = made / "eval.json"
    if path.exists():
        results = json.loads(path.read_text(encoding="utf-8"))
        _log.info("#mean_rho: %s", results["mean_rho"])


def _log_accuracies(made: Path) -> None:
    results = json.loads((made / "eval.json").read_text(encoding="utf-8"))
    for fold in ("train", "validation"):
        if fold in results:
            _log.info("#%s_accuracy: %s", fold, round(results[f"{fold}_accuracy"], 4))
            _log.info("Number of %s examples: %s", fold, results[fold]["examples"])


def main() -> None:
    """The container's command: train on `/opt/ml` and exit."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    sys.exit(train())


if __name__ == "__main__":
    main()
