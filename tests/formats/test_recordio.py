from __future__ import annotations

import io
import os
import struct
import threading
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nlp_engine.errors import FormatError
from nlp_engine.formats.recordio import MAGIC_BYTES, read_records, write_record

pieces = st.one_of(st.binary(max_size=9), st.just(MAGIC_BYTES), st.just(MAGIC_BYTES[:3]))
records = st.lists(st.lists(pieces, max_size=4).map(b"".join), max_size=5)


def written(*given: bytes) -> bytes:
    stream = io.BytesIO()
    for record in given:
        write_record(stream, record)
    return stream.getvalue()


def read(data: bytes) -> list[bytes]:
    return list(read_records(io.BytesIO(data), "train_0"))


def test_the_bytes_are_those_of_the_format() -> None:
    assert written(b"abcde", b"") == (
        b"\x0a\x23\xd7\xce" b"\x05\x00\x00\x00" b"abcde\0\0\0" b"\x0a\x23\xd7\xce" b"\0\0\0\0"
    )  # fmt: skip


def test_a_record_with_the_magic_number_is_cut_there() -> None:
    parts = [(1, b"abcd"), (2, b""), (3, b"x")]
    data = b"".join(
        MAGIC_BYTES + struct.pack("<I", flag << 29 | len(part)) + part + bytes(-len(part) % 4)
        for flag, part in parts
    )
    assert written(b"abcd" + 2 * MAGIC_BYTES + b"x") == data
    assert read(data) == [b"abcd" + 2 * MAGIC_BYTES + b"x"]


@given(records)
@example([b"a" + MAGIC_BYTES, MAGIC_BYTES * 2])
def test_what_is_written_is_read(given: list[bytes]) -> None:
    assert read(written(*given)) == given


@given(records)
def test_the_magic_number_begins_parts_alone(given: list[bytes]) -> None:
    # So that a reader may begin anywhere and look for the next record.
    data = written(*given)
    found = [at for at in range(0, len(data), 4) if data[at : at + 4] == MAGIC_BYTES]
    begins, at = [], 0
    while at < len(data):
        begins.append(at)
        length = struct.unpack_from("<I", data, at + 4)[0] & (1 << 29) - 1
        at += 8 + length + -length % 4
    assert found == begins


@given(records.filter(any), st.data())
def test_a_stream_that_is_cut_short_says_where(given: list[bytes], data: st.DataObject) -> None:
    whole = written(*given)
    ends = {len(written(*given[:count])) for count in range(len(given) + 1)}
    size = data.draw(st.integers(0, len(whole) - 1).filter(lambda size: size not in ends))
    with pytest.raises(FormatError, match=f"train_0 ends at byte {size},"):
        read(whole[:size])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"__label__1 some text\n", "train_0, byte 0: a record begins with 0a 23 d7 ce, found 5f"),
        (written(b"abc") + b"\0" * 8, "train_0, byte 12: a record begins"),
        (MAGIC_BYTES + struct.pack("<I", 2 << 29), "byte 0: a record's part 2 is out of order"),
        (MAGIC_BYTES + struct.pack("<I", 7 << 29), "byte 0: a record's part 7 is out of order"),
    ],
)
def test_what_is_no_recordio(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read(data)


def test_records_come_as_they_are_written_to_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "train_0")
    goes_on = threading.Event()

    def write() -> None:
        with (tmp_path / "train_0").open("wb") as pipe:
            write_record(pipe, b"first")
            pipe.flush()
            assert goes_on.wait(60)
            write_record(pipe, b"second" * 20_000)

    writer = threading.Thread(target=write)
    writer.start()
    with (tmp_path / "train_0").open("rb") as pipe:
        found = read_records(pipe, "train_0")
        assert next(found) == b"first", "before the second one is written"
        goes_on.set()
        assert list(found) == [b"second" * 20_000]
    writer.join()
