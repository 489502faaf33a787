from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.embeddings import peers
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.progress import silent


@pytest.mark.parametrize("train", [peers.train_with_fasttext, peers.train_with_gensim])
@pytest.mark.parametrize(
    ("mode", "subwords"), [("batch_skipgram", False), ("skipgram", True), ("cbow", False)]
)
def test_both_give_rows_of_the_same_words(
    tmp_path: Path, train: Callable[..., TrainedVectors], mode: str, subwords: bool
) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("the cat sat on the mat\nthe dog sat on the log\n" * 50)
    corpus = encode_corpus(path, min_count=5)
    chosen = Word2VecSettings(mode=mode, subwords=subwords, vector_dim=8, buckets=100, threads=2)
    result = train(corpus, chosen, folder=tmp_path, report=silent)
    assert result.words == corpus.words
    assert result.input_rows.shape == result.output_rows.shape == (7, 8)
    assert np.isfinite(result.input_rows).all() and np.abs(result.output_rows).max() > 0
    assert (result.bucket_rows is not None) == subwords
    if subwords:
        assert result.bucket_rows is not None and result.bucket_rows.shape == (100, 8)


def test_every_setting_reaches_both() -> None:
    usual = Word2VecSettings(mode="skipgram", subwords=True, threads=1)
    changes = {
        "mode": "cbow", "vector_dim": 7, "window_size": 3, "negative_samples": 9, "epochs": 2,
        "sampling_threshold": 0.5, "learning_rate": 0.1, "min_char": 2, "max_char": 8,
        "buckets": 99, "threads": 3, "subwords": False, "seed": 2,
    }  # fmt: skip
    for arguments in (peers.fasttext_arguments, peers.gensim_arguments):
        for name, value in changes.items():
            assert arguments(replace(usual, **{name: value})) != arguments(usual), name
    assert peers.gensim_arguments(replace(usual, ns_exponent=0.5))["ns_exponent"] == 0.5
