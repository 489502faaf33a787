"""Which rows of a classifier's input matrix stay in a smaller one.

V words, B buckets of n-grams, R rows that stay, D dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.settings import CompressionSettings
from nlp_engine.errors import InputError, SettingError
from nlp_engine.formats import fasttext

OUTPUT_PART_DIM = 2
"""Numbers that share a byte in the labels' vectors, whatever `dsub` is, as in fastText."""

_ROWS_AT_ONCE = 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRows:
    """What stays.

    Attributes:
        words: int64, rising: words.
        buckets: int32, rising: buckets of n-grams.
        pruned: Whether the file names its buckets, because some are missing.
        quantize_output: Whether the output matrix is quantised.
        bytes: Size of the model file.
    """

    words: NDArray[np.int64]
    buckets: NDArray[np.int32]
    pruned: bool
    quantize_output: bool
    bytes: int


def choose_rows(
    model: fasttext.FastTextModel, norms: NDArray[np.float32], chosen: CompressionSettings
) -> KeptRows:
    """The rows with the largest norms, and `</s>` in any case, as fastText chooses them.

    A bucket whose row is zero has no training example; it goes in any case, unless naming the
    others would take more room than its codes. Zero rows count in the mean of a text and missing
    ones do not: without them the mean is longer but has the same direction, so that (but for loss
    `hs`) labels keep their order and the first one becomes more probable.

    Args:
        model: What the file says about itself.
        norms: float32 (V + B), from `row_norms`.
        chosen: The settings.

    Raises:
        SettingError: No model is as small as `max_size`.
    """
    sizes = _Sizes(model, chosen)
    words = len(model.words)
    order = _by_norm(model, norms)
    used = int((norms[words:] > 0).sum())
    everything = sizes.of(np.arange(words), None)
    used_only = sizes.of(np.arange(words), used)
    smaller = min(everything, used_only)
    count = chosen.cutoff or len(order)
    if chosen.max_bytes is not None and chosen.max_bytes < smaller:
        count = sizes.fitting(order, chosen.max_bytes)
    if count >= len(order) and everything <= used_only:
        buckets = np.arange(len(norms) - words, dtype=np.int32)
        return sizes.kept(np.arange(words), buckets, pruned=False)
    kept = np.sort(order[:count])
    buckets = (kept[kept >= words] - words).astype(np.int32)
    return sizes.kept(kept[kept < words], buckets, pruned=True)


def row_norms(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 (N), the norms of (N, D) rows, which may be mapped and not aligned.

    Raises:
        InputError: A number is not finite.
    """
    norms = np.empty(len(matrix), np.float32)
    for begin in range(0, len(matrix), _ROWS_AT_ONCE):
        block = matrix[begin : begin + _ROWS_AT_ONCE]
        norms[begin : begin + len(block)] = np.linalg.norm(block, axis=1)
    if not np.isfinite(norms).all():
        raise InputError(
            f"row {int(np.argmin(np.isfinite(norms)))} of the model has numbers that are not "
            "finite; train it again"
        )
    return norms


def _by_norm(model: fasttext.FastTextModel, norms: NDArray[np.float32]) -> NDArray[np.int64]:
    """Words, and buckets that are not zero: `</s>`, then by falling norm; of equals the first."""
    words = len(model.words)
    ranked = norms.astype(np.float64)
    if fasttext.LINE_END_WORD in model.words:
        ranked[model.words.index(fasttext.LINE_END_WORD)] = np.inf
    order = np.argsort(-ranked, kind="stable")
    return order[(order < words) | (norms[order] > 0)]


class _Sizes:
    """Sizes of model files by the rows that stay."""

    def __init__(self, model: fasttext.FastTextModel, chosen: CompressionSettings) -> None:
        self._model = model
        self._chosen = chosen
        self._words = fasttext.entry_bytes(model.words)
        self._labels = int(fasttext.entry_bytes(model.labels).sum())
        dense, quantized = (self._bytes(0, None, 0, output) for output in (None, OUTPUT_PART_DIM))
        self._quantize_output = chosen.qout and quantized < dense

    def of(self, words: NDArray[np.int64], kept_buckets: int | None) -> int:
        """With these words and so many buckets; None: all, without their names."""
        buckets = self._model.buckets if kept_buckets is None else kept_buckets
        output = OUTPUT_PART_DIM if self._quantize_output else None
        entries = int(self._words[words].sum())
        return self._bytes(entries, kept_buckets, len(words) + buckets, output)

    def kept(
        self, words: NDArray[np.int64], buckets: NDArray[np.int32], *, pruned: bool
    ) -> KeptRows:
        return KeptRows(
            words=words,
            buckets=buckets,
            pruned=pruned,
            quantize_output=self._quantize_output,
            bytes=self.of(words, len(buckets) if pruned else None),
        )

    def fitting(self, order: NDArray[np.int64], limit: int) -> int:
        """How many of the first rows in an order a file has room for."""
        names = np.full(len(order), fasttext.KEPT_BUCKET_BYTES)
        is_word = order < len(self._words)
        names[is_word] = self._words[order[is_word]]
        chosen = self._chosen
        codes = fasttext.code_bytes(self._model.vector_dim, chosen.dsub, norms=chosen.qnorm)
        sizes = self.of(np.empty(0, np.int64), 0) + np.cumsum(names + codes)
        count = int(np.searchsorted(sizes, limit, side="right"))
        if count == 0:
            raise SettingError(
                f"max_size is {chosen.max_size}, but the smallest model, of one word, has "
                f"{int(sizes[0]):,} bytes; raise max_size, or train with a lower vector_dim"
            )
        return count

    def _bytes(self, entries: int, kept_buckets: int | None, rows: int, output: int | None) -> int:
        return fasttext.quantized_model_bytes(
            entries=self._labels + entries,
            kept_buckets=kept_buckets,
            rows=rows,
            labels=len(self._model.labels),
            dim=self._model.vector_dim,
            part_dim=self._chosen.dsub,
            norms=self._chosen.qnorm,
            output_part_dim=output,
        )
