"""Writing fastText models."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from nlp_engine.formats.fasttext.reading import (
    CENTROIDS,
    LOSSES,
    MAGIC,
    MODELS,
    VERSION,
    FastTextModel,
)
from nlp_engine.native.classifier import ClassifierMatrix, QuantizedMatrix

_MODEL_NUMBERS = {name: number for number, name in MODELS.items()}
_LOSS_NUMBERS = {name: number for number, name in LOSSES.items()}
_LEARNING_RATE_UPDATES = 100  # fastText's default; it matters to its own training only
_NOT_PRUNED = -1
_WORD, _LABEL = 0, 1
_BLOCK_BYTES = 1 << 22
_HOLE_BYTES = 1 << 14  # runs of zeros at least twice as long become holes of the file
_BLOCKS_AT_ONCE = 1 << 10


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """What a model file says about its training.

    Attributes:
        model: `skipgram`, `cbow` or `supervised`.
        loss: `ns`, `hs`, `softmax` or `ova`.
        window_size: Context words on each side.
        epochs: Passes over the corpus.
        min_count: Rarer words were left out.
        negative_samples: Negative samples per word.
        word_ngrams: Longest word n-gram.
        sampling_threshold: Words more frequent than this were down-sampled.
        min_char: Shortest character n-gram; 0 without sub-words.
        max_char: Longest character n-gram; 0 without sub-words.
        buckets: Hash buckets for n-grams; 0 without any.
    """

    model: str = "skipgram"
    loss: str = "ns"
    window_size: int = 5
    epochs: int = 5
    min_count: int = 5
    negative_samples: int = 5
    word_ngrams: int = 1
    sampling_threshold: float = 1e-4
    min_char: int = 0
    max_char: int = 0
    buckets: int = 0

    @classmethod
    def of(cls, model: FastTextModel) -> ModelSettings:
        """Those of a model that was read."""
        return cls(
            model=model.model,
            loss=model.loss,
            window_size=model.window_size,
            epochs=model.epochs,
            min_count=model.min_count,
            negative_samples=model.negative_samples,
            word_ngrams=model.word_ngrams,
            sampling_threshold=model.sampling_threshold,
            min_char=model.min_char,
            max_char=model.max_char,
            buckets=model.buckets,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Entries:
    """The words and labels of a model.

    Attributes:
        words: (V) words by falling count.
        counts: (V), how often each occurs.
        labels: (L) labels with prefix by falling count; none for word vectors.
        label_counts: (L).
        tokens: Words and labels of the corpus.
    """

    words: Sequence[str]
    counts: Sequence[int]
    labels: Sequence[str] = ()
    label_counts: Sequence[int] = ()
    tokens: int


class SomeRows(Protocol):
    """(B, D) rows that are made as they are read."""

    @property
    def shape(self) -> tuple[int, int]:
        """(B, D)."""

    def __getitem__(self, at: NDArray[np.intp]) -> NDArray[np.float32]:
        """float32 (n, D), the rows at some positions."""


def write_model(
    path: Path,
    *,
    settings: ModelSettings,
    entries: Entries,
    input_rows: NDArray[np.float32],
    output_rows: NDArray[np.float32],
    bucket_ids: NDArray[np.integer] | None = None,
    bucket_rows: NDArray[np.float32] | SomeRows | None = None,
) -> None:
    """Write a model of V words with D dimensions that the fastText library loads.

    Matrices may be views with padded rows and are written in blocks. With `bucket_ids` only some
    n-gram rows exist; all others are zeros, which the file does not store (it has holes).

    Args:
        path: The file.
        settings: What the model was trained with.
        entries: Its words and labels.
        input_rows: float32 (V, D), or (V + buckets, D) with the rows of all n-grams.
        output_rows: float32 (V, D), or for a classifier (L, D).
        bucket_ids: (B), distinct buckets of which there are rows, else None.
        bucket_rows: float32 (B, D), their rows.

    Raises:
        ValueError: Shapes or settings do not fit each other, or a word has a NUL.
        OSError: The file cannot be written.
    """
    with path.open("wb") as file:
        rows = len(entries.words) + settings.buckets
        _check(settings, entries, input_rows, output_rows, bucket_ids, bucket_rows)
        dim = input_rows.shape[1]
        file.write(_head(settings, dim))
        file.write(_dictionary(entries, _NOT_PRUNED))
        file.write(struct.pack("<?2q", False, rows, dim))
        _write_rows(file, input_rows)
        if bucket_ids is not None and bucket_rows is not None:
            order = np.argsort(bucket_ids, kind="stable")
            _write_some_rows(file, settings.buckets, bucket_ids[order], bucket_rows, order)
        file.write(struct.pack("<?", False))
        _write_dense(file, output_rows)


def write_quantized_model(
    path: Path,
    *,
    settings: ModelSettings,
    entries: Entries,
    kept_buckets: NDArray[np.int32] | None,
    input_matrix: QuantizedMatrix,
    output_matrix: ClassifierMatrix,
) -> None:
    """Write a quantised classifier (`.ftz`) that the fastText library loads.

    Args:
        path: The file.
        settings: What the model was trained with.
        entries: The words and labels that are left.
        kept_buckets: int32 (B), the buckets that are left, by row; None: all.
        input_matrix: (V + B, D).
        output_matrix: (L, D), dense or quantised.

    Raises:
        ValueError: The matrices do not fit the words and labels.
        OSError: The file cannot be written.
    """
    buckets = settings.buckets if kept_buckets is None else len(kept_buckets)
    if len(input_matrix.codes) != len(entries.words) + buckets:
        raise ValueError("the input matrix does not fit words and buckets")
    with path.open("wb") as file:
        file.write(_head(settings, input_matrix.dim))
        file.write(_dictionary(entries, _NOT_PRUNED if kept_buckets is None else buckets))
        if kept_buckets is not None:
            rows = np.arange(buckets, dtype=np.int32)
            file.write(np.column_stack([kept_buckets, rows]).astype("<i4").tobytes())
        file.write(struct.pack("<?", True))
        _write_quantized(file, input_matrix)
        quantized = isinstance(output_matrix, QuantizedMatrix)
        file.write(struct.pack("<?", quantized))
        if isinstance(output_matrix, QuantizedMatrix):
            _write_quantized(file, output_matrix)
        else:
            _write_dense(file, output_matrix)


def _check(
    settings: ModelSettings,
    entries: Entries,
    input_rows: NDArray[np.float32],
    output_rows: NDArray[np.float32],
    bucket_ids: NDArray[np.integer] | None,
    bucket_rows: NDArray[np.float32] | SomeRows | None,
) -> None:
    dim = input_rows.shape[1]
    words, outputs = len(entries.words), len(entries.labels)
    if settings.model != "supervised":
        outputs = words
    if settings.model not in _MODEL_NUMBERS:
        raise ValueError(f"model is {settings.model!r}; {', '.join(_MODEL_NUMBERS)} are expected")
    if len(entries.counts) != words or len(entries.label_counts) != len(entries.labels):
        raise ValueError(f"{words} words, but {len(entries.counts)} counts")
    dense = bucket_ids is None and bucket_rows is None
    expected = (words + (settings.buckets if dense else 0), dim)
    if input_rows.shape != expected:
        raise ValueError(f"input_rows has shape {input_rows.shape}, expected {expected}")
    if output_rows.shape != (outputs, dim):
        raise ValueError(f"output_rows has shape {output_rows.shape}, expected {outputs, dim}")
    if dense:
        return
    if bucket_ids is None or bucket_rows is None or bucket_rows.shape != (len(bucket_ids), dim):
        raise ValueError("bucket_ids and bucket_rows do not fit each other")
    if len(bucket_ids) and not 0 <= bucket_ids.min() <= bucket_ids.max() < settings.buckets:
        raise ValueError(f"bucket_ids must be from 0 to {settings.buckets - 1}")
    if len(np.unique(bucket_ids)) != len(bucket_ids):
        raise ValueError("bucket_ids has a bucket twice")


def _head(settings: ModelSettings, dim: int) -> bytes:
    return struct.pack(
        "<14id",
        MAGIC,
        VERSION,
        dim,
        settings.window_size,
        settings.epochs,
        settings.min_count,
        settings.negative_samples,
        settings.word_ngrams,
        _LOSS_NUMBERS[settings.loss],
        _MODEL_NUMBERS[settings.model],
        settings.buckets,
        settings.min_char,
        settings.max_char,
        _LEARNING_RATE_UPDATES,
        settings.sampling_threshold,
    )


def _dictionary(entries: Entries, pruned: int) -> bytes:
    words, labels = len(entries.words), len(entries.labels)
    head = struct.pack("<3i2q", words + labels, words, labels, entries.tokens, pruned)
    return (
        head
        + _entries(entries.words, entries.counts, _WORD)
        + _entries(entries.labels, entries.label_counts, _LABEL)
    )


def _entries(words: Sequence[str], counts: Sequence[int], kind: int) -> bytes:
    written = []
    for word, count in zip(words, counts, strict=True):
        encoded = word.encode("utf-8")
        if b"\0" in encoded:
            raise ValueError(f"the word {word!r} has a NUL, which ends words in this format")
        written.append(encoded + struct.pack("<bqb", 0, count, kind))
    return b"".join(written)


def _write_dense(file: BinaryIO, rows: NDArray[np.float32]) -> None:
    file.write(struct.pack("<2q", *rows.shape))
    _write_rows(file, rows)


def _write_quantized(file: BinaryIO, matrix: QuantizedMatrix) -> None:
    rows, parts = matrix.codes.shape
    has_norms = matrix.norm_codes is not None and matrix.norm_centroids is not None
    file.write(struct.pack("<?2qi", has_norms, rows, matrix.dim, rows * parts))
    file.write(np.ascontiguousarray(matrix.codes).data)
    _write_quantizer(file, matrix.dim, parts, matrix.part_dim, matrix.centroids)
    if matrix.norm_codes is not None and matrix.norm_centroids is not None:
        file.write(np.ascontiguousarray(matrix.norm_codes).data)
        _write_quantizer(file, 1, 1, 1, matrix.norm_centroids)


def _write_quantizer(
    file: BinaryIO, dim: int, parts: int, part_dim: int, centroids: NDArray[np.uint8]
) -> None:
    if len(centroids) != 4 * CENTROIDS * dim:
        raise ValueError(f"{len(centroids)} bytes of centroids for {dim} dimensions")
    last_dim = dim - (parts - 1) * part_dim
    file.write(struct.pack("<4i", dim, parts, part_dim, last_dim))
    file.write(np.ascontiguousarray(centroids).data)


def _write_rows(file: BinaryIO, rows: NDArray[np.float32]) -> None:
    step = max(_BLOCK_BYTES // max(4 * rows.shape[1], 1), 1)
    for begin in range(0, len(rows), step):
        file.write(np.ascontiguousarray(rows[begin : begin + step], "<f4").data)


def _write_some_rows(
    file: BinaryIO,
    count: int,
    ids: NDArray[np.integer],
    rows: NDArray[np.float32] | SomeRows,
    order: NDArray[np.intp],
) -> None:
    """Write `count` rows: those with (B) rising ids from `rows[order]`, zeros between."""
    row_bytes = 4 * rows.shape[1]
    step = max(_HOLE_BYTES // max(row_bytes, 1), 1)
    start = file.tell()
    blocks, firsts = np.unique(ids // step, return_index=True)
    lasts = [*firsts[1:], len(ids)][: len(blocks)]
    for at, (block, first, last) in enumerate(zip(blocks.tolist(), firsts, lasts, strict=True)):
        if at % _BLOCKS_AT_ONCE == 0:
            base, end = first, lasts[min(at + _BLOCKS_AT_ONCE, len(blocks)) - 1]
            values = rows[order[base:end]]
        begin = block * step
        buffer = np.zeros((min(step, count - begin), rows.shape[1]), "<f4")
        buffer[ids[first:last] - begin] = values[first - base : last - base]
        file.seek(start + begin * row_bytes)
        file.write(buffer.data)
    file.seek(start + count * row_bytes)
