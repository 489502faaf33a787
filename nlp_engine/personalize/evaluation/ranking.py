"""Lists that a recommender makes for the test users of splits, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp_engine.personalize import metrics
from nlp_engine.personalize.evaluation.recommenders import Recommender
from nlp_engine.personalize.evaluation.result import KS, RankingResult
from nlp_engine.personalize.evaluation.splits import Split

_LENGTH = 25
_TOP = 10  # of the metrics that rows are compared by
_SCORES_PER_BLOCK = 1 << 22
_TIE = 1e-9  # of the largest score: what decides between equal ones, at random


@dataclass(frozen=True, kw_only=True)
class Lists:
    """The lists of (U) test users of all splits.

    Attributes:
        items: (U, 25) the recommended items, the best first; -1 where there were no more.
        hits: bool (U, 25), which of them the users interacted with.
        relevant: (U) how many items they interacted with.
    """

    items: NDArray[np.int64]
    hits: metrics.Hits
    relevant: NDArray[np.int64]

    @property
    def ndcg(self) -> metrics.PerUser:
        """(U) nDCG@10, by which recommenders are compared user by user."""
        return metrics.ndcg_at(self.hits, self.relevant, _TOP)

    def result(self, item_count: int, compared: Lists | None = None) -> RankingResult:
        """Metrics, means over users.

        Args:
            item_count: Items that there are.
            compared: Lists of another recommender for the same users.
        """
        hits = self.hits
        difference = self.ndcg - compared.ndcg if compared else None
        return RankingResult(
            users=len(hits),
            coverage=metrics.coverage(self.items, item_count),
            mean_reciprocal_rank_at_25=_mean(metrics.reciprocal_rank_at(hits, _LENGTH)),
            ndcg={k: _mean(metrics.ndcg_at(hits, self.relevant, k)) for k in KS},
            precision={k: _mean(metrics.precision_at(hits, k)) for k in KS},
            hit_rate_at_10=_mean(metrics.hit_rate_at(hits, _TOP)),
            standard_error=_standard_error(self.ndcg),
            difference=None if difference is None else _mean(difference),
            difference_error=None if difference is None else _standard_error(difference),
        )


def rank(recommender: Recommender, splits: Iterable[Split], *, seed: int) -> Lists:
    """The best 25 candidates for each test user that the user does not know yet.

    Args:
        recommender: Learns from each split anew.
        splits: At least one.
        seed: Decides between items of equal scores.
    """
    items, hits, relevant = [], [], []
    generator = np.random.default_rng(seed)
    for split in splits:
        score = recommender(split.training)
        size = max(1, _SCORES_PER_BLOCK // split.training.shape[1])
        for begin in range(0, split.known.shape[0], size):
            block = slice(begin, begin + size)
            known, truth = split.known[block], split.truth[block]
            scores = score(known).astype(np.float64)
            scores += generator.random(scores.shape) * _TIE * (np.abs(scores).max() or 1)
            scores[known.nonzero()] = -np.inf
            found = _highest(scores[:, split.candidates])
            listed = np.where(found < 0, -1, split.candidates[found])
            is_true = np.zeros(scores.shape, bool)
            is_true[truth.nonzero()] = True
            items.append(listed)
            hits.append(np.take_along_axis(is_true, np.maximum(listed, 0), axis=1) & (listed >= 0))
            relevant.append(np.diff(truth.indptr).astype(np.int64))
    return Lists(
        items=np.concatenate(items), hits=np.concatenate(hits), relevant=np.concatenate(relevant)
    )


def _highest(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """(u, 25) columns of the highest scores, the highest first; -1 for those that are out."""
    count = min(_LENGTH, scores.shape[1])
    columns = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    values = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-values, axis=1)
    columns = np.take_along_axis(columns, order, axis=1).astype(np.int64)
    columns[np.isinf(np.take_along_axis(values, order, axis=1))] = -1
    return np.pad(columns, ((0, 0), (0, _LENGTH - count)), constant_values=-1)


def _mean(values: metrics.PerUser) -> float:
    return float(values.mean())


def _standard_error(values: metrics.PerUser) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
