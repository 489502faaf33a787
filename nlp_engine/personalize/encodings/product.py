"""Product quantisation: a code for each piece of a vector, all within one categorical column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import SettingError
from nlp_engine.personalize import limits
from nlp_engine.personalize.encodings.kmeans import fit_kmeans, nearest_centroids, sample


@dataclass(frozen=True, slots=True)
class ProductQuantizer:
    """M codebooks of K centroids, one for each piece of a vector of D dimensions.

    Attributes:
        centroids: float32 (M, K, D / M).
    """

    centroids: NDArray[np.float32]

    @classmethod
    def fit(cls, rows: NDArray[np.float32], *, pieces: int = 10, seed: int) -> Self:
        """Fit to (N, D) rows; all pieces together have as many values as a column may have.

        Raises:
            SettingError: The pieces do not divide the dimensions.
        """
        if rows.shape[1] % pieces:
            raise SettingError(
                f"{pieces} pieces do not divide vectors of {rows.shape[1]} dimensions"
            )
        count = min(limits.MAX_DISTINCT_VALUES // pieces, len(rows))
        chosen = rows[sample(np.arange(len(rows)), count, seed=seed)]
        parts = np.split(chosen, pieces, axis=1)
        return cls(np.stack([fit_kmeans(part, count, seed=seed) for part in parts]))

    def codes(self, rows: NDArray[np.float32]) -> NDArray[np.int16]:
        """int16 (N, M): the codes of (N, D) rows, those of piece m from m * K on."""
        pieces, count, _ = self.centroids.shape
        parts = np.split(rows, pieces, axis=1)
        nearest = [
            nearest_centroids(part, centroids, spherical=False)[0] + number * count
            for number, (part, centroids) in enumerate(zip(parts, self.centroids, strict=True))
        ]
        return np.stack(nearest, axis=1).astype(np.int16)
