"""Recommenders that scores of items are compared with, and the one by an item's metadata.

Each learns from a split's training interactions and then scores all items for users by what is
known of them: sparse (u, items) in, float32 (u, items) out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import require
from nlp_engine.personalize.evaluation.features import unit_rows

Scores = NDArray[np.float32]
Scorer = Callable[[Any], Scores]
Recommender = Callable[[Any], Scorer]

_DENSE = 0.05  # share of values of a sparse matrix from which on it is worked with as a dense one


def random_recommender(seed: int) -> Recommender:
    """Any item as well as any other."""

    def learn(training: Any) -> Scorer:
        generator = np.random.default_rng(seed)
        return lambda known: generator.random((known.shape[0], training.shape[1]), np.float32)

    return learn


def popularity(training: Any) -> Scorer:
    """The items with the most users."""
    counts = np.asarray(training.sum(axis=0), np.float32).ravel()
    return lambda known: np.tile(counts, (known.shape[0], 1))


def item_cosine(training: Any) -> Scorer:
    """Items whose users are those of the items that one knows: cosines of columns, summed up."""
    columns = unit_rows(training.T.tocsr()).T.tocsr()
    return lambda known: np.asarray(((known @ columns.T) @ columns).toarray(), np.float32)


def als(factors: int, seed: int) -> Recommender:
    """Implicit matrix factorization by alternating least squares (the library `implicit`).

    Raises:
        MissingExtraError: implicit is not installed.
    """
    module = require("implicit.cpu.als", "items")

    def learn(training: Any) -> Scorer:
        # It has threads of its own, which those of BLAS would get in the way of.
        with require("threadpoolctl", "items").threadpool_limits(1, "blas"):
            model = module.AlternatingLeastSquares(factors=factors, random_state=seed)
            model.fit(training, show_progress=False)

        def score(known: Any) -> Scores:
            users = model.recalculate_user(np.arange(known.shape[0]), known)
            return np.asarray(users @ model.item_factors.T, np.float32)

        return score

    return learn


def by_metadata(features: Any) -> Recommender:
    """Items like those that one knows: the mean of the cosines with them.

    Args:
        features: (N, D) array or sparse matrix, a row per item of the catalogue (`features`).
    """

    def learn(training: Any) -> Scorer:
        def score(known: Any) -> Scores:
            profiles = known[:, : features.shape[0]] @ features
            if not isinstance(profiles, np.ndarray) and profiles.nnz > _DENSE * np.prod(
                profiles.shape
            ):
                profiles = profiles.toarray()  # by which the product is some ten times faster
            products = profiles @ features.T
            found = products if isinstance(products, np.ndarray) else products.toarray()
            missing = training.shape[1] - features.shape[0]
            return np.pad(np.asarray(found, np.float32), ((0, 0), (0, missing)))

        return score

    return learn


def baselines(factors: int, seed: int) -> dict[str, Recommender]:
    """The recommenders that need no metadata, by name."""
    return {
        "random": random_recommender(seed),
        "popularity": popularity,
        "item cosine": item_cosine,
        f"ALS ({factors} factors)": als(factors, seed),
    }
