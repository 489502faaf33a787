"""The encoder agrees with its reference, on every instruction set and number of threads."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine import native
from nlp_engine.native import _native
from tests.native import reference

BEST = _native.best_instruction_set()
INSTRUCTIONS = ["baseline", "avx2", "avx512"]
AVAILABLE = INSTRUCTIONS[: INSTRUCTIONS.index(BEST) + 1]


def encode(text: bytes, min_count: int = 1, threads: int = 1, instructions: str | None = None):
    return native.encode(
        np.frombuffer(text, np.uint8),
        min_count=min_count,
        threads=threads,
        on_progress=lambda done: None,
        instructions=instructions,
    )


def check(text: bytes, min_count: int, threads: int, instructions: str) -> None:
    got = encode(text, min_count, threads, instructions)
    expected = reference.encode(text, min_count)
    data, offsets = got.word_bytes.tobytes(), got.word_offsets.tolist()
    words = [data[a:b] for a, b in itertools.pairwise(offsets)]
    assert words == expected.words
    assert got.counts.tolist() == expected.counts
    assert got.ids.tolist() == expected.ids
    assert got.first_positions.tolist() == expected.first_positions
    assert (got.tokens, got.types) == (expected.tokens, expected.types)
    assert (got.max_count, got.lines) == (expected.max_count, expected.lines)


SEPARATORS = [b" ", b"\n", b"\t", b"\r", b"\v", b"\f", b"\0", b"  ", b"\n\n", b"\r\n"]
WORDS = [
    b"a", b"b", b"the", b"eightby8", b"nine bytes"[:9], b"sixteen-bytes-16", b"seventeen-bytes-17",
    b"a word of many more bytes than a slot"[:30].replace(b" ", b"_"), b"\xc3\xa9\xc2\xa0t",
    b"\x1f", b"\x21", b"\x08", b"\x0e", b"\xff\x80", "日本語".encode(), b"x" * 100, b"x" * 99,
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(SEPARATORS + WORDS), max_size=300).map(b"".join)


@given(TEXTS, st.integers(0, 3), st.integers(1, 5), st.sampled_from(AVAILABLE))
@settings(max_examples=400)
def test_agrees_with_the_reference(
    text: bytes, min_count: int, threads: int, instructions: str
) -> None:
    check(text, min_count, threads, instructions)


@given(st.binary(max_size=2000), st.integers(1, 3), st.sampled_from(AVAILABLE))
@settings(max_examples=200)
def test_agrees_on_any_bytes(text: bytes, threads: int, instructions: str) -> None:
    check(text, 1, threads, instructions)


@pytest.mark.parametrize("instructions", AVAILABLE)
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_agrees_over_many_blocks_and_a_growing_table(instructions: str, threads: int) -> None:
    rng = np.random.default_rng(1)
    words = [b"w%d" % number for number in rng.zipf(1.2, 300_000) % 200_000]
    separators = rng.choice([b" ", b"\n", b"  "], len(words), p=[0.9, 0.05, 0.05])
    text = b"".join(piece for pair in zip(words, separators, strict=True) for piece in pair)
    check(text, 2, threads, instructions)


def test_one_word_across_many_blocks() -> None:
    check(b"x" * 200_000 + b" y", 1, 3, BEST)


@pytest.mark.parametrize("text", [b"", b"\n", b"   ", b"word", b"word\n"])
def test_edges(text: bytes) -> None:
    for threads in (1, 4):
        check(text, 1, threads, BEST)


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
    got = encode(bytes(text))
    del text
    assert got.word_bytes.tobytes() == b"onetwo"


def test_other_threads_run_while_the_kernel_works() -> None:
    text = np.frombuffer(b"some words of a text " * 4_000_000, np.uint8)
    ticks, stop = 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not stop.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    started = time.perf_counter()
    _native.encode(text, 1, 1, "best", _native.Exchange())
    seconds = time.perf_counter() - started
    stop.set()
    thread.join()
    assert ticks > 100 * seconds


def test_progress_reaches_the_size() -> None:
    seen: list[int] = []
    text = np.frombuffer(b"some words " * 2_000_000, np.uint8)
    native.encode(text, min_count=1, threads=2, on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == len(text)


def test_ctrl_c_stops_the_kernel() -> None:
    code = (
        "import numpy as np; from nlp_engine import native\n"
        "text = np.zeros(20_000_000_000, np.uint8)  # read-only, so it takes no memory\n"
        "native.encode(text, min_count=1, threads=1, on_progress=lambda n: print(n, flush=True))\n"
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
