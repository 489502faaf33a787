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
from nlp_engine.native.classifier import ClassifierMatrix, QuantizedMatrix

MAGIC = 793712314
VERSION = 12
CENTROIDS = 256
"""Of each part of a quantised matrix."""

MODELS = {1: "cbow", 2: "skipgram", 3: "supervised"}
LOSSES = {1: "hs", 2: "ns", 3: "softmax", 4: "ova"}
_LABEL_ENTRY = 1
_AFTER_WORD = 10  # a NUL, an int64 count and an int8 type


@dataclass(frozen=True, slots=True)
class FastTextModel:
    """What a model file says about itself.

    Attributes:
        model: `cbow`, `skipgram` or `supervised`.
        loss: `softmax`, `hs` (hierarchical softmax), `ova` (one against all) or `ns`.
        vector_dim: Length of its vectors.
        word_ngrams: Longest word n-gram.
        buckets: Hash buckets for n-grams.
        min_char: Shortest character n-gram; 0 without sub-words.
        max_char: Longest character n-gram; 0 without sub-words.
        words: Words by falling count.
        counts: Their counts.
        labels: Labels with prefix, by falling count.
        label_counts: Their counts.
        kept_buckets: int32, the buckets that a pruned model still has, by row; None: all.
        quantized: Whether the input matrix is quantised.
        tokens: Words and labels of the training corpus.
        window_size: Context words on each side.
        epochs: Passes over the corpus.
        min_count: Rarer words were left out.
        negative_samples: Negative samples per word.
        sampling_threshold: Words more frequent than this were down-sampled.
    """

    model: str
    loss: str
    vector_dim: int
    word_ngrams: int
    buckets: int
    min_char: int
    max_char: int
    words: list[str]
    counts: list[int]
    labels: list[str]
    label_counts: list[int]
    kept_buckets: NDArray[np.int32] | None
    quantized: bool
    tokens: int
    window_size: int
    epochs: int
    min_count: int
    negative_samples: int
    sampling_threshold: float


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
class FastTextClassifier:
    """A classifier of V words and L labels; what is not quantised is read when it is used.

    Attributes:
        model: What the file says about itself.
        input_matrix: (V + buckets, D), or (V + kept buckets, D).
        output_matrix: (L, D).
    """

    model: FastTextModel
    input_matrix: ClassifierMatrix
    output_matrix: ClassifierMatrix


@dataclass(frozen=True, slots=True)
class _DensePlace:
    """Where a dense matrix lies in the file."""

    offset: int
    rows: int
    columns: int

    def open(self, path: Path) -> NDArray[np.float32]:
        shape = (self.rows, self.columns)
        if 0 in shape:
            return np.empty(shape, np.float32)
        return np.memmap(path, "<f4", "r", offset=self.offset, shape=shape)


@dataclass(frozen=True, slots=True)
class _QuantizedPlace:
    """Where the parts of a quantised matrix lie in the file."""

    rows: int
    columns: int
    part_dim: int
    codes: int
    centroids: int
    norm_codes: int | None
    norm_centroids: int | None

    def open(self, path: Path) -> QuantizedMatrix:
        data = np.memmap(path, np.uint8, "r")
        parts = -(-self.columns // self.part_dim)
        norms = self.norm_codes is not None and self.norm_centroids is not None
        return QuantizedMatrix(
            dim=self.columns,
            part_dim=self.part_dim,
            codes=data[self.codes :][: self.rows * parts].reshape(self.rows, parts),
            centroids=data[self.centroids :][: 4 * CENTROIDS * self.columns],
            norm_codes=data[self.norm_codes :][: self.rows] if norms else None,
            norm_centroids=data[self.norm_centroids :][: 4 * CENTROIDS] if norms else None,
        )


_Place = _DensePlace | _QuantizedPlace


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
    model, inputs, outputs = _read_file(path)
    if isinstance(inputs, _QuantizedPlace) or isinstance(outputs, _QuantizedPlace):
        raise FormatError(
            f"{path} is a quantised fastText model; its vectors can only be read by fastText"
        )
    return FastTextMatrices(model, inputs.open(path), outputs.open(path))


def open_classifier(path: Path) -> FastTextClassifier:
    """Read a classifier's dictionary and map its matrices into memory.

    Raises:
        InputError: The file is missing.
        FormatError: No fastText classifier, a newer version, or cut short.
    """
    model, inputs, outputs = _read_file(path)
    if model.model != "supervised":
        raise FormatError(f"{path} is a fastText {model.model} model, no classifier")
    if model.loss == "unknown" or not model.labels:
        raise FormatError(f"{path} is a classifier without labels or of an unknown loss")
    if outputs.rows != len(model.labels) or outputs.columns != model.vector_dim:
        raise FormatError(
            f"{path}: the output matrix has {outputs.rows} rows of {outputs.columns}, expected "
            f"{len(model.labels)} labels of {model.vector_dim}; copy or train it again"
        )
    return FastTextClassifier(model, inputs.open(path), outputs.open(path))


def _read_file(path: Path) -> tuple[FastTextModel, _Place, _Place]:
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


def _read(cursor: _Cursor, path: Path) -> tuple[FastTextModel, _Place, _Place]:
    if cursor.unpack("<i") != (MAGIC,):
        raise FormatError(f"{path} is no fastText model file")
    (version,) = cursor.unpack("<i")
    if not 11 <= version <= VERSION:
        raise FormatError(f"{path} has fastText version {version}; 11 and 12 can be read")
    dim, window, epochs, min_count, negatives, word_ngrams, loss, model, buckets, minn, maxn, _ = (
        cursor.unpack("<12i")
    )
    (threshold,) = cursor.unpack("<d")
    dictionary = _read_dictionary(cursor)
    (quantized,) = cursor.unpack("<?")
    inputs = _skip_quantized(cursor) if quantized else _skip_dense(cursor)
    (quantized_output,) = cursor.unpack("<?")
    outputs = _skip_quantized(cursor) if quantized and quantized_output else _skip_dense(cursor)
    kept = dictionary.kept_buckets
    expected = buckets if kept is None else len(kept)
    if (inputs.rows, inputs.columns) != (len(dictionary.words) + expected, dim):
        raise FormatError(
            f"{path}: the input matrix has {inputs.rows} rows of {inputs.columns}, expected "
            f"{len(dictionary.words)} words and {expected} buckets of {dim}; "
            "copy or train it again"
        )
    description = FastTextModel(
        model=MODELS.get(model, "unknown"),
        loss=LOSSES.get(loss, "unknown"),
        vector_dim=dim,
        word_ngrams=word_ngrams,
        buckets=buckets,
        min_char=minn,
        # Version 11 wrote maxn for supervised models, where it was not used.
        max_char=0 if version == 11 and model == 3 else maxn,
        words=dictionary.words,
        counts=dictionary.counts,
        labels=dictionary.labels,
        label_counts=dictionary.label_counts,
        kept_buckets=kept,
        quantized=bool(quantized),
        tokens=dictionary.tokens,
        window_size=window,
        epochs=epochs,
        min_count=min_count,
        negative_samples=negatives,
        sampling_threshold=threshold,
    )
    return description, inputs, outputs


@dataclass(frozen=True, slots=True)
class _Dictionary:
    words: list[str]
    counts: list[int]
    labels: list[str]
    label_counts: list[int]
    kept_buckets: NDArray[np.int32] | None
    tokens: int


def _read_dictionary(cursor: _Cursor) -> _Dictionary:
    entries, words, _labels, tokens, pruned = cursor.unpack("<3i2q")
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
    cursor.skip(0)  # the last entry must be whole
    kept = _read_kept(cursor, pruned) if pruned >= 0 else None
    if not texts:
        return _Dictionary([], [], [], [], kept, tokens)
    # Words have no NUL, so all are decoded at once.
    names = b"\0".join(texts).decode("utf-8").split("\0")
    block = np.frombuffer(data[begin:start], np.uint8)
    after = block[np.array(ends)[:, None] - begin + np.arange(1, _AFTER_WORD)]
    counts = np.ascontiguousarray(after[:, :8]).view("<i8")[:, 0].tolist()
    if not np.array_equal(after[:, 8] == _LABEL_ENTRY, np.arange(entries) >= words):
        raise struct.error("labels among the words")
    return _Dictionary(names[:words], counts[:words], names[words:], counts[words:], kept, tokens)


def _read_kept(cursor: _Cursor, size: int) -> NDArray[np.int32]:
    """The buckets that are left, in the order of their rows."""
    begin = cursor.position
    cursor.skip(8 * size)
    pairs = np.frombuffer(cursor.data[begin : cursor.position], "<i4").reshape(size, 2)
    kept = np.full(size, -1, np.int32)
    if size and not 0 <= pairs[:, 1].min() <= pairs[:, 1].max() < size:
        raise struct.error("a row beyond the matrix")
    kept[pairs[:, 1]] = pairs[:, 0]
    return kept


def _skip_dense(cursor: _Cursor) -> _DensePlace:
    rows, columns = cursor.unpack("<2q")
    place = _DensePlace(cursor.position, rows, columns)
    if min(rows, columns) < 0:
        raise struct.error("a negative size")
    cursor.skip(4 * rows * columns)
    return place


def _skip_quantized(cursor: _Cursor) -> _QuantizedPlace:
    has_norms, rows, columns, size = cursor.unpack("<?2qi")
    codes = cursor.position
    cursor.skip(size)
    part_dim, centroids = _skip_quantizer(cursor, columns)
    if part_dim < 1 or min(rows, columns) < 0 or size != rows * -(-columns // part_dim):
        raise struct.error("codes do not fit the matrix")
    norm_codes = norm_centroids = None
    if has_norms:
        norm_codes = cursor.position
        cursor.skip(rows)
        _, norm_centroids = _skip_quantizer(cursor, 1)
    return _QuantizedPlace(rows, columns, part_dim, codes, centroids, norm_codes, norm_centroids)


def _skip_quantizer(cursor: _Cursor, expected_dim: int) -> tuple[int, int]:
    """The floats of a part, and where the centroids begin."""
    dim, _parts, part_dim, _last_dim = cursor.unpack("<4i")
    begin = cursor.position
    if dim != expected_dim:
        raise struct.error("the quantiser is of another matrix")
    cursor.skip(4 * CENTROIDS * dim)
    return part_dim, begin
