"""Scores of a Factorization Machine of order two.

The score of a row x is b + w·x + Σ over pairs i < j of (v_i·v_j) x_i x_j (Rendle 2010), which is
computed as b + w·x + ½ Σ over factors of ((xV)² − x²V²).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def raw_scores(
    rows: Any,
    bias: NDArray[np.float32],
    linear: NDArray[np.float32],
    factors: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N) scores of sparse (N, D) rows, and (N, F) sums of their columns' factors."""
    sums = rows @ factors
    squares = rows.multiply(rows).tocsr() @ np.square(factors)
    pairs = (np.square(sums) - squares).sum(axis=1) / 2
    return np.asarray(bias[0] + rows @ linear + pairs, np.float32), sums


def logistic(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of (N) scores of a classifier."""
    return np.asarray(0.5 * (1 + np.tanh(scores / 2)), np.float32)
