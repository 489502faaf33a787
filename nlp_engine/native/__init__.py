"""Compiled kernels: arrays and scalars in, arrays and counters out.

Every kernel here has a plain Python reference in the tests that it must agree with. The
instruction set is chosen when a kernel runs; `NLP_ENGINE_INSTRUCTIONS` (`baseline`, `avx2` or
`avx512`) forces one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native import _native  # type: ignore[attr-defined]

T = TypeVar("T")

LINE_END: int = _native.LINE_END
"""Stands among word ids where a line ends."""

MAX_WORD_BYTES: int = _native.MAX_WORD_BYTES
"""Longer words are refused."""

_REPORT_SECONDS = 0.1


class EncodingProblem(Enum):
    """Why a text cannot be encoded."""

    NONE = 0
    NOT_UTF8 = 1
    LONG_WORD = 2


@dataclass(frozen=True, slots=True)
class Encoding:
    """Texts as a vocabulary and word ids; V words are kept, N ids remain.

    Attributes:
        word_bytes: uint8, the kept words' bytes one after the other.
        word_offsets: int64 (V + 1), where each word starts in `word_bytes`.
        counts: int64 (V), falling; equal counts in order of first occurrence.
        ids_size: N. The ids of kept words in text order, `LINE_END` closing every line, are the
            first N entries of the caller's `scratch`.
        tokens: Words in the texts, rare ones included.
        types: Distinct words, rare ones included.
        max_count: Occurrences of the most frequent word, rare or not.
        lines: Lines in the texts; a text's last line counts without line break, too.
        problem: Why there is no result, and everything else is empty.
        problem_position: The first byte that is not UTF-8, or where the long word begins; counted
            as if the texts stood one after the other.
    """

    word_bytes: NDArray[np.uint8]
    word_offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    ids_size: int
    tokens: int
    types: int
    max_count: int
    lines: int
    problem: EncodingProblem
    problem_position: int


def encode(
    texts: Sequence[NDArray[np.uint8]],
    *,
    min_count: int,
    threads: int,
    scratch: NDArray[np.int32],
    on_progress: Callable[[int], None],
    always_kept: bytes = b"",
    instructions: str | None = None,
) -> Encoding:
    """Split texts into words and give them ids by falling frequency, in one pass.

    Words are what stands between fastText's separators (space, tab, line feed, vertical tab,
    form feed, carriage return, NUL). No line goes on from one text to the next. The result does
    not depend on `threads`.

    Args:
        texts: uint8 (size) each, contiguous; may be memory maps.
        min_count: Rarer words are left out of vocabulary and ids.
        threads: Threads to use, at least 1.
        scratch: int32 (at least `scratch_size(texts)`), overwritten; the ids are put at its
            beginning. About a fifth of it is touched, so that mapped memory or a sparse file takes
            far less than its size.
        on_progress: Told several times a second how many bytes have been read.
        always_kept: Words that begin with this are kept although they are rare; empty for none.
        instructions: `baseline`, `avx2`, `avx512`, or None for the environment's or best choice.

    Raises:
        ValueError: An instruction set that does not exist or that this processor lacks, or
            `scratch` is too small.
        KeyboardInterrupt: Passed on after the kernel has stopped.
    """
    instructions = instructions or chosen_instructions()
    exchange = _native.Exchange()
    result: dict[str, Any] = interruptible(
        lambda: _native.encode(
            list(texts), min_count, always_kept, threads, instructions, scratch, exchange
        ),
        cancel=exchange.cancel,
        tick=lambda: on_progress(exchange.bytes_done),
    )
    return Encoding(**result | {"problem": EncodingProblem(result["problem"])})


def scratch_size(texts: Sequence[NDArray[np.uint8]]) -> int:
    """Entries that `encode` needs for the ids of any texts of these sizes."""
    return sum(len(text) + 1 for text in texts)


def chosen_instructions() -> str:
    """The instruction set that the environment names, or `best`."""
    return os.environ.get("NLP_ENGINE_INSTRUCTIONS", "best")


def interruptible(
    work: Callable[[], T],
    *,
    cancel: Callable[[], None],
    tick: Callable[[], None],
    seconds: float = _REPORT_SECONDS,
) -> T:
    """Run a kernel on another thread, so that this one can report and take Ctrl-C.

    Args:
        work: Runs the kernel.
        cancel: Asks it to stop; called on any exception.
        tick: Called while it runs, and once when it is done.
        seconds: Between two ticks.
    """
    with ThreadPoolExecutor(1) as pool:
        future: Future[T] = pool.submit(work)
        try:
            while not wait([future], timeout=seconds).done:
                tick()
            tick()
            return future.result()
        except BaseException:
            cancel()
            raise
