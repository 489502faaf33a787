"""Compiled kernels: arrays and scalars in, arrays and counters out.

Every kernel here has a plain Python reference in the tests that it must agree with. The
instruction set is chosen when a kernel runs; `NLP_ENGINE_INSTRUCTIONS` (`baseline`, `avx2` or
`avx512`) forces one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native import _native  # type: ignore[attr-defined]

T = TypeVar("T")

LINE_END: int = _native.LINE_END
"""Stands among word ids where a line ends."""

_REPORT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Encoding:
    """A text as a vocabulary and word ids; V words are kept, N ids remain.

    Attributes:
        word_bytes: uint8, the kept words' bytes one after the other.
        word_offsets: int64 (V + 1), where each word starts in `word_bytes`.
        first_positions: int64 (V), byte offset of each word's first occurrence in the text.
        counts: int64 (V), falling; equal counts in order of first occurrence.
        ids: int32 (N), ids of kept words in text order; `LINE_END` closes every line.
        tokens: Words in the text, rare ones included.
        types: Distinct words in the text, rare ones included.
        max_count: Occurrences of the most frequent word, rare or not.
        lines: Lines in the text; a last line without line break counts.
    """

    word_bytes: NDArray[np.uint8]
    word_offsets: NDArray[np.int64]
    first_positions: NDArray[np.int64]
    counts: NDArray[np.int64]
    ids: NDArray[np.int32]
    tokens: int
    types: int
    max_count: int
    lines: int


def encode(
    text: NDArray[np.uint8],
    *,
    min_count: int,
    threads: int,
    on_progress: Callable[[int], None],
    instructions: str | None = None,
) -> Encoding:
    """Split a text into words and give them ids by falling frequency, in one pass.

    Words are what stands between fastText's separators (space, tab, line feed, vertical tab,
    form feed, carriage return, NUL). The result does not depend on `threads`.

    Args:
        text: uint8 (size), contiguous; may be a memory map.
        min_count: Rarer words are left out of vocabulary and ids.
        threads: Threads to use, at least 1.
        on_progress: Told several times a second how many bytes have been read.
        instructions: `baseline`, `avx2`, `avx512`, or None for the environment's or best choice.

    Raises:
        ValueError: An instruction set that does not exist or that this processor lacks.
        KeyboardInterrupt: Passed on after the kernel has stopped.
    """
    instructions = instructions or os.environ.get("NLP_ENGINE_INSTRUCTIONS", "best")
    exchange = _native.Exchange()
    result: dict[str, Any] = _interruptible(
        lambda: _native.encode(text, min_count, threads, instructions, exchange),
        cancel=exchange.cancel,
        tick=lambda: on_progress(exchange.bytes_done),
    )
    return Encoding(**result)


def _interruptible(
    work: Callable[[], T], *, cancel: Callable[[], None], tick: Callable[[], None]
) -> T:
    """Run a kernel on another thread, so that this one can report and take Ctrl-C."""
    with ThreadPoolExecutor(1) as pool:
        future: Future[T] = pool.submit(work)
        try:
            while not wait([future], timeout=_REPORT_SECONDS).done:
                tick()
            tick()
            return future.result()
        except BaseException:
            cancel()
            raise
