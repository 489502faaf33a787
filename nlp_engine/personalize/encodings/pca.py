"""Principal components of text vectors as numeric columns."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import Self

import numpy as np
from numpy.typing import NDArray

_LETTERS = len(ascii_uppercase)


@dataclass(frozen=True, slots=True)
class PrincipalComponents:
    """C directions in which vectors of D dimensions differ most.

    Attributes:
        mean: float32 (D).
        directions: float32 (C, D), of length 1 each, the largest variance first.
    """

    mean: NDArray[np.float32]
    directions: NDArray[np.float32]

    @classmethod
    def fit(cls, rows: NDArray[np.float32], count: int) -> Self:
        """Fit up to `count` directions to (N, D) rows; the same rows give the same ones."""
        mean = rows.mean(axis=0)
        centred = rows - mean
        _, vectors = np.linalg.eigh(centred.T @ centred)
        directions = vectors[:, ::-1].T[:count]
        largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], 1)
        return cls(mean, np.asarray(directions * np.sign(largest), np.float32))

    def columns(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (N, C): the components of (N, D) rows."""
        return np.asarray((rows - self.mean) @ self.directions.T, np.float32)


def column_name(number: int) -> str:
    """The name of a component's column: EMB_AA, EMB_AB, … without digits, which AWS may map."""
    return f"EMB_{ascii_uppercase[number // _LETTERS]}{ascii_uppercase[number % _LETTERS]}"
