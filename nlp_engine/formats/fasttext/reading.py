"""Reading fastText models: what stands around the matrices, and the matrices themselves."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import FormatError
from nlp_engine.files import check_input_file

MAGIC = 793712314
VERSION = 12
MODELS = {1: "cbow", 2: "skipgram", 3: "supervised"}
_LABEL_ENTRY = 1
_AFTER_WORD = 10  # a NUL, an int64 count and an int8 type


@dataclass(frozen=True, slots=True)
class FastTextModel:
    """What a model file says about itself.

    Attributes:
        model: `cbow`, `skipgram` or `supervised`.
        vector_dim: Length of its vectors.
        word_ngrams: Longest word n-gram.
        buckets: Hash buckets for n-grams.
        min_char: Shortest character n-gram; 0 without sub-words.
        max_char: Longest character n-gram; 0 without sub-words.
        words: Words by falling count.
        counts: Their counts.
        labels: Labels with prefix, by falling count.
        quantized: Whether the input matrix is quantised.
    """

    model: str
    vector_dim: int
    word_ngrams: int
    buckets: int
    min_char: int
    max_char: int
    words: list[str]
    counts: list[int]
    labels: list[str]
    quantized: bool


@dataclass(frozen=True, slots=True)
class FastTextMatrices:
    """A model of V words with its matrices, which are read from the file when they are used.

    Attributes:
        model: What the file says about itself.
        input_rows: float32 (V + buckets, D): a row per word, then one per bucket of n-grams.
            Read-only, and in general not aligned in memory.
        output_rows: float32 (V or labels, D), likewise.
    """

    model: FastTextModel
    input_rows: NDArray[np.float32]
    output_rows: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a dense matrix lies in the file."""

    offset: int
    rows: int
    columns: int

    def open(self, path: Path) -> NDArray[np.float32]:
        shape = (self.rows, self.columns)
        if 0 in shape:
            return np.empty(shape, np.float32)
        return np.memmap(path, "<f4", "r", offset=self.offset, shape=shape)


def is_model(head: bytes) -> bool:
    """Whether a file that begins with `head`, at least 4 bytes, is a fastText model."""
    return head[:4] == struct.pack("<i", MAGIC)


def read_model(path: Path) -> FastTextModel:
    """Read a model file's settings and dictionary, and check that the file is complete.

    Raises:
        InputError: The file is missing.
        FormatError: No fastText model, a newer version, or cut short.
    """
    return _read_file(path)[0]


def open_matrices(path: Path) -> FastTextMatrices:
    """Read a model file's dictionary and map its matrices into memory.

    Raises:
        InputError: The file is missing.
        FormatError: No fastText model, a newer version, cut short, or quantised.
    """
    model, places = _read_file(path)
    if len(places) != 2:
        raise FormatError(
            f"{path} is a quantised fastText model; its vectors can only be read by fastText"
        )
    inputs, outputs = places
    if (inputs.rows, inputs.columns) != (len(model.words) + model.buckets, model.vector_dim):
        raise FormatError(
            f"{path}: the input matrix has {inputs.rows} rows of {inputs.columns}, expected "
            f"{len(model.words)} words and {model.buckets} buckets of {model.vector_dim}; "
            "copy or train it again"
        )
    return FastTextMatrices(model, inputs.open(path), outputs.open(path))


def _read_file(path: Path) -> tuple[FastTextModel, list[_Place]]:
    check_input_file(path)
    with path.open("rb") as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _read(_Cursor(data), path)
        except (struct.error, ValueError) as error:  # ValueError: an empty file, or no UTF-8
            raise FormatError(
                f"{path}: the fastText model is cut short or damaged; copy or train it again"
            ) from error


@dataclass(slots=True)
class _Cursor:
    """A position in the file's bytes."""

    data: mmap.mmap
    position: int = 0

    def unpack(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(layout, self.data, self.position)
        self.position += struct.calcsize(layout)
        return values

    def skip(self, size: int) -> None:
        self.position += size
        if size < 0 or self.position > len(self.data):
            raise struct.error("end of file")


def _read(cursor: _Cursor, path: Path) -> tuple[FastTextModel, list[_Place]]:
    if cursor.unpack("<i") != (MAGIC,):
        raise FormatError(f"{path} is no fastText model file")
    (version,) = cursor.unpack("<i")
    if not 11 <= version <= VERSION:
        raise FormatError(f"{path} has fastText version {version}; 11 and 12 can be read")
    dim, _ws, _epoch, _min_count, _neg, word_ngrams, _loss, model, buckets, minn, maxn, _rate = (
        cursor.unpack("<12i")
    )
    cursor.unpack("<d")
    words, counts, labels = _read_dictionary(cursor)
    (quantized,) = cursor.unpack("<?")
    places = []
    if not quantized:
        places.append(_skip_matrix(cursor))
        if not cursor.unpack("<?")[0]:
            places.append(_skip_matrix(cursor))
    description = FastTextModel(
        model=MODELS.get(model, "unknown"),
        vector_dim=dim,
        word_ngrams=word_ngrams,
        buckets=buckets,
        min_char=minn,
        # Version 11 wrote maxn for supervised models, where it was not used.
        max_char=0 if version == 11 and model == 3 else maxn,
        words=words,
        counts=counts,
        labels=labels,
        quantized=bool(quantized),
    )
    return description, places


def _read_dictionary(cursor: _Cursor) -> tuple[list[str], list[int], list[str]]:
    entries, _words, _labels, _tokens, pruned = cursor.unpack("<3i2q")
    data, start = cursor.data, cursor.position
    ends, texts = [], []
    for _ in range(entries):
        end = data.find(b"\0", start)
        if end < 0:
            raise struct.error("end of file inside a word")
        texts.append(data[start:end])
        ends.append(end)
        start = end + _AFTER_WORD
    begin, cursor.position = cursor.position, start
    cursor.skip(8 * max(pruned, 0))
    if not texts:
        return [], [], []
    # Words have no NUL, so all are decoded at once.
    names = b"\0".join(texts).decode("utf-8").split("\0")
    block = np.frombuffer(data[begin:start], np.uint8)
    after = block[np.array(ends)[:, None] - begin + np.arange(1, _AFTER_WORD)]
    counts = np.ascontiguousarray(after[:, :8]).view("<i8")[:, 0].tolist()
    is_label = (after[:, 8] == _LABEL_ENTRY).tolist()
    return (
        [name for name, label in zip(names, is_label, strict=True) if not label],
        [count for count, label in zip(counts, is_label, strict=True) if not label],
        [name for name, label in zip(names, is_label, strict=True) if label],
    )


def _skip_matrix(cursor: _Cursor) -> _Place:
    rows, columns = cursor.unpack("<2q")
    place = _Place(cursor.position, rows, columns)
    if min(rows, columns) < 0:
        raise struct.error("a negative size")
    cursor.skip(4 * rows * columns)
    return place
