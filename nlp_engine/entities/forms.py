"""Surface forms: how anchors, titles and texts are made comparable."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import marisa_trie
import regex

from nlp_engine.languages import Language

# Scripts without spaces: every character is a token, so that any run of them can be a form.
_TOKENS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|\p{Thai}\p{M}*|[\p{L}\p{M}\p{N}]+")
_BRACKETS = regex.compile(r"\s*\([^()]*\)\s*$")
_LETTER = regex.compile(r"\p{L}")


@dataclass(frozen=True, slots=True)
class Token:
    """A normalised word and where it stands: `text[start:end]`."""

    key: str
    start: int
    end: int


def tokens(text: str, language: Language) -> list[Token]:
    """The tokens of a text, NFC-normalised and lower-case, with their places."""
    return [
        Token(_normalized(match.group(), language), *match.span())
        for match in _TOKENS.finditer(text)
    ]


def form_key(text: str, language: Language) -> str:
    """The key that a surface form is stored under: its tokens joined by spaces.

    Empty for texts that are no forms: one character, or no letter.
    """
    key = " ".join(_normalized(word, language) for word in _TOKENS.findall(text))
    return key if len(key) > 1 and _LETTER.search(key) else ""


def title_form(title: str) -> str:
    """A title as people write it in a text: without a final part in brackets."""
    return _BRACKETS.sub("", title) or title


def _normalized(word: str, language: Language) -> str:
    return language.lower(unicodedata.normalize("NFC", word))


class FormTrie:
    """Form keys with ids 0 to F - 1, looked up by key or by where a text's tokens begin."""

    def __init__(self, trie: Any, max_form_words: int) -> None:
        self._trie = trie
        self._max_form_words = max_form_words

    @classmethod
    def of(cls, keys: Iterable[str], max_form_words: int) -> FormTrie:
        """A trie of the given keys, none with more than `max_form_words` tokens."""
        return cls(marisa_trie.Trie(keys), max_form_words)

    @classmethod
    def open(cls, path: Path, max_form_words: int) -> FormTrie:
        """A saved trie, memory-mapped."""
        return cls(marisa_trie.Trie().mmap(str(path)), max_form_words)

    def save(self, path: Path) -> None:
        """Write the trie to a file."""
        self._trie.save(str(path))

    def __len__(self) -> int:
        return len(self._trie)

    def id(self, key: str) -> int | None:
        """The id of a form key, or None."""
        found = self._trie.get(key)
        return None if found is None else int(found)

    def starting_at(self, tokens: Sequence[Token], start: int) -> Iterator[tuple[int, int]]:
        """The forms that begin at a token, shortest first: (number of tokens, form id)."""
        text = ""
        ends: dict[int, int] = {}
        for count, token in enumerate(tokens[start : start + self._max_form_words], 1):
            text = f"{text} {token.key}" if text else token.key
            ends[len(text)] = count
        for key in self._trie.iter_prefixes(text):
            count_at = ends.get(len(key))  # a prefix may also end inside a token
            if count_at is not None:
                yield count_at, self._trie[key]
