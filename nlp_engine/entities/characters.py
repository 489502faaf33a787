"""The table of characters: which ones make tokens, and how they are folded."""

from __future__ import annotations

from functools import cache

import numpy as np
import regex
from numpy.typing import NDArray

from nlp_engine.languages import Language, language
from nlp_engine.native import entities as kernel

_END = 0x40000  # beyond are no letters
_SURROGATES = range(0xD800, 0xE000)
# Scripts without spaces: every character is a token, so that any run of them can be a form.
_SINGLE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_BITS = {
    r"[\p{L}\p{M}\p{N}]+": kernel.TOKEN,
    rf"(?:(?=[\p{{L}}\p{{N}}]){_SINGLE})+": kernel.SINGLE,
    r"\p{M}+": kernel.MARK,
    r"\p{L}+": kernel.LETTER,
    r"[\p{Lu}\p{Lt}]+": kernel.UPPER,
    r"\p{Ll}+": kernel.LOWER,
}


def characters(of: Language) -> NDArray[np.uint32]:
    """uint32 (code points): the table for texts of a language (`native.entities.Characters`)."""
    return _table(of.dotless_i)


@cache
def _table(dotless_i: bool) -> NDArray[np.uint32]:
    codes = np.array([c for c in range(_END) if c not in _SURROGATES], np.uint32)
    text = "".join(map(chr, codes.tolist()))
    # One by one, as sigma's lower case depends on what follows it.
    folding = language("tr" if dotless_i else "en")
    lower = [folding.lower(character) for character in text]
    folded = [ord(low) if len(low) == 1 else code for low, code in zip(lower, codes, strict=True)]
    entries = np.array(folded, np.uint32)
    entries[entries == ord("ς")] = ord("σ")
    for pattern, bit in _BITS.items():
        for run in regex.finditer(pattern, text):
            entries[run.start() : run.end()] |= bit
    entries[(entries & kernel.TOKEN) == 0] = 0
    table = np.zeros(_END, np.uint32)
    table[codes] = entries
    return table
