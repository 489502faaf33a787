"""Rows of floats that kernels train.

D dimensions, S floats a row: D rounded up to whole cache lines of 16.
"""

from __future__ import annotations

import contextlib
import mmap

import numpy as np
from numpy.typing import NDArray

_LINE_FLOATS = 16
_ROWS_AT_ONCE = 1 << 14


def row_floats(dim: int) -> int:
    """Floats that a row of `dim` numbers takes: S."""
    return -(-dim // _LINE_FLOATS) * _LINE_FLOATS


def zero_rows(count: int, dim: int) -> NDArray[np.float32]:
    """float32 (count, S) of zeros, in memory of its own that is taken when it is touched."""
    stride = row_floats(dim)
    memory = mmap.mmap(-1, max(count, 1) * stride * 4, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError, AttributeError):  # not every kernel has huge pages
        memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, np.float32).reshape(-1, stride)[:count]


def fill_uniform(rows: NDArray[np.float32], seed: int) -> None:
    """Fill (count, D) rows uniformly within 1 / D, as fastText and gensim begin."""
    random = np.random.default_rng(seed)
    width = np.float32(2 / rows.shape[1])
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        block = rows[begin : begin + _ROWS_AT_ONCE]
        block[:] = (random.random(block.shape, np.float32) - np.float32(0.5)) * width
