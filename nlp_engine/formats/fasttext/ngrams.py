"""fastText's character n-grams."""

from __future__ import annotations

LINE_END_WORD = "</s>"
"""fastText's word for the end of a line; it has no n-grams."""

_MASK = 0xFFFFFFFF


def ngram_buckets(word: str, min_char: int, max_char: int, buckets: int) -> list[int]:
    """The buckets of a word's n-grams, in fastText's order.

    The n-grams are those of `<word>` from `min_char` to `max_char` characters, except the marks
    `<` and `>` alone. Source: fastText's dictionary.cc, `computeSubwords`.

    Args:
        word: The word.
        min_char: Characters of the shortest n-gram.
        max_char: Characters of the longest n-gram.
        buckets: How many buckets there are.
    """
    if word == LINE_END_WORD:
        return []
    marked = f"<{word}>"
    found = []
    for begin in range(len(marked)):
        value = 2166136261
        for end in range(begin + 1, min(begin + max_char, len(marked)) + 1):
            value = _hash(value, marked[end - 1])
            mark_alone = end - begin == 1 and (begin == 0 or end == len(marked))
            if end - begin >= min_char and not mark_alone:
                found.append(value % buckets)
    return found


def _hash(value: int, character: str) -> int:
    """FNV-1a, but with bytes taken as signed, as fastText's `Dictionary::hash` does."""
    for byte in character.encode("utf-8"):
        signed = byte - 256 if byte > 127 else byte
        value = ((value ^ (signed & _MASK)) * 16777619) & _MASK
    return value
