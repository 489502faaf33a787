from __future__ import annotations

import hashlib
import io

import numpy as np

from nlp_engine.formats.recordio import read_records
from nlp_engine.formats.recordio_protobuf import write_sparse_row

ROWS = [
    ([0, 127, 128], [1, 0.5, -2], 1),
    ([], [], 0),
    ([70_000], [3.25], 4.5),
    ([5, 16_384, 199_999], [1, 1, 1], -1),
]
# What `sagemaker.serializer_utils.write_spmatrix_to_sparse_tensor` of the SDK 2.257.7 writes for
# these rows as a float32 matrix of 200,000 columns.
GOLDEN = bytes.fromhex(
    "0a23d7ce3b0000000a250a0676616c756573121b12190a0c0000803f0000003f000000c01204007f80011a03c0"
    "9a0c12120a0676616c756573120812060a040000803f000a23d7ce270000000a110a0676616c75657312071205"
    "1a03c09a0c12120a0676616c756573120812060a0400000000000a23d7ce320000000a1c0a0676616c75657312"
    "1212100a04000050401203f0a2041a03c09a0c12120a0676616c756573120812060a040000904000000a23d7ce"
    "3e0000000a280a0676616c756573121e121c0a0c0000803f0000803f0000803f120705808001bf9a0c1a03c09a"
    "0c12120a0676616c756573120812060a04000080bf0000"
)
GOLDEN_WITHOUT_LABEL = bytes.fromhex(
    "0a23d7ce270000000a250a0676616c756573121b12190a0c0000803f0000003f000000c01204007f80011a03c09a0c"
    "00"
)


def test_bytes_are_those_of_the_sagemaker_sdk() -> None:
    stream = io.BytesIO()
    for keys, values, label in ROWS:
        write_sparse_row(stream, keys, values, 200_000, label)
    assert stream.getvalue() == GOLDEN


def test_bytes_without_a_label_are_those_of_the_sagemaker_sdk() -> None:
    stream = io.BytesIO()
    keys, values, _ = ROWS[0]
    write_sparse_row(stream, keys, values, 200_000)
    assert stream.getvalue() == GOLDEN_WITHOUT_LABEL


def test_five_hundred_one_hot_pairs_are_those_of_the_sagemaker_sdk() -> None:
    generator = np.random.default_rng(0)
    users, items = generator.integers(0, 943, 500), 943 + generator.integers(0, 1682, 500)
    labels = generator.integers(0, 2, 500)
    stream = io.BytesIO()
    for user, item, label in zip(users, items, labels, strict=True):
        write_sparse_row(stream, [user, item], [1, 1], 943 + 1682, label)
    assert hashlib.sha256(stream.getvalue()).hexdigest() == (
        "43e48267534381442a2567c9c0c4ee8a23a4624b16bb0391e2a900cca2d0e5c5"
    )
    stream.seek(0)
    assert sum(1 for _ in read_records(stream, "rows")) == 500
