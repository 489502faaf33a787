"""Adam (Kingma and Ba 2015) on the rows of an array that a batch has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BETA1, _BETA2 = 0.9, 0.999


class Adam:
    """Changes an array in place; each row counts its own steps, so that rare ones are not behind.

    Args:
        array: float32, of any shape.
        rate: Learning rate.
        decay: Weight decay, added to the gradient.
        eps: Added to the root of the second moment.
    """

    def __init__(self, array: NDArray[np.float32], rate: float, decay: float, eps: float) -> None:
        self._array = array
        self._rate, self._decay, self._eps = rate, decay, eps
        self._mean = np.zeros_like(array)
        self._square = np.zeros_like(array)
        self._steps = np.zeros((len(array), *(1,) * (array.ndim - 1)), np.int64)

    def step(self, rows: Any, gradient: NDArray[np.float32]) -> None:
        """Change `rows`, an index without repetitions, against their gradient."""
        values = self._array[rows]
        gradient = gradient + self._decay * values
        steps = self._steps[rows] + 1
        mean = _BETA1 * self._mean[rows] + (1 - _BETA1) * gradient
        square = _BETA2 * self._square[rows] + (1 - _BETA2) * np.square(gradient)
        self._steps[rows], self._mean[rows], self._square[rows] = steps, mean, square
        # What has 64 bits has one number per row: the rest would take twice the time with it.
        rate = (self._rate / (1 - _BETA1**steps)).astype(np.float32)
        scale = (1 / np.sqrt(1 - _BETA2**steps)).astype(np.float32)
        self._array[rows] = values - rate * mean / (scale * np.sqrt(square) + self._eps)
