"""Tokenizers behind one protocol. To add one, write a class and name it in `TOKENIZERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nlp_engine import settings
from nlp_engine.errors import FormatError, SettingError
from nlp_engine.languages import Language
from nlp_engine.manifest import Manifest
from nlp_engine.settings import setting
from nlp_engine.text.digits import DIGITS
from nlp_engine.text.words import FastTokenizer, Text8Tokenizer, WhitespaceTokenizer


class Tokenizer(Protocol):
    """Splits a text of one language into lower-case words."""

    @property
    def language(self) -> Language:
        """The language it is set up for."""

    def words(self, text: str) -> list[str]:
        """The words of `text`, in order; no word is empty or contains white space."""

    def sentences(self, text: str) -> list[str]:
        """The sentences of `text` as it splits them; a line break always ends one."""

    def words_by_sentence(self, text: str) -> list[list[str]]:
        """The words of each sentence of `text`; some lists may be empty."""


def _spacy(chosen: TokenizerSettings) -> Tokenizer:
    from nlp_engine.text.spacy import SpacyTokenizer

    return SpacyTokenizer(chosen.language, chosen.digit_rule)


def _nltk(chosen: TokenizerSettings) -> Tokenizer:
    from nlp_engine.text.nltk import NltkTokenizer

    return NltkTokenizer(chosen.language, chosen.digit_rule, chosen.punkt)


TOKENIZERS: Mapping[str, Callable[[TokenizerSettings], Tokenizer]] = {
    "fast": lambda chosen: FastTokenizer(chosen.language, chosen.digit_rule),
    "text8": lambda chosen: Text8Tokenizer(chosen.language, chosen.digit_rule),
    "whitespace": lambda chosen: WhitespaceTokenizer(chosen.language, chosen.digit_rule),
    "spacy": _spacy,
    "nltk": _nltk,
}


@dataclass(frozen=True, kw_only=True)
class TokenizerSettings:
    """All that decides which words a text gives: with equal settings they are equal.

    Manifests carry it from the corpus to the models, so that queries are tokenised as the
    training text was.

    Attributes:
        punkt: What `nlp_engine.text.nltk.train_punkt` learned from the corpus, for `nltk` alone.
    """

    name: str = setting("fast", choices=tuple(TOKENIZERS), help="how text becomes words")
    language: str = setting("en", help="language code such as en")
    digits: str | None = setting(
        None,
        choices=DIGITS,
        help="keep digits, spell them one by one, map each to 0, or drop them; by default text8 "
        "spells and the others keep them",
    )
    punkt: Mapping[str, Any] | None = setting(None, help="sentence parameters of nltk")

    def __post_init__(self) -> None:
        settings.check(self)

    @property
    def digit_rule(self) -> str:
        """What becomes of digits, one of `nlp_engine.text.digits.DIGITS`."""
        return self.digits or ("spell" if self.name == "text8" else "keep")

    @classmethod
    def of(cls, manifest: Manifest | None) -> TokenizerSettings:
        """Those that a manifest carries; the defaults if there is none or it has none.

        Raises:
            FormatError: The manifest's are not understood.
        """
        if manifest is None:
            return cls()
        carried = manifest.settings.get("tokenizer")
        if carried is None:
            return cls(language=manifest.language)
        try:
            return cls(**carried)
        except (SettingError, TypeError) as error:
            raise FormatError(
                f"the manifest of this {manifest.format} names a tokenizer that this engine does "
                f"not know ({error}); pip install --upgrade nlp-engine, or make the folder again"
            ) from error

    def named(self, name: str | None) -> TokenizerSettings:
        """These settings, or those of the tokenizer called `name` for the same language."""
        if name in (None, self.name):
            return self
        return TokenizerSettings(name=name or "", language=self.language)

    def for_manifest(self) -> dict[str, Any]:
        """What a manifest's settings record, under `tokenizer`."""
        values = vars(self) | {"digits": self.digit_rule}
        return {"tokenizer": {key: value for key, value in values.items() if value is not None}}


def open_tokenizer(chosen: TokenizerSettings) -> Tokenizer:
    """The tokenizer with these settings.

    Raises:
        SettingError: There is none for the language.
        MissingExtraError: It needs a package that is not installed.
    """
    return TOKENIZERS[chosen.name](chosen)
