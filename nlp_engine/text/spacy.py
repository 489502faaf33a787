"""spaCy's tokenization rules, through a blank pipeline: no model is downloaded."""

from __future__ import annotations

from typing import Any

from nlp_engine.errors import MissingExtraError, SettingError, require
from nlp_engine.languages import Language


class SpacyTokenizer:
    """Tokens by spaCy's rules for the language, lower-case; punctuation is kept as tokens."""

    name = "spacy"

    def __init__(self, language: Language) -> None:
        self.language = language
        spacy = require("spacy", "spacy")
        try:
            self._nlp: Any = spacy.blank(language.code)
        except ImportError as error:
            reason = " ".join(str(error).split())
            # spaCy wraps both "no such language" and "a package for it is missing" in E048.
            if "E048" in reason and "No module named 'spacy.lang." in reason:
                raise SettingError(
                    f"spaCy has no rules for language {language.code!r}; use --tokenizer fast"
                ) from error
            raise MissingExtraError(
                f"spaCy needs another package for {language.code!r}: {reason}"
            ) from error

    def words(self, text: str) -> list[str]:
        """The tokens of `text`, lower-case."""
        lower = self.language.lower
        return [word for token in self._nlp.make_doc(text) for word in lower(token.text).split()]
