"""The encoder agrees with its reference, on every instruction set and number of threads."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine import native
from nlp_engine.native import _native
from tests.native import reference
from tests.native.instructions import AVAILABLE, INSTRUCTIONS
from tests.native.ticking import ticks_per_second

UNTOUCHED = 12345
BEST = _native.best_instruction_set()


def encode(
    *texts: bytes,
    min_count: int = 1,
    always_kept: bytes = b"",
    threads: int = 1,
    instructions: str | None = None,
) -> tuple[native.Encoding, list[int]]:
    arrays = [np.frombuffer(text, np.uint8) for text in texts]
    scratch = np.full(native.scratch_size(arrays) + 1, UNTOUCHED, np.int32)
    encoding = native.encode(
        arrays,
        min_count=min_count,
        threads=threads,
        scratch=scratch[:-1],
        on_progress=lambda done: None,
        always_kept=always_kept,
        instructions=instructions,
    )
    assert scratch[-1] == UNTOUCHED
    return encoding, scratch[: encoding.ids_size].tolist()


def check(
    texts: list[bytes], min_count: int, threads: int, instructions: str, always_kept: bytes = b""
) -> None:
    got, ids = encode(
        *texts,
        min_count=min_count,
        always_kept=always_kept,
        threads=threads,
        instructions=instructions,
    )
    expected = reference.encode(texts, min_count, always_kept)
    data, offsets = got.word_bytes.tobytes(), got.word_offsets.tolist()
    words = [data[a:b] for a, b in itertools.pairwise(offsets)]
    assert words == expected.words
    assert got.counts.tolist() == expected.counts
    assert ids == expected.ids
    assert (got.tokens, got.types) == (expected.tokens, expected.types)
    assert (got.max_count, got.lines) == (expected.max_count, expected.lines)
    assert got.problem is native.EncodingProblem.NONE


SEPARATORS = [b" ", b"\n", b"\t", b"\r", b"\v", b"\f", b"\0", b"  ", b"\n\n", b"\r\n"]
WORDS = [
    b"a", b"b", b"the", b"eightby8", b"nine bytes"[:9], b"sixteen-bytes-16", b"seventeen-bytes-17",
    b"a word of many more bytes than a slot"[:30].replace(b" ", b"_"), "é\u00a0t".encode(),
    b"\x1f", b"\x21", b"\x08", b"\x0e", "日本語".encode(), b"x" * 100, b"x" * 99,
]  # fmt: skip
INSTRUCTION_SETS = st.sampled_from(AVAILABLE)
TEXTS = st.lists(st.sampled_from(SEPARATORS + WORDS), max_size=300).map(b"".join)


@given(
    st.lists(TEXTS, max_size=4),
    st.integers(0, 3),
    st.integers(1, 5),
    INSTRUCTION_SETS,
    st.sampled_from([b"", b"x", b"sixteen-bytes-1", b"x" * 100]),
)
@settings(max_examples=400)
def test_agrees_with_the_reference(
    texts: list[bytes], min_count: int, threads: int, instructions: str, always_kept: bytes
) -> None:
    check(texts, min_count, threads, instructions, always_kept)


@given(st.lists(st.text(max_size=600).map(str.encode), max_size=3), st.integers(1, 3))
@settings(max_examples=100)
def test_agrees_on_any_text(texts: list[bytes], threads: int) -> None:
    check(texts, 1, threads, BEST)


@given(st.lists(st.binary(max_size=200) | TEXTS, max_size=4), st.integers(1, 5), INSTRUCTION_SETS)
@settings(max_examples=300)
def test_finds_the_first_byte_that_is_no_utf8(
    texts: list[bytes], threads: int, instructions: str
) -> None:
    # With a line break in between, so that no character begins in one text and ends in the next.
    texts = [text + b"\n" for text in texts]
    got, ids = encode(*texts, threads=threads, instructions=instructions)
    position = reference.first_invalid(b"".join(texts))
    if position is None:
        assert got.problem is native.EncodingProblem.NONE
    else:
        assert got.problem is native.EncodingProblem.NOT_UTF8
        assert got.problem_position == position
        assert ids == []


@pytest.mark.parametrize("threads", [1, 3])
def test_a_word_too_long_is_refused(threads: int) -> None:
    longest = b"x" * native.MAX_WORD_BYTES
    assert encode(b"a\n", longest, threads=threads)[0].types == 2
    got, _ = encode(b"a\n", b"bc " + longest + b"x d", threads=threads)
    assert got.problem is native.EncodingProblem.LONG_WORD
    assert got.problem_position == 5


def test_scratch_that_is_too_small_is_refused() -> None:
    text = np.frombuffer(b"a\nb", np.uint8)
    assert native.scratch_size([text, text]) == 8
    with pytest.raises(ValueError, match="scratch needs an entry"):
        native.encode(
            [text, text], min_count=1, threads=1, scratch=np.empty(7, np.int32), on_progress=print
        )


@pytest.mark.parametrize("instructions", AVAILABLE)
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_agrees_over_many_blocks_and_a_growing_table(instructions: str, threads: int) -> None:
    rng = np.random.default_rng(1)
    words = [b"w%d" % number for number in rng.zipf(1.2, 300_000) % 200_000]
    separators = rng.choice([b" ", b"\n", b"  "], len(words), p=[0.9, 0.05, 0.05])
    text = b"".join(piece for pair in zip(words, separators, strict=True) for piece in pair)
    check([text], 2, threads, instructions)
    check([text[:500_000], text[500_000:]], 2, threads, instructions)


def test_one_word_across_many_blocks() -> None:
    check([b"x" * 200_000 + b" y"], 1, 3, BEST)


@pytest.mark.parametrize(
    "texts",
    [
        [], [b""], [b"\n"], [b"   "], [b"word"], [b"word\n"], [b"a", b"b"], [b"a", b"", b"a"],
        [b"", b"a "], [b"a\n", b"\n", b"a"], [b"a"] * 20,
    ],
)  # fmt: skip
def test_edges(texts: list[bytes]) -> None:
    for threads in (1, 4):
        check(texts, 1, threads, BEST)


def test_forcing_an_instruction_set(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="unknown instruction set: mmx"):
        encode(b"a", instructions="mmx")
    monkeypatch.setenv("NLP_ENGINE_INSTRUCTIONS", "mmx")
    with pytest.raises(ValueError, match="unknown instruction set: mmx"):
        encode(b"a")
    for missing in INSTRUCTIONS[len(AVAILABLE) :]:
        with pytest.raises(ValueError, match="this processor lacks"):
            encode(b"a", instructions=missing)


def test_results_outlive_the_text() -> None:
    text = bytearray(b"one two one")
    got, _ = encode(bytes(text))
    del text
    assert got.word_bytes.tobytes() == b"onetwo"


def test_other_threads_run_while_the_kernel_works() -> None:
    text = np.frombuffer(b"some words of a text " * 4_000_000, np.uint8)
    scratch, exchange = np.empty(native.scratch_size([text]), np.int32), _native.Exchange()
    assert (
        ticks_per_second(lambda: _native.encode([text], 1, b"", 1, "best", scratch, exchange)) > 100
    )


def test_progress_reaches_the_size() -> None:
    seen: list[int] = []
    text = np.frombuffer(b"some words " * 2_000_000, np.uint8)
    scratch = np.empty(native.scratch_size([text]), np.int32)
    native.encode([text], min_count=1, threads=2, scratch=scratch, on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == len(text)


def test_ctrl_c_stops_the_kernel() -> None:
    code = (
        "import numpy as np; from nlp_engine import native\n"
        "text = np.zeros(4_000_000_000, np.uint8)  # read-only, so it takes no memory\n"
        "scratch = np.empty(len(text) + 1, np.int32)  # hardly any of it is touched\n"
        "native.encode([text], min_count=1, threads=1, scratch=scratch,"
        " on_progress=lambda n: print(n, flush=True))\n"
        "print('finished')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    started = time.perf_counter()
    output, errors = process.communicate(timeout=60)
    assert time.perf_counter() - started < 5
    assert "KeyboardInterrupt" in errors
    assert "finished" not in output
