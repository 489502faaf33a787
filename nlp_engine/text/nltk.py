"""NLTK's Penn Treebank tokenization; it needs no downloaded data."""

from __future__ import annotations

from nlp_engine.errors import require
from nlp_engine.languages import Language


class NltkTokenizer:
    """Penn Treebank tokens, lower-case; punctuation is kept as tokens."""

    name = "nltk"

    def __init__(self, language: Language) -> None:
        self.language = language
        treebank = require("nltk.tokenize", "nltk").NLTKWordTokenizer()
        self._tokenize = treebank.tokenize

    def words(self, text: str) -> list[str]:
        """The tokens of `text`, lower-case."""
        return [
            word for token in self._tokenize(text) for word in self.language.lower(token).split()
        ]
