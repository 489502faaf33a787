"""What a vectors folder holds: BlazingText's artifacts, and how the training went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp_engine.embeddings.evaluation import eval_json, evaluate
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.formats import fasttext, word2vec

TRAINING_FILE = "training.json"


def write_vectors(
    folder: Path, trained: TrainedVectors, chosen: Word2VecSettings, *, tokens: int
) -> WordVectors:
    """Write `vectors.bin`, a fastText model, and `vectors.txt`, a word vector per line.

    Returns:
        The vectors, as the model's file has them.
    """
    subwords = trained.bucket_ids is not None
    fasttext.write_model(
        folder / "vectors.bin",
        settings=fasttext.ModelSettings(
            model="cbow" if chosen.mode == "cbow" else "skipgram",
            window_size=chosen.window_size,
            epochs=chosen.epochs,
            min_count=chosen.min_count,
            negative_samples=chosen.negative_samples,
            sampling_threshold=chosen.sampling_threshold,
            min_char=chosen.min_char if subwords else 0,
            max_char=chosen.max_char if subwords else 0,
            buckets=chosen.buckets if subwords else 0,
        ),
        entries=fasttext.Entries(
            words=trained.words, counts=trained.counts.tolist(), tokens=tokens
        ),
        input_rows=trained.input_rows,
        output_rows=trained.output_rows,
        bucket_ids=trained.bucket_ids,
        bucket_rows=trained.bucket_rows,
    )
    vectors = WordVectors.open(folder / "vectors.bin")
    word2vec.write_text(folder / "vectors.txt", vectors.words, vectors.matrix)
    return vectors


def write_evaluation(folder: Path, vectors: WordVectors, sets: Mapping[str, Path]) -> None:
    """Write `eval.json`: vectors on files of word pairs and analogies."""
    _write_json(folder / "eval.json", eval_json(evaluate(vectors, sets)))


def write_training(folder: Path, **measured: Any) -> None:
    """Write `training.json`: losses, and seconds of the training phase."""
    _write_json(folder / TRAINING_FILE, measured)


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=4, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")
