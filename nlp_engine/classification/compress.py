"""Making a classifier smaller: fewer words and n-grams, and a byte where there were two numbers."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine import settings
from nlp_engine.classification.artifacts import COMPRESSED_FILE
from nlp_engine.classification.classifier import Classifier, model_file
from nlp_engine.classification.compression import Change, Compression, write_compression
from nlp_engine.classification.evaluation import (
    ClassificationResult,
    evaluate_examples,
    evaluate_folds,
    read_eval_json,
    read_examples,
    write_eval_json,
)
from nlp_engine.classification.evaluation.result import EVAL_FILE
from nlp_engine.classification.pruning import OUTPUT_PART_DIM, KeptRows, choose_rows, row_norms
from nlp_engine.classification.quantization import quantize_matrix
from nlp_engine.classification.settings import CompressionSettings
from nlp_engine.corpus.labelled import labelled_files, write_labels
from nlp_engine.errors import FormatError, SettingError
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.formats import fasttext
from nlp_engine.manifest import write_manifest
from nlp_engine.native.classifier import ClassifierMatrix, QuantizedMatrix
from nlp_engine.progress import Report, silent


def compress_classifier(
    model: Path | str,
    out: Path | str,
    *,
    data: Path | str | None = None,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Compression:
    """Make a smaller classifier, and find what that costs in accuracy.

    The folder gets `model.ftz` (a quantised fastText model), `labels.json`, `compression.json`, and
    with data `eval.json`. The same model, settings and seed give the same bytes.

    Args:
        model: A classifier folder, or a supervised fastText model file.
        out: The folder to make.
        data: A labelled corpus folder or file, tokenised as the training data was, to measure
            accuracy on before and after. Without it only what the model's folder recorded is known.
        overwrite: Replace an existing folder.
        report: Told of parts, vectors and examples done.
        **options: Fields of `CompressionSettings`; `max_size` may be a number of bytes.

    Returns:
        Sizes and accuracies.

    Raises:
        InputError: The model or data cannot be read, or the model is compressed already.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range, or no model is as small as
            `max_size`.
    """
    if isinstance(options.get("max_size"), int):
        options["max_size"] = f"{options['max_size']}B"
    chosen = settings.from_mapping(CompressionSettings, options)
    files = _files(Path(data)) if data is not None else {}
    given = _Given.open(Path(model), chosen)
    started = time.monotonic()
    with new_folder(Path(out), overwrite=overwrite) as folder:
        norms, _ = row_norms(given.input_rows), row_norms(given.output_rows)
        used = norms[len(given.stored.model.words) :] > 0
        kept = choose_rows(given.stored.model, norms, chosen)
        _write_model(folder, given, kept, chosen, report)
        write_labels(folder, given.classifier.labels)
        made = Classifier.open(folder / COMPRESSED_FILE, threads=chosen.threads)
        results = evaluate_folds(made, files, report)
        found = Compression(
            bytes=Change(given.file.stat().st_size, kept.bytes),
            words=Change(len(given.stored.model.words), len(kept.words)),
            ngrams=Change(int(used.sum()), int(used[kept.buckets].sum())),
            accuracy=_accuracies(given, files, results, report),
        )
        write_compression(folder, found)
        if results:
            write_eval_json(folder, results)
        _write_manifest(folder, given, files, found, results, chosen, started)
    return found


@dataclass(frozen=True, kw_only=True)
class _Given:
    """The model to compress; its matrices stay in the file."""

    file: Path
    classifier: Classifier
    stored: fasttext.FastTextClassifier
    input_rows: NDArray[np.float32]
    output_rows: NDArray[np.float32]

    @classmethod
    def open(cls, path: Path, chosen: CompressionSettings) -> _Given:
        classifier = Classifier.open(path, threads=chosen.threads)
        file = model_file(path) if classifier.manifest else path
        stored = fasttext.open_classifier(file)
        inputs, outputs = stored.input_matrix, stored.output_matrix
        if isinstance(inputs, QuantizedMatrix) or isinstance(outputs, QuantizedMatrix):
            raise FormatError(f"{path} is compressed already; name the model it was made from")
        if chosen.dsub > stored.model.vector_dim:
            raise SettingError(
                f"dsub is {chosen.dsub}, but the model's vectors have {stored.model.vector_dim} "
                "numbers; lower it"
            )
        return cls(
            file=file, classifier=classifier, stored=stored, input_rows=inputs, output_rows=outputs
        )


def _files(data: Path) -> dict[str, Path | None]:
    if data.is_dir():
        return labelled_files(data).folds
    return {data.stem: check_input_file(data)}


def _write_model(
    folder: Path, given: _Given, kept: KeptRows, chosen: CompressionSettings, report: Report
) -> None:
    model = given.stored.model
    rows = np.concatenate([kept.words, len(model.words) + kept.buckets.astype(np.int64)])
    how: dict[str, Any] = {
        "norms": chosen.qnorm,
        "seed": chosen.seed,
        "threads": chosen.threads or os.cpu_count() or 1,
        "report": report,
    }
    outputs: ClassifierMatrix = given.output_rows
    if kept.quantize_output:
        labels = np.arange(len(model.labels))
        outputs = quantize_matrix(given.output_rows, labels, part_dim=OUTPUT_PART_DIM, **how)
    fasttext.write_quantized_model(
        folder / COMPRESSED_FILE,
        settings=fasttext.ModelSettings.of(model),
        entries=fasttext.Entries(
            words=[model.words[word] for word in kept.words.tolist()],
            counts=[model.counts[word] for word in kept.words.tolist()],
            labels=model.labels,
            label_counts=model.label_counts,
            tokens=model.tokens,
        ),
        kept_buckets=kept.buckets if kept.pruned else None,
        input_matrix=quantize_matrix(given.input_rows, rows, part_dim=chosen.dsub, **how),
        output_matrix=outputs,
    )


def _accuracies(
    given: _Given,
    files: Mapping[str, Path | None],
    results: Mapping[str, ClassificationResult],
    report: Report,
) -> dict[str, Change]:
    """Before and after on the files; without any, what the model's folder recorded."""
    recorded = given.file.with_name(EVAL_FILE)
    if not files and given.classifier.manifest and recorded.exists():
        known = read_eval_json(recorded)
        return {name: Change(result.accuracy, None) for name, result in known.items()}
    changes = {}
    for name, result in results.items():
        path = files[name]
        assert path is not None
        before = evaluate_examples(
            given.classifier, read_examples(path), details=False, report=report
        )
        changes[name] = Change(before.accuracy, result.accuracy)
    return changes


def _write_manifest(
    folder: Path,
    given: _Given,
    files: Mapping[str, Path | None],
    found: Compression,
    results: Mapping[str, ClassificationResult],
    chosen: CompressionSettings,
    started: float,
) -> None:
    """The settings are the model's, its tokenizer among them, and those of the compression."""
    parent = given.classifier.manifest
    sources = [] if parent else [given.file]
    write_manifest(
        folder,
        format="classifier",
        language=parent.language if parent else "en",
        started=started,
        sources=[*sources, *(path for path in files.values() if path)],
        parents=[parent] if parent else [],
        settings=dict(parent.settings if parent else {})
        | {"compression": settings.to_mapping(chosen)},
        counts={
            "labels": len(given.stored.model.labels),
            "words": int(found.words.after or 0),
            "ngrams": int(found.ngrams.after or 0),
            "bytes": int(found.bytes.after or 0),
            **{f"{fold}_examples": result.examples for fold, result in results.items()},
        },
    )
