"""Training text classifiers, with BlazingText's settings and artifacts."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluation import evaluate_folds, write_eval_json
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.corpus.labelled import (
    LABEL_PREFIX,
    LabelledFiles,
    labelled_files,
    write_labels,
)
from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.engines import fasttext
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.manifest import write_manifest
from nlp_engine.progress import Report, silent
from nlp_engine.text.tokenizers import TokenizerSettings


def train_classifier(
    corpus: Path | str,
    out: Path | str | None = None,
    *,
    validation: Path | str | None = None,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Classifier:
    """Train a text classifier.

    The folder gets `model.bin` (a fastText model), `labels.json`, and `eval.json` with the
    evaluation on each fold at hand.

    Args:
        corpus: A labelled corpus folder, or a file of lines `__label__NAME word word …`.
        out: The folder to make; None keeps only the returned classifier.
        validation: Labelled file to evaluate on; by default the folder's own.
        overwrite: Replace an existing folder.
        report: Told of words, loss and learning rate.
        **options: Fields of `ClassifierSettings`.

    Returns:
        The classifier.

    Raises:
        InputError: The examples cannot be read or have fewer than two labels.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
        EngineError: The trainer failed.
    """
    chosen = settings.from_mapping(ClassifierSettings, options)
    files = labelled_files(Path(corpus))
    held_out = check_input_file(Path(validation)) if validation else files.validation
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "classifier"
            _train(files, held_out, target, chosen, overwrite, report)
            return Classifier.open(target)
    _train(files, held_out, Path(out), chosen, overwrite, report)
    return Classifier.open(out)


def _train(
    files: LabelledFiles,
    validation: Path | None,
    out: Path,
    chosen: ClassifierSettings,
    overwrite: bool,
    report: Report,
) -> None:
    started = time.monotonic()
    with new_folder(out, overwrite=overwrite) as folder:
        encoded = encode_corpus(files.train, report=report)
        labels = [word for word in encoded.words if word.startswith(LABEL_PREFIX)]
        if len(labels) < 2:
            raise InputError(
                f"{files.train} has {len(labels)} labels; a classifier needs two "
                f"(lines begin with {LABEL_PREFIX}NAME)"
            )
        fasttext.train_classifier(
            corpus=files.train,
            model=folder / "model.bin",
            arguments=_fasttext_arguments(chosen),
            words_to_read=encoded.tokens * chosen.epochs,
            report=report,
        )
        names = {word: word.removeprefix(LABEL_PREFIX) for word in labels}
        write_labels(folder, {**names, **files.labels})
        classifier = Classifier.open(folder / "model.bin")
        folds = {"train": files.train, "validation": validation, "test": files.test}
        results = evaluate_folds(classifier, folds, report)
        write_eval_json(folder, results)
        parent = files.manifest
        write_manifest(
            folder,
            format="classifier",
            language=parent.language if parent else "en",
            started=started,
            sources=[path for path in folds.values() if path and not parent],
            parents=[parent] if parent else [],
            settings=settings.to_mapping(chosen)
            | (TokenizerSettings.of(parent).for_manifest() if parent else {}),
            counts={
                "labels": len(labels),
                "tokens": encoded.tokens,
                "training_words": encoded.tokens * chosen.epochs,
                **{f"{fold}_examples": result.examples for fold, result in results.items()},
            },
        )


def _fasttext_arguments(chosen: ClassifierSettings) -> dict[str, Any]:
    """FastText's names for the settings."""
    return {
        "dim": chosen.vector_dim,
        "wordNgrams": chosen.word_ngrams,
        "bucket": chosen.buckets,
        "minCount": max(chosen.min_count, 1),
        "epoch": chosen.epochs,
        "lr": chosen.learning_rate,
        "seed": chosen.seed,
        "thread": chosen.threads or os.cpu_count() or 1,
        "loss": "softmax",
        "label": LABEL_PREFIX,
        "verbose": 2,
    }
