"""Rows of floats that kernels train.

D dimensions, S floats a row: D rounded up to whole cache lines of 16.
"""

from __future__ import annotations

import contextlib
import mmap
import os

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native import _native  # type: ignore[attr-defined]

_LINE_FLOATS = 16


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


def fill_uniform(rows: NDArray[np.float32], seed: int, threads: int | None = None) -> None:
    """Fill (count, D) rows uniformly within 1 / D, as fastText and gensim begin.

    The result does not depend on the number of threads.
    """
    _native.fill_uniform(rows, seed, threads or os.cpu_count() or 1)


def fill_uniform_sums(
    rows: NDArray[np.float32],
    seed: int,
    numbers: NDArray[np.int64],
    offsets: NDArray[np.int64],
    threads: int | None = None,
) -> None:
    """Fill (count, D) rows with sums of rows that `fill_uniform` makes.

    Args:
        rows: Filled in place.
        seed: As in `fill_uniform`.
        numbers: int64, the positions of rows there.
        offsets: int64 (count + 1); row i is the sum of those from `offsets[i]` to `offsets[i + 1]`.
        threads: Threads to use.
    """
    _native.fill_uniform_sums(rows, seed, numbers, offsets, threads or os.cpu_count() or 1)
