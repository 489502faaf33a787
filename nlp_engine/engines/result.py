"""What every trainer of word vectors gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainedVectors:
    """Trained matrices: V words, D dimensions, B n-gram buckets. Arrays may be memory maps.

    Attributes:
        words: (V) by falling count.
        counts: int64 (V), their occurrences in the corpus.
        input_rows: float32 (V, D). Without sub-words a word's row is its vector; with them its
            vector is the mean of its row and its n-grams' rows.
        output_rows: float32 (V, D), what words are predicted with.
        bucket_ids: int64 (B), rising: the n-gram buckets that `bucket_rows` holds; None without
            sub-words. All other buckets are zero.
        bucket_rows: float32 (B, D), or None without sub-words.
        losses: (words done, loss, learning rate) over the training; empty if the trainer does not
            tell its loss.
    """

    words: list[str]
    counts: NDArray[np.int64]
    input_rows: NDArray[np.float32]
    output_rows: NDArray[np.float32]
    bucket_ids: NDArray[np.int64] | None = None
    bucket_rows: NDArray[np.float32] | None = None
    losses: list[tuple[int, float, float]]
