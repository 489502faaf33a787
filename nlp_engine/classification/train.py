"""Training text classifiers, with BlazingText's settings and artifacts."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.checkpoints import Checkpoints
from nlp_engine.classification import trainer
from nlp_engine.classification.artifacts import MODEL_FILE, write_classifier, write_training
from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluation import evaluate_folds, write_eval_json
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.classification.vocabulary import read_entries
from nlp_engine.classification.weights import label_weights
from nlp_engine.corpus.augmented import is_augmented_manifest, write_labelled
from nlp_engine.corpus.labelled import (
    LABEL_PREFIX,
    LabelledFiles,
    labelled_files,
    write_labels,
)
from nlp_engine.engines import fasttext
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.formats.fasttext import Entries
from nlp_engine.formats.stored_vectors import pretrained_rows
from nlp_engine.manifest import content_key, write_manifest
from nlp_engine.progress import Report, silent
from nlp_engine.text.tokenizers import TokenizerSettings


def train_classifier(
    corpus: Path | str,
    out: Path | str | None = None,
    *,
    validation: Path | str | None = None,
    checkpoints: Path | str | None = None,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Classifier:
    """Train a text classifier.

    The folder gets `model.bin` (a fastText model), `labels.json`, and `eval.json` with the
    evaluation on each fold at hand.

    Args:
        corpus: A labelled corpus folder; a file of lines `__label__NAME word word …`; or an
            augmented manifest (`nlp_engine.corpus.augmented`), whose words are between spaces.
        out: The folder to make; None keeps only the returned classifier.
        validation: Labelled file to evaluate on, or augmented manifest; by default the folder's
            own file. Early stopping needs one.
        checkpoints: An existing folder for checkpoints: what is interrupted goes on after its
            last whole epoch when it is called again with the same data and options.
        overwrite: Replace an existing folder.
        report: Told of words, loss and learning rate.
        **options: Fields of `ClassifierSettings`; `class_weights` may be a mapping.

    Returns:
        The classifier.

    Raises:
        InputError: The examples cannot be read or have fewer than two labels.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
        EngineError: The trainer failed.
    """
    if isinstance(options.get("class_weights"), Mapping):
        options["class_weights"] = json.dumps(options["class_weights"])
    chosen = settings.from_mapping(ClassifierSettings, options)
    given = labelled_files(Path(corpus))
    if validation:
        given = replace(given, validation=check_input_file(Path(validation)))
    kept = _checkpoints(given, chosen, Path(checkpoints)) if checkpoints else None
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "classifier"
            _train(given, target, chosen, kept, overwrite, report)
            return Classifier.open(target, threads=chosen.threads)
    _train(given, Path(out), chosen, kept, overwrite, report)
    return Classifier.open(out, threads=chosen.threads)


def _checkpoints(given: LabelledFiles, chosen: ClassifierSettings, folder: Path) -> Checkpoints:
    data = [path for path in (given.train, given.validation) if path]
    return Checkpoints(folder=folder, key=content_key(data, settings.to_mapping(chosen)))


def _train(
    given: LabelledFiles,
    out: Path,
    chosen: ClassifierSettings,
    checkpoints: Checkpoints | None,
    overwrite: bool,
    report: Report,
) -> None:
    started = time.monotonic()
    with new_folder(out, overwrite=overwrite) as folder, as_text(given) as files:
        entries = read_entries(
            files.train, min_count=chosen.min_count, threads=chosen.threads, report=report
        )
        names = label_names(files, entries)
        if chosen.engine == "native":
            _train_native(files, entries, names, chosen, checkpoints, folder, report)
        else:
            fasttext.train_classifier(
                corpus=files.train,
                model=folder / MODEL_FILE,
                arguments=_fasttext_arguments(files.train, chosen),
                words_to_read=entries.tokens * chosen.epochs,
                report=report,
            )
        write_labels(folder, names)
        finish_folder(folder, given, files, entries, chosen, started, report)
        if checkpoints:
            checkpoints.clear()


def finish_folder(
    folder: Path,
    given: LabelledFiles,
    files: LabelledFiles,
    entries: Entries,
    chosen: ClassifierSettings,
    started: float,
    report: Report,
    **counts: int,
) -> None:
    """Evaluate the model of a folder on each fold at hand, and write the manifest.

    Args:
        folder: It has a model file and label names.
        given: The corpus as it was given.
        files: The same in fastText's format.
        entries: Its words and labels.
        chosen: The settings of the model.
        started: When the work on the folder began, by `time.monotonic`.
        report: Told of the examples evaluated.
        **counts: Further counts for the manifest.
    """
    classifier = Classifier.open(folder / MODEL_FILE, threads=chosen.threads)
    results = evaluate_folds(classifier, files.folds, report)
    write_eval_json(folder, results)
    parent = given.manifest
    write_manifest(
        folder,
        format="classifier",
        language=parent.language if parent else "en",
        started=started,
        sources=[path for path in given.folds.values() if path and not parent],
        parents=[parent] if parent else [],
        settings=settings.to_mapping(chosen)
        | (TokenizerSettings.of(parent).for_manifest() if parent else {}),
        counts={
            "labels": len(entries.labels),
            "tokens": entries.tokens,
            "training_words": entries.tokens * chosen.epochs,
            **{f"{fold}_examples": result.examples for fold, result in results.items()},
            **counts,
        },
    )


def label_names(files: LabelledFiles, entries: Entries) -> dict[str, str]:
    """The names of labels by label word."""
    return {word: word.removeprefix(LABEL_PREFIX) for word in entries.labels} | dict(files.labels)


@contextlib.contextmanager
def as_text(given: LabelledFiles) -> Iterator[LabelledFiles]:
    """The same examples in fastText's format, for a while; errors name the given files."""
    with tempfile.TemporaryDirectory() as scratch:
        files = _converted(given, Path(scratch))
        try:
            yield files
        except InputError as error:
            message = str(error)
            for fold, path in files.folds.items():
                message = message.replace(str(path), str(given.folds[fold]))
            raise InputError(message) from error


def _converted(given: LabelledFiles, scratch: Path) -> LabelledFiles:
    paths, labels = dict[str, Path | None](), dict(given.labels)
    for fold, path in given.folds.items():
        paths[fold] = path
        if path and is_augmented_manifest(path):
            paths[fold] = scratch / f"{fold}.txt"
            labels |= write_labelled(path, scratch / f"{fold}.txt")
    assert paths["train"] is not None
    return replace(
        given,
        train=paths["train"],
        validation=paths["validation"],
        test=paths["test"],
        labels=labels,
    )


def _train_native(
    files: LabelledFiles,
    entries: Entries,
    names: Mapping[str, str],
    chosen: ClassifierSettings,
    checkpoints: Checkpoints | None,
    folder: Path,
    report: Report,
) -> None:
    start = chosen.pretrained_vectors
    labels = [names[word] for word in entries.labels]
    trained, run = trainer.train(
        trainer.read_data(files.train, files.validation, entries, chosen, report),
        entries,
        chosen,
        weights=label_weights(chosen.class_weights, labels, entries.label_counts),
        report=report,
        pretrained=pretrained_rows(Path(start), chosen.vector_dim) if start else None,
        checkpoints=checkpoints,
    )
    write_classifier(folder, trained, entries, chosen)
    write_training(folder, run)


def _fasttext_arguments(path: Path, chosen: ClassifierSettings) -> dict[str, Any]:
    """FastText's names for the settings."""
    return {
        "dim": chosen.vector_dim,
        "wordNgrams": chosen.word_ngrams,
        "bucket": chosen.buckets,
        "minCount": max(chosen.min_count, 1),
        "minn": chosen.min_char if chosen.subwords else 0,
        "maxn": chosen.max_char if chosen.subwords else 0,
        "epoch": chosen.epochs,
        "lr": chosen.learning_rate,
        "seed": chosen.seed,
        "thread": chosen.threads or os.cpu_count() or 1,
        "loss": chosen.loss or _fasttext_loss(path),
        "label": LABEL_PREFIX,
        "verbose": 2,
    }


def _fasttext_loss(path: Path) -> str:
    """`ova` if some line has several labels, else `softmax`."""
    prefix = LABEL_PREFIX.encode()
    with path.open("rb") as file:
        several = any(sum(w.startswith(prefix) for w in line.split()) > 1 for line in file)
    return "ova" if several else "softmax"
