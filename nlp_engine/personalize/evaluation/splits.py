"""What is known and what is to be found: Personalize's split by time, and folds of new items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.personalize.evaluation.interactions import Interactions

_TENTH = 10


@dataclass(frozen=True, kw_only=True)
class Split:
    """One test.

    Attributes:
        training: Sparse, users by items: what recommenders learn from.
        known: Sparse, (U) test users by items: what is known of them.
        truth: Sparse, (U) test users by items: what they interacted with then; 1 at least each.
        candidates: (C) items that may be recommended.
    """

    training: Any
    known: Any
    truth: Any
    candidates: NDArray[np.int64]


def warm_splits(
    interactions: Interactions, *, folds: int, users: int, seed: int
) -> Iterator[Split]:
    """As Personalize splits: a tenth of the users are tested, on the newest tenth of theirs.

    Recommenders learn from the other users; of those tested, the older interactions are known. A
    user with fewer than ten interactions has one to be found, and one with a single one is left
    out.

    Args:
        interactions: All of them.
        folds: Tenths of the users, a split for each.
        users: Test users of all splits together, at most.
        seed: Which users are in which tenth.
    """
    generator = np.random.default_rng(seed)
    tenth_of = generator.permutation(interactions.user_count) % _TENTH
    counts = np.bincount(interactions.users, minlength=interactions.user_count)
    is_new = _age(interactions, counts) < np.maximum(counts // _TENTH, 1)[interactions.users]
    for fold in range(folds):
        tested = np.flatnonzero((tenth_of == fold) & (counts > 1))[: -(-users // folds)]
        if len(tested):
            old, new = interactions.matrix(~is_new), interactions.matrix(is_new)
            training = interactions.matrix(tenth_of[interactions.users] != fold)
            everything = np.arange(interactions.item_count)
            yield Split(
                training=training, known=old[tested], truth=new[tested], candidates=everything
            )


def cold_splits(
    interactions: Interactions, items: int, *, folds: int, users: int, seed: int
) -> Iterator[Split]:
    """Items that nobody has seen: all interactions of a share of the catalogue are taken away.

    Only these items are ranked, for the users who have interacted with one of them and with others.

    Args:
        interactions: All of them.
        items: Items of the catalogue, which have metadata.
        folds: Shares, a split for each.
        users: Test users of a split at most.
        seed: Which items are in which share.
    """
    share_of = np.random.default_rng(seed).permutation(items) % folds
    share_of = np.concatenate([share_of, np.full(interactions.item_count - items, folds)])
    for fold in range(folds):
        is_cold = share_of[interactions.items] == fold
        training, truth = interactions.matrix(~is_cold), interactions.matrix(is_cold)
        tested = np.flatnonzero((np.diff(training.indptr) > 0) & (np.diff(truth.indptr) > 0))
        tested = tested[:users]
        if len(tested):
            yield Split(
                training=training,
                known=training[tested],
                truth=truth[tested],
                candidates=np.flatnonzero(share_of == fold),
            )


def _age(interactions: Interactions, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """(E) how many interactions of the same user are newer."""
    order = np.argsort(interactions.users, kind="stable")
    ends = np.cumsum(counts)[interactions.users[order]]
    age = np.empty(len(order), np.int64)
    age[order] = ends - 1 - np.arange(len(order))
    return age
