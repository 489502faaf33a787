"""What `nlp_engine.native` must give, in plain Python."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

LINE_END = -1


@dataclass
class Encoded:
    words: list[bytes]
    counts: list[int]
    ids: list[int]
    tokens: int
    types: int
    max_count: int
    lines: int


def encode(texts: list[bytes], min_count: int, always_kept: bytes = b"") -> Encoded:
    """Count words, order them by falling count and first occurrence, and give them ids."""
    counts: Counter[bytes] = Counter()
    stream: list[bytes] = []
    for text in texts:
        pieces = re.findall(rb"\n|[^ \t\n\v\f\r\0]+", text)
        stream += pieces + ([b"\n"] if text and not text.endswith(b"\n") else [])
        counts.update(piece for piece in pieces if piece != b"\n")
    kept = [
        word
        for word in counts
        if counts[word] >= min_count or (always_kept and word.startswith(always_kept))
    ]
    words = sorted(kept, key=lambda word: -counts[word])  # stable: ties in order of occurrence
    ids = {word: number for number, word in enumerate(words)} | {b"\n": LINE_END}
    return Encoded(
        words=words,
        counts=[counts[word] for word in words],
        ids=[ids[piece] for piece in stream if piece in ids],
        tokens=sum(counts.values()),
        types=len(counts),
        max_count=max(counts.values(), default=0),
        lines=stream.count(b"\n"),
    )


def first_invalid(text: bytes) -> int | None:
    """The position of the first byte that is not UTF-8."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None
