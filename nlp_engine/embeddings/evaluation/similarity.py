"""Word similarity: Spearman's rank correlation with human judgements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nlp_engine.embeddings.evaluation.sets import WordPair
from nlp_engine.embeddings.evaluation.vocabulary import find_rows
from nlp_engine.embeddings.vectors import WordVectors


@dataclass(frozen=True, slots=True)
class SimilarityResult:
    """The outcome on one set of word pairs; the field names are BlazingText's.

    Attributes:
        not_found: Pairs of which a word is not in the vocabulary; they are left out.
        spearmans_rho: Spearman's rho over the other pairs, -1 to 1; 0 with fewer than two.
        total_pairs: Pairs in the set.
    """

    not_found: int
    spearmans_rho: float
    total_pairs: int


def evaluate_pairs(vectors: WordVectors, pairs: Sequence[WordPair]) -> SimilarityResult:
    """Compare the cosines of word pairs with their scores."""
    words = [word for pair in pairs for word in (pair.first, pair.second)]
    rows = find_rows(vectors, words).reshape(-1, 2)
    found = (rows >= 0).all(axis=1)
    first, second = vectors.unit[rows[found, 0]], vectors.unit[rows[found, 1]]
    scores = np.array([pair.score for pair in pairs])
    return SimilarityResult(
        not_found=int((~found).sum()),
        spearmans_rho=spearman((first * second).sum(axis=1), scores[found]),
        total_pairs=len(pairs),
    )


def spearman(first: ArrayLike, second: ArrayLike) -> float:
    """Spearman's rank correlation of (N) and (N) numbers; ties share their mean rank.

    0 for fewer than two pairs or if one side is constant.
    """
    ranks = np.stack([_ranks(np.asarray(first)), _ranks(np.asarray(second))])
    if ranks.shape[1] < 2:
        return 0.0
    deviations = ranks - ranks.mean(axis=1, keepdims=True)
    norms = np.sqrt((deviations**2).sum(axis=1))
    return float(deviations[0] @ deviations[1] / norms.prod()) if norms.all() else 0.0


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    return np.asarray(last - (sizes - 1) / 2)[group]
