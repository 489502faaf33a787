"""Training word vectors, with BlazingText's settings and artifacts."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from nlp_engine import settings
from nlp_engine.corpus.build import corpus_file
from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.embeddings.evaluation import bundled_sets, eval_json, evaluate
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.engines import fasttext
from nlp_engine.files import new_folder
from nlp_engine.formats import word2vec
from nlp_engine.manifest import write_manifest
from nlp_engine.progress import Report, silent
from nlp_engine.text.tokenizers import TokenizerSettings

_log = logging.getLogger(__name__)


def train_vectors(
    corpus: Path | str,
    out: Path | str | None = None,
    *,
    pairs: Sequence[Path | str] = (),
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> WordVectors:
    """Train word vectors.

    The folder gets `vectors.txt` (word2vec text, most frequent word first), `vectors.bin` (a
    fastText model) and `eval.json` (if evaluated), as BlazingText's `model.tar.gz` has them.

    Args:
        corpus: A corpus folder, or a file with one sentence of space-separated words per line.
        out: The folder to make; None keeps only the returned vectors.
        pairs: Files of word pairs or analogies to evaluate on; by default WordSim353,
            SimLex-999 and Google's analogies for English.
        overwrite: Replace an existing folder.
        report: Told of words, loss and learning rate.
        **options: Fields of `Word2VecSettings`; `mode` is required.

    Returns:
        The vectors.

    Raises:
        InputError: The corpus cannot be read or no word reaches `min_count`.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
        EngineError: The trainer failed.
    """
    chosen = settings.from_mapping(Word2VecSettings, options)
    for remark in chosen.remarks():
        _log.warning(remark)
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            _train(Path(corpus), Path(folder) / "vectors", chosen, pairs, overwrite, report)
            return WordVectors.open(Path(folder) / "vectors")
    _train(Path(corpus), Path(out), chosen, pairs, overwrite, report)
    return WordVectors.open(out)


def _train(
    corpus: Path,
    out: Path,
    chosen: Word2VecSettings,
    pairs: Sequence[Path | str],
    overwrite: bool,
    report: Report,
) -> None:
    started = time.monotonic()
    path, parent = corpus_file(corpus)
    language = parent.language if parent else "en"
    pair_files = [Path(pair) for pair in pairs]
    if not chosen.evaluation:
        pair_files = []
    elif not pair_files:
        pair_files = bundled_sets(language)
        if not pair_files:
            _log.warning("no evaluation set for language %s: not evaluated", language)
    with new_folder(out, overwrite=overwrite) as folder:
        encoded = encode_corpus(path, min_count=max(chosen.min_count, 1), report=report)
        array = folder / "vectors.npy"
        model = fasttext.train(
            corpus=path,
            model=folder / "vectors.bin",
            supervised=False,
            arguments=_fasttext_arguments(chosen),
            words_to_read=encoded.tokens * chosen.epochs,
            report=report,
            vectors=array,
        )
        vectors = WordVectors(model.words, np.load(array))
        array.unlink()
        word2vec.write_text(folder / "vectors.txt", vectors.words, vectors.matrix)
        if pair_files:
            results = eval_json(evaluate(vectors, pair_files))
            text = json.dumps(results, indent=4, sort_keys=True)
            (folder / "eval.json").write_text(text + "\n", encoding="utf-8")
        write_manifest(
            folder,
            format="vectors",
            language=language,
            started=started,
            sources=[] if parent else [path],
            parents=[parent] if parent else [],
            settings=settings.to_mapping(chosen)
            | (TokenizerSettings.of(parent).for_manifest() if parent else {}),
            counts={
                "words": len(vectors),
                "tokens": encoded.tokens,
                "training_words": encoded.tokens * chosen.epochs,
            },
        )


def _fasttext_arguments(chosen: Word2VecSettings) -> dict[str, Any]:
    """FastText's names for the settings.

    It has no batched mode: `batch_skipgram` trains the same model pair by pair there, and
    `batch_size` has no meaning.
    """
    default = {field.name: field.default for field in fields(chosen)}["batch_size"]
    if chosen.batch_size != default:
        _log.warning("engine fasttext has no batches: batch_size is not used")
    return {
        "model": "cbow" if chosen.mode == "cbow" else "skipgram",
        "dim": chosen.vector_dim,
        "ws": chosen.window_size,
        "neg": chosen.negative_samples,
        "t": chosen.sampling_threshold,
        "minCount": max(chosen.min_count, 1),
        "epoch": chosen.epochs,
        "lr": chosen.learning_rate,
        "minn": chosen.min_char if chosen.subwords else 0,
        "maxn": chosen.max_char if chosen.subwords else 0,
        "bucket": chosen.buckets,
        "thread": chosen.threads or os.cpu_count() or 1,
        "verbose": 2,
    }
