"""How many bytes a quantised model (`.ftz`) takes, before it is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlp_engine.formats.fasttext.reading import CENTROIDS

_HEAD_BYTES = 64  # magic, version, 12 settings of 4 bytes, and one of 8
_DICTIONARY_BYTES = 28  # entries, words and labels of 4 bytes, tokens and kept buckets of 8
_AFTER_WORD_BYTES = 10  # a NUL, a count of 8 bytes, a type
_FLAG_BYTES = 1  # before each matrix: whether it is quantised
_DENSE_BYTES = 16  # rows and columns
_QUANTIZED_BYTES = 21  # whether there are norms, rows, columns, and the size of the codes
_QUANTIZER_BYTES = 16  # columns, parts, floats of a part and of the last one

KEPT_BUCKET_BYTES = 8
"""A bucket that is left in a pruned model, and its row."""


def entry_bytes(words: Sequence[str]) -> NDArray[np.int64]:
    """int64 (V), what each word or label takes in the dictionary."""
    return np.array([len(word.encode("utf-8")) + _AFTER_WORD_BYTES for word in words], np.int64)


def code_bytes(dim: int, part_dim: int, *, norms: bool) -> int:
    """What a row takes in a quantised matrix: a byte for each part, and one for its norm."""
    return -(-dim // part_dim) + norms


def quantized_model_bytes(
    *,
    entries: int,
    kept_buckets: int | None,
    rows: int,
    labels: int,
    dim: int,
    part_dim: int,
    norms: bool,
    output_part_dim: int | None,
) -> int:
    """The size of a model file.

    Args:
        entries: The sum of `entry_bytes` of its words and labels.
        kept_buckets: Buckets that are left in a pruned model; None in one with all.
        rows: Of the input matrix.
        labels: L.
        dim: D.
        part_dim: Floats of a part of the input matrix.
        norms: Whether quantised matrices have norms.
        output_part_dim: Floats of a part of the output matrix; None where it is not quantised.
    """
    inputs = _matrix_bytes(rows, dim, part_dim, norms=norms)
    outputs = _matrix_bytes(labels, dim, output_part_dim, norms=norms)
    dictionary = _DICTIONARY_BYTES + entries + KEPT_BUCKET_BYTES * (kept_buckets or 0)
    return _HEAD_BYTES + dictionary + 2 * _FLAG_BYTES + inputs + outputs


def _matrix_bytes(rows: int, dim: int, part_dim: int | None, *, norms: bool) -> int:
    if part_dim is None:
        return _DENSE_BYTES + 4 * rows * dim
    quantizer = _QUANTIZER_BYTES + 4 * CENTROIDS * dim
    norm_quantizer = _QUANTIZER_BYTES + 4 * CENTROIDS if norms else 0
    codes = rows * code_bytes(dim, part_dim, norms=norms)
    return _QUANTIZED_BYTES + codes + quantizer + norm_quantizer
