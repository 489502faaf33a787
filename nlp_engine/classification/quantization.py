"""Product quantisation of a matrix: a byte for each part of a row, and perhaps one for its norm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native.classifier import QuantizedMatrix, matrix_rows
from nlp_engine.native.quantizer import find_centroids, quantize_rows
from nlp_engine.progress import Progress, Report, silent

_SAMPLE = 1 << 16  # rows that centroids are made of
_ROWS_AT_ONCE = 1 << 14


def quantize_matrix(
    matrix: NDArray[np.float32],
    rows: NDArray[np.int64],
    *,
    part_dim: int,
    norms: bool,
    seed: int,
    threads: int,
    report: Report = silent,
) -> QuantizedMatrix:
    """Some rows of a matrix, quantised.

    With `norms` the parts are those of rows of length 1. What then multiplies a row is not its norm
    but the factor that brings what its codes stand for nearest to it, the projection x·q / q·q of
    row x on decoded row q: both take the same byte, and the second is exact where it can be.

    The result depends on matrix, rows and settings alone.

    Args:
        matrix: float32 (N, D), may be mapped and not aligned.
        rows: int64 (R), at least one.
        part_dim: Numbers that share a byte.
        norms: Whether lengths have a byte of their own.
        seed: Start of the random numbers.
        threads: Threads to use.
        report: Told of parts and rows done.
    """
    dim = matrix.shape[1]
    sample = _sample(matrix, rows, seed)
    parts = -(-dim // part_dim)
    centroids = find_centroids(
        _unit(sample) if norms else sample,
        part_dim,
        seed=seed,
        threads=threads,
        on_part=lambda done: report(Progress("finding centroids", done, parts, "parts")),
    )
    made = QuantizedMatrix(
        dim=dim,
        part_dim=part_dim,
        codes=np.empty((len(rows), parts), np.uint8),
        centroids=centroids.view(np.uint8),
    )
    factors = np.empty((len(rows), 1), np.float32)
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        report(Progress("quantising", begin, len(rows), "vectors"))
        here = slice(begin, begin + _ROWS_AT_ONCE)
        block = np.ascontiguousarray(matrix[rows[here]], np.float32)
        given = _unit(block) if norms else block
        made.codes[here] = quantize_rows(given, part_dim, centroids, threads=threads)
        if norms:
            decoded = matrix_rows(made, np.arange(begin, begin + len(block)))
            factors[here, 0] = _factors(block, decoded)
    return _with_factors(made, factors, seed, threads) if norms else made


def _sample(matrix: NDArray[np.float32], rows: NDArray[np.int64], seed: int) -> NDArray[np.float32]:
    if len(rows) > _SAMPLE:
        chosen = np.random.default_rng(seed).choice(len(rows), _SAMPLE, replace=False)
        rows = rows[np.sort(chosen)]
    return np.ascontiguousarray(matrix[rows], np.float32)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; those of zeros stay."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1), np.float32)


def _factors(rows: NDArray[np.float32], decoded: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 (N), what must multiply decoded rows so that they are nearest to the rows."""
    products = np.einsum("ij,ij->i", rows, decoded)
    squares = np.einsum("ij,ij->i", decoded, decoded)
    return np.asarray(products / np.where(squares > 0, squares, 1), np.float32)


def _with_factors(
    made: QuantizedMatrix, factors: NDArray[np.float32], seed: int, threads: int
) -> QuantizedMatrix:
    sample = _sample(factors, np.arange(len(factors)), seed)
    centroids = find_centroids(sample, 1, seed=seed, threads=threads)
    codes = quantize_rows(factors, 1, centroids, threads=threads)
    return replace(made, norm_codes=codes[:, 0].copy(), norm_centroids=centroids.view(np.uint8))
