"""Tokenizers behind one protocol. To add one, write a class and name it in `TOKENIZERS`."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Protocol

import regex

from nlp_engine.errors import SettingError
from nlp_engine.languages import Language, language


class Tokenizer(Protocol):
    """Splits a text of one language into lower-case words.

    The same tokenizer serves training and queries: its name and language travel in manifests.
    """

    @property
    def name(self) -> str:
        """The name it is chosen by."""

    @property
    def language(self) -> Language:
        """The language it is set up for."""

    def words(self, text: str) -> list[str]:
        """The words of `text`, in order; no word is empty or contains white space."""


_WORDS = regex.compile(r"[\p{L}\p{M}\p{N}]+")


class FastTokenizer:
    """Runs of letters, combining marks and digits; punctuation is dropped."""

    name = "fast"

    def __init__(self, language: Language) -> None:
        self.language = language
        self._find_words: Callable[[str], list[str]] = _WORDS.findall

    def words(self, text: str) -> list[str]:
        """The words of `text`, NFC-normalised and lower-case."""
        return self._find_words(self.language.lower(unicodedata.normalize("NFC", text)))


class Text8Tokenizer:
    """Words as in Matt Mahoney's text8: letters only, digits spelled out one by one.

    English keeps a-z alone, as the original does; other languages keep their letters and
    combining marks. Where a language's digit words are unknown, digits are dropped.
    Rules: http://mattmahoney.net/dc/textdata.html
    """

    name = "text8"

    def __init__(self, language: Language) -> None:
        self.language = language
        letters = "a-z" if language.code == "en" else r"\p{L}\p{M}"
        self._find_words: Callable[[str], list[str]] = regex.compile(f"[{letters}]+").findall
        words = language.digit_words or ("",) * 10
        self._digits = {ord(str(digit)): f" {word} " for digit, word in enumerate(words)}

    def words(self, text: str) -> list[str]:
        """The words of `text`."""
        text = self.language.lower(unicodedata.normalize("NFC", text))
        return self._find_words(text.translate(self._digits))


class WhitespaceTokenizer:
    """What stands between white space, as it is: for text that is tokenized already."""

    name = "whitespace"

    def __init__(self, language: Language) -> None:
        self.language = language

    def words(self, text: str) -> list[str]:
        """The words of `text`, unchanged."""
        return text.split()


def _spacy(language: Language) -> Tokenizer:
    from nlp_engine.text.spacy import SpacyTokenizer

    return SpacyTokenizer(language)


def _nltk(language: Language) -> Tokenizer:
    from nlp_engine.text.nltk import NltkTokenizer

    return NltkTokenizer(language)


TOKENIZERS: Mapping[str, Callable[[Language], Tokenizer]] = {
    "fast": FastTokenizer,
    "text8": Text8Tokenizer,
    "whitespace": WhitespaceTokenizer,
    "spacy": _spacy,
    "nltk": _nltk,
}


def open_tokenizer(name: str, language_code: str) -> Tokenizer:
    """The tokenizer called `name` for a language.

    Raises:
        SettingError: No tokenizer has that name.
        MissingExtraError: The tokenizer needs a package that is not installed.
    """
    if name not in TOKENIZERS:
        raise SettingError(f"tokenizer is {name!r}; it must be one of {', '.join(TOKENIZERS)}")
    return TOKENIZERS[name](language(language_code))
