"""fastText model files (`.bin`): what stands before and around the matrices.

Layout, all little-endian, from fastText's sources (args.cc, dictionary.cc, fasttext.cc,
densematrix.cc): magic and version; 12 int32 settings and a double; the dictionary (int32 entries,
words, labels; int64 tokens, pruned; per entry a NUL-terminated word, an int64 count and an int8
type); a quantisation flag and the input matrix; another flag and the output matrix. A dense
matrix is int64 rows and columns, then float32 values.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.errors import FormatError
from nlp_engine.files import check_input_file

_MAGIC = 793712314
_VERSION = 12
_LABEL_ENTRY = 1
_MODELS = {1: "cbow", 2: "skipgram", 3: "supervised"}


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


def read_model(path: Path) -> FastTextModel:
    """Read a model file's settings and dictionary, and check that the file is complete.

    Raises:
        InputError: The file is missing.
        FormatError: No fastText model, a newer version, or cut short.
    """
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

    def string(self) -> str:
        end = self.data.find(b"\0", self.position)
        if end < 0:
            raise struct.error("end of file inside a word")
        raw = self.data[self.position : end]
        self.position = end + 1
        return raw.decode("utf-8")

    def skip(self, size: int) -> None:
        self.position += size
        if size < 0 or self.position > len(self.data):
            raise struct.error("end of file")


def _read(cursor: _Cursor, path: Path) -> FastTextModel:
    if cursor.unpack("<i") != (_MAGIC,):
        raise FormatError(f"{path} is no fastText model file")
    (version,) = cursor.unpack("<i")
    if not 11 <= version <= _VERSION:
        raise FormatError(f"{path} has fastText version {version}; 11 and 12 can be read")
    dim, _ws, _epoch, _min_count, _neg, word_ngrams, _loss, model, buckets, minn, maxn, _rate = (
        cursor.unpack("<12i")
    )
    cursor.unpack("<d")
    words, counts, labels = _read_dictionary(cursor)
    (quantized,) = cursor.unpack("<?")
    if not quantized:
        _skip_matrix(cursor)
        if not cursor.unpack("<?")[0]:
            _skip_matrix(cursor)
    return FastTextModel(
        model=_MODELS.get(model, "unknown"),
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


def _read_dictionary(cursor: _Cursor) -> tuple[list[str], list[int], list[str]]:
    entries, _words, _labels, _tokens, pruned = cursor.unpack("<3i2q")
    words, counts, labels = [], [], []
    for _ in range(entries):
        text = cursor.string()
        count, kind = cursor.unpack("<qb")
        if kind == _LABEL_ENTRY:
            labels.append(text)
        else:
            words.append(text)
            counts.append(count)
    cursor.skip(8 * max(pruned, 0))
    return words, counts, labels


def _skip_matrix(cursor: _Cursor) -> None:
    rows, columns = cursor.unpack("<2q")
    cursor.skip(4 * rows * columns)
