"""Trainers of others with BlazingText's settings, called by the names they have there.

Neither fastText nor gensim has a batched mode: `batch_skipgram` trains the same model pair by pair
there, and `batch_size` has no meaning.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nlp_engine.corpus.vocabulary import EncodedCorpus
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.engines import fasttext, gensim
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.native.word2vec import LAST_LEARNING_RATE
from nlp_engine.progress import Report


def train_with_fasttext(
    corpus: EncodedCorpus, chosen: Word2VecSettings, *, folder: Path, report: Report
) -> TrainedVectors:
    """Train word vectors with fastText.

    Args:
        corpus: Encoded with the settings' `min_count`.
        chosen: The settings.
        folder: An empty folder that lasts as long as the result.
        report: Told of words, loss and learning rate.

    Raises:
        MissingExtraError: fastText is not installed.
        EngineError: fastText failed.
    """
    arguments = fasttext_arguments(chosen)
    return fasttext.train_vectors(corpus, arguments=arguments, folder=folder, report=report)


def train_with_gensim(
    corpus: EncodedCorpus, chosen: Word2VecSettings, *, folder: Path, report: Report
) -> TrainedVectors:
    """Train word vectors with gensim: as `train_with_fasttext`, but gensim tells no loss."""
    return gensim.train_vectors(
        corpus,
        subwords=chosen.subwords,
        arguments=gensim_arguments(chosen),
        folder=folder,
        report=report,
    )


def fasttext_arguments(chosen: Word2VecSettings) -> dict[str, Any]:
    """Arguments of `fasttext.train_unsupervised`."""
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
        "seed": chosen.seed,
        "verbose": 2,
    }


def gensim_arguments(chosen: Word2VecSettings) -> dict[str, Any]:
    """Arguments of gensim's `Word2Vec`, or of its `FastText` with sub-words."""
    ngrams = {"min_n": chosen.min_char, "max_n": chosen.max_char, "bucket": chosen.buckets}
    return {
        "sg": int(chosen.mode != "cbow"),
        "vector_size": chosen.vector_dim,
        "window": chosen.window_size,
        "negative": chosen.negative_samples,
        "ns_exponent": chosen.ns_exponent,
        "sample": chosen.sampling_threshold,
        "epochs": chosen.epochs,
        "alpha": chosen.learning_rate,
        "min_alpha": chosen.learning_rate * LAST_LEARNING_RATE,
        "workers": chosen.threads or os.cpu_count() or 1,
        "seed": chosen.seed,
        **(ngrams if chosen.subwords else {}),
    }
