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
    codes = np.delete(np.arange(_END, dtype="<u4"), _SURROGATES)
    text = codes.tobytes().decode("utf-32-le")
    # The one letter whose lower case depends on its neighbours is sigma; no other becomes two.
    folded = language("tr" if dotless_i else "en").lower(text.replace("Σ", "σ"))
    entries = np.frombuffer(folded.replace("ς", "σ").encode("utf-32-le"), "<u4").astype(np.uint32)
    for pattern, bit in _BITS.items():
        for run in regex.finditer(pattern, text):
            entries[run.start() : run.end()] |= bit
    entries[(entries & kernel.TOKEN) == 0] = 0
    table = np.zeros(_END, np.uint32)
    table[codes] = entries
    return table
