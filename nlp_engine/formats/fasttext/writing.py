"""Writing fastText models of word vectors."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from nlp_engine.formats.fasttext.reading import MAGIC, MODELS, VERSION

_MODEL_NUMBERS = {name: number for number, name in MODELS.items()}
_NEGATIVE_SAMPLING = 2  # args.h, loss_name::ns
_LEARNING_RATE_UPDATES = 100  # fastText's default; it matters to its own training only
_NOT_PRUNED = -1
_BLOCK_BYTES = 1 << 22
_HOLE_BYTES = 1 << 14  # runs of zeros at least twice as long become holes of the file


@dataclass(frozen=True, kw_only=True)
class VectorsModelSettings:
    """What a model file says about its training.

    Attributes:
        model: `skipgram` or `cbow`.
        window_size: Context words on each side.
        epochs: Passes over the corpus.
        min_count: Rarer words were left out.
        negative_samples: Negative samples per word.
        sampling_threshold: Words more frequent than this were down-sampled.
        min_char: Shortest character n-gram; 0 without sub-words.
        max_char: Longest character n-gram; 0 without sub-words.
        buckets: Hash buckets for n-grams; 0 without sub-words.
    """

    model: str = "skipgram"
    window_size: int = 5
    epochs: int = 5
    min_count: int = 5
    negative_samples: int = 5
    sampling_threshold: float = 1e-4
    min_char: int = 0
    max_char: int = 0
    buckets: int = 0


def write_vectors_model(
    path: Path,
    *,
    settings: VectorsModelSettings,
    words: Sequence[str],
    counts: NDArray[np.int64],
    tokens: int,
    input_rows: NDArray[np.float32],
    output_rows: NDArray[np.float32],
    bucket_ids: NDArray[np.int64] | None = None,
    bucket_rows: NDArray[np.float32] | None = None,
) -> None:
    """Write a model of V words with vectors of D dimensions that the fastText library loads.

    Matrices may be views with padded rows and are written in blocks. With `bucket_ids` only some
    n-gram rows exist; all others are zeros, which the file does not store (it has holes).

    Args:
        path: The file.
        settings: What the model was trained with.
        words: (V) words by falling count.
        counts: int64 (V), how often each occurs.
        tokens: Words of the corpus.
        input_rows: float32 (V, D), or (V + buckets, D) with the rows of all n-grams.
        output_rows: float32 (V, D).
        bucket_ids: int64 (B), distinct buckets of which there are rows, else None.
        bucket_rows: float32 (B, D), their rows.

    Raises:
        ValueError: Shapes or settings do not fit each other, or a word has a NUL.
        OSError: The file cannot be written.
    """
    with path.open("wb") as file:
        rows = len(words) + settings.buckets
        _check(settings, words, counts, input_rows, output_rows, bucket_ids, bucket_rows)
        dim = input_rows.shape[1]
        file.write(_head(settings, dim))
        file.write(_dictionary(words, counts, tokens))
        file.write(struct.pack("<?2q", False, rows, dim))
        _write_rows(file, input_rows)
        if bucket_ids is not None and bucket_rows is not None:
            order = np.argsort(bucket_ids, kind="stable")
            _write_some_rows(file, settings.buckets, bucket_ids[order], bucket_rows, order)
        file.write(struct.pack("<?2q", False, len(words), dim))
        _write_rows(file, output_rows)


def _check(
    settings: VectorsModelSettings,
    words: Sequence[str],
    counts: NDArray[np.int64],
    input_rows: NDArray[np.float32],
    output_rows: NDArray[np.float32],
    bucket_ids: NDArray[np.int64] | None,
    bucket_rows: NDArray[np.float32] | None,
) -> None:
    dim = input_rows.shape[1]
    if settings.model not in ("skipgram", "cbow"):
        raise ValueError(f"model is {settings.model!r}; skipgram or cbow is expected")
    if len(counts) != len(words):
        raise ValueError(f"{len(words)} words, but {len(counts)} counts")
    dense = bucket_ids is None and bucket_rows is None
    expected = (len(words) + (settings.buckets if dense else 0), dim)
    if input_rows.shape != expected:
        raise ValueError(f"input_rows has shape {input_rows.shape}, expected {expected}")
    if output_rows.shape != (len(words), dim):
        raise ValueError(f"output_rows has shape {output_rows.shape}, expected {len(words), dim}")
    if dense:
        return
    if bucket_ids is None or bucket_rows is None or bucket_rows.shape != (len(bucket_ids), dim):
        raise ValueError("bucket_ids and bucket_rows do not fit each other")
    if len(bucket_ids) and not 0 <= bucket_ids.min() <= bucket_ids.max() < settings.buckets:
        raise ValueError(f"bucket_ids must be from 0 to {settings.buckets - 1}")
    if len(np.unique(bucket_ids)) != len(bucket_ids):
        raise ValueError("bucket_ids has a bucket twice")


def _head(settings: VectorsModelSettings, dim: int) -> bytes:
    return struct.pack(
        "<14id",
        MAGIC,
        VERSION,
        dim,
        settings.window_size,
        settings.epochs,
        settings.min_count,
        settings.negative_samples,
        1,  # word n-grams are for classifiers
        _NEGATIVE_SAMPLING,
        _MODEL_NUMBERS[settings.model],
        settings.buckets,
        settings.min_char,
        settings.max_char,
        _LEARNING_RATE_UPDATES,
        settings.sampling_threshold,
    )


def _dictionary(words: Sequence[str], counts: NDArray[np.int64], tokens: int) -> bytes:
    entries = []
    for word, count in zip(words, counts.tolist(), strict=True):
        encoded = word.encode("utf-8")
        if b"\0" in encoded:
            raise ValueError(f"the word {word!r} has a NUL, which ends words in this format")
        entries.append(encoded + struct.pack("<bqb", 0, count, 0))
    head = struct.pack("<3i2q", len(words), len(words), 0, tokens, _NOT_PRUNED)
    return head + b"".join(entries)


def _write_rows(file: BinaryIO, rows: NDArray[np.float32]) -> None:
    step = max(_BLOCK_BYTES // max(4 * rows.shape[1], 1), 1)
    for begin in range(0, len(rows), step):
        file.write(np.ascontiguousarray(rows[begin : begin + step], "<f4").data)


def _write_some_rows(
    file: BinaryIO,
    count: int,
    ids: NDArray[np.int64],
    rows: NDArray[np.float32],
    order: NDArray[np.intp],
) -> None:
    """Write `count` rows: those with (B) rising ids from `rows[order]`, zeros between."""
    row_bytes = 4 * rows.shape[1]
    step = max(_HOLE_BYTES // max(row_bytes, 1), 1)
    start = file.tell()
    blocks, firsts = np.unique(ids // step, return_index=True)
    lasts = [*firsts[1:], len(ids)][: len(blocks)]
    for block, first, last in zip(blocks.tolist(), firsts, lasts, strict=True):
        begin = block * step
        buffer = np.zeros((min(step, count - begin), rows.shape[1]), "<f4")
        buffer[ids[first:last] - begin] = rows[order[first:last]]
        file.seek(start + begin * row_bytes)
        file.write(buffer.data)
    file.seek(start + count * row_bytes)
