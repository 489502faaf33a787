"""Surface forms: how anchors, titles and texts are made comparable."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from nlp_engine.entities.characters import characters
from nlp_engine.languages import Language
from nlp_engine.native import entities as kernel

_BRACKETS = regex.compile(r"\s*\([^()]*\)\s*$")
_MOST_WORDS = 1 << 20


@dataclass(frozen=True, slots=True)
class Token:
    """A folded word and where it stands: `text[start:end]`."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FormText:
    """A text as the kernels read it: in normal form C, and how to get back.

    Attributes:
        utf8: The text's bytes.
        places: int32 (characters + 1), where each character of `utf8` begins in the text that was
            given; None where nothing has moved.
    """

    utf8: bytes
    places: NDArray[np.int32] | None

    @classmethod
    def of(cls, text: str) -> FormText:
        """Any text."""
        if unicodedata.is_normalized("NFC", text):
            return cls(text.encode("utf-8", "surrogatepass"), None)
        pieces, places = [], []
        for cluster in regex.finditer(r"\X", text):
            piece = unicodedata.normalize("NFC", cluster.group())
            pieces.append(piece)
            # What a cluster became begins where it began; the rest of it belongs to its end.
            starts = range(cluster.start(), cluster.end())
            places += [starts[min(i, len(starts) - 1)] for i in range(len(piece))]
        places.append(len(text))
        utf8 = "".join(pieces).encode("utf-8", "surrogatepass")
        return cls(utf8, np.array(places, np.int32))

    def spans(
        self, starts: NDArray[np.int32], ends: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Spans of `utf8`'s characters as spans of the text that was given."""
        if self.places is None:
            return starts, ends
        # A mention ends where the next character begins, combining marks included.
        return self.places[starts], self.places[ends]


def tokens(text: str, language: Language) -> list[Token]:
    """The tokens of a text, folded, with their places."""
    prepared = FormText.of(text)
    found = kernel.form_tokens(prepared.utf8, characters(language))
    starts, ends = prepared.spans(found.starts, found.ends)
    keys = found.keys.decode().split(" ") if found.keys else []
    return [
        Token(key, start, end)
        for key, start, end in zip(keys, starts.tolist(), ends.tolist(), strict=True)
    ]


def form_key(text: str, language: Language) -> str:
    """The key that a surface form is stored under: its tokens joined by spaces.

    Empty for texts that are no forms: one character, or no letter.
    """
    keys = form_keys([text], language)
    return keys.data.tobytes().decode()


def form_keys(
    texts: list[str], language: Language, max_words: int = _MOST_WORDS
) -> kernel.KeyColumn:
    """The keys of (N) texts."""
    normal = [unicodedata.normalize("NFC", text) for text in texts]
    return kernel.form_keys(kernel.Strings.of(normal), characters(language), max_words)


def title_form(title: str) -> str:
    """A title as people write it in a text: without a final part in brackets."""
    return _BRACKETS.sub("", title) or title
