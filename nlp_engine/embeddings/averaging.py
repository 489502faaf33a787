"""One model again from what several ranks have made of it, by Allreduce.

Training on copies that are averaged now and then follows Ji, Satish, Li and Dubey ("Parallelizing
Word2Vec in Shared and Distributed Memory", 2016). Where the ranks have changed a row alike, the
mean of their changes counts; where they have changed it independently, as with rare words, which
perhaps one rank alone has seen, the sum. This is the idea of Maleki et al. ("Scaling Distributed
Training with Adaptive Summation", 2021), here for any number of ranks at once: the sum of changes
is scaled by the ratio of their squares' sum to their sum's square, which is 1 / R for R equal
changes and 1 for orthogonal ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import require

_BLOCK_FLOATS = 1 << 20  # so many numbers at once: few messages, and near the processor
_TINY = np.float32(1e-30)


class Averaging:
    """Averages matrices in place, row by row, over all ranks of a communicator.

    It keeps a copy of the matrices. All ranks begin with equal ones.
    """

    def __init__(self, comm: Any, matrices: Sequence[NDArray[np.float32]]) -> None:
        self._comm = comm
        self._in_place = require("mpi4py.MPI", "mpi").IN_PLACE
        self._blocks = [
            (block, block.copy()) for matrix in matrices for block in _row_blocks(matrix)
        ]

    def average(self) -> None:
        """Make the matrices of all ranks equal; every rank has to call it."""
        for rows, before in self._blocks:
            rows -= before
            squares = _squares(rows)
            self._comm.Allreduce(self._in_place, rows)
            self._comm.Allreduce(self._in_place, squares)
            rows *= np.minimum(squares / np.maximum(_squares(rows), _TINY), 1)[:, None]
            rows += before
            before[:] = rows

    def undo(self) -> None:
        """Make the matrices again what they were after the last time."""
        for rows, before in self._blocks:
            rows[:] = before


def copy_from_first(comm: Any, matrices: Sequence[NDArray[np.float32]]) -> None:
    """Give all ranks the first one's matrices."""
    for matrix in matrices:
        for block in _row_blocks(matrix):
            comm.Bcast(block)


def _squares(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    squares: NDArray[np.float32] = np.einsum("rd,rd->r", rows, rows)
    return squares


def _row_blocks(matrix: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    rows = max(1, _BLOCK_FLOATS // matrix.shape[1])
    return [matrix[at : at + rows] for at in range(0, len(matrix), rows)]
