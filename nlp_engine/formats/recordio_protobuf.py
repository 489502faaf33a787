"""RecordIO-protobuf: the training data of SageMaker's own algorithms, here sparse float32 rows.

A record is protobuf's `aialgs.data.Record`: `features` and `label`, maps with the one key
"values" each, to a `Float32Tensor` with packed values (1), keys (2) and shape (3). So few fields
are written by hand, in the order in which the SageMaker SDK's writer has them, byte for byte.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike

from nlp_engine.formats.recordio import write_record

_FEATURES, _LABEL = 1, 2  # of Record
_KEY, _VALUE = 1, 2  # of an entry of a map
_FLOAT32_TENSOR = 2  # of Value
_VALUES, _KEYS, _SHAPE = 1, 2, 3  # of Float32Tensor
_LENGTH_DELIMITED = 2
_NAME = b"values"


def write_sparse_row(
    stream: BinaryIO, keys: ArrayLike, values: ArrayLike, dim: int, label: float | None = None
) -> None:
    """Write a row as a record.

    Args:
        stream: Where to.
        keys: Columns with a value, from 0 to `dim` - 1.
        values: Their values.
        dim: Columns that there are.
        label: What is to be predicted; None for rows to predict.
    """
    record = _entry(_FEATURES, _tensor(values, keys, dim))
    if label is not None:
        record += _entry(_LABEL, _tensor([label]))
    write_record(stream, record)


def _entry(field: int, tensor: bytes) -> bytes:
    value = _field(_FLOAT32_TENSOR, tensor)
    return _field(field, _field(_KEY, _NAME) + _field(_VALUE, value))


def _tensor(values: ArrayLike, keys: ArrayLike = (), dim: int | None = None) -> bytes:
    fields = (
        (_VALUES, np.asarray(values, "<f4").tobytes()),
        (_KEYS, b"".join(map(_varint, np.asarray(keys, np.int64).tolist()))),
        (_SHAPE, b"" if dim is None else _varint(dim)),
    )
    return b"".join(_field(field, content) for field, content in fields if content)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first; the top bit says that more follow."""
    if number < 0x80:
        return bytes((number,))
    return bytes((number & 0x7F | 0x80,)) + _varint(number >> 7)
