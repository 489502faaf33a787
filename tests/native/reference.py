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
    first_positions: list[int]
    tokens: int
    types: int
    max_count: int
    lines: int


def encode(text: bytes, min_count: int) -> Encoded:
    """Count words, order them by falling count and first occurrence, and give them ids."""
    counts: Counter[bytes] = Counter()
    first: dict[bytes, int] = {}
    stream: list[bytes] = []
    for match in re.finditer(rb"\n|[^ \t\n\v\f\r\0]+", text):
        stream.append(match.group())
        if match.group() != b"\n":
            counts[match.group()] += 1
            first.setdefault(match.group(), match.start())
    if text and not text.endswith(b"\n"):
        stream.append(b"\n")
    kept = [word for word in counts if counts[word] >= min_count]
    words = sorted(kept, key=lambda word: -counts[word])  # stable: ties in order of occurrence
    ids = {word: number for number, word in enumerate(words)} | {b"\n": LINE_END}
    return Encoded(
        words=words,
        counts=[counts[word] for word in words],
        ids=[ids[piece] for piece in stream if piece in ids],
        first_positions=[first[word] for word in words],
        tokens=sum(counts.values()),
        types=len(counts),
        max_count=max(counts.values(), default=0),
        lines=stream.count(b"\n"),
    )
