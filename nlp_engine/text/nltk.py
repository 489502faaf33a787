"""NLTK's Penn Treebank tokens and Punkt sentences; neither needs downloaded data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nlp_engine.errors import require
from nlp_engine.languages import Language, language
from nlp_engine.text.digits import digit_rule
from nlp_engine.text.normalize import normalize
from nlp_engine.text.sentences import split_sentences


class NltkTokenizer:
    """Penn Treebank tokens, lower-case; punctuation is kept as tokens.

    Args:
        language_code: The language.
        digits: One of `nlp_engine.text.digits.DIGITS`.
        punkt: What `train_punkt` learned; without it sentences are split by the language's
            terminators and abbreviations.
    """

    def __init__(self, language_code: str, digits: str, punkt: Mapping[str, Any] | None) -> None:
        self.language = language(language_code)
        self._digits = digit_rule(self.language, digits)
        self._tokenize = require("nltk.tokenize", "nltk").NLTKWordTokenizer().tokenize
        self._punkt = _splitter(punkt, self.language) if punkt else None

    def words(self, text: str) -> list[str]:
        """The tokens of `text`, NFC-normalised and lower-case, sentence by sentence."""
        lower = self.language.lower
        text = self._digits(normalize(text))
        # The Treebank rules take only the last full stop of a text for the end of a sentence.
        tokens = (t for sentence in self.sentences(text) for t in self._tokenize(sentence))
        return [word for token in tokens for word in lower(token).split()]

    def words_by_sentence(self, text: str) -> list[list[str]]:
        """The tokens of each sentence of `text`."""
        return list(map(self.words, self.sentences(text)))

    def sentences(self, text: str) -> list[str]:
        """The sentences of `text`, by what was learned from the corpus."""
        if self._punkt is None:
            return split_sentences(text, self.language)
        pieces = (self._punkt.tokenize(line) for line in text.splitlines())
        return [piece.strip() for line in pieces for piece in line if piece.strip()]


def train_punkt(texts: Iterable[str], language: Language) -> dict[str, Any]:
    """Learn from text without labels where its sentences end.

    T. Kiss, J. Strunk, "Unsupervised Multilingual Sentence Boundary Detection", 2006.

    Args:
        texts: Plain texts of one language; equal texts give equal parameters.
        language: Its terminators are used.

    Returns:
        What `NltkTokenizer` takes as `punkt`: `abbreviations`, `collocations` (pairs of words
        that a full stop does not part) and `sentence_starters`, sorted, as JSON can hold them.

    Raises:
        MissingExtraError: nltk is not installed.
    """
    punkt = require("nltk.tokenize.punkt", "nltk")
    trainer = punkt.PunktTrainer(lang_vars=_language_variables(language))
    for text in texts:
        trainer.train(text, finalize=False)
    learned = trainer.get_params()
    return {
        "abbreviations": sorted(learned.abbrev_types),
        "collocations": sorted(map(list, learned.collocations)),
        "sentence_starters": sorted(learned.sent_starters),
    }


def _splitter(parameters: Mapping[str, Any], language: Language) -> Any:
    punkt = require("nltk.tokenize.punkt", "nltk")
    learned = punkt.PunktParameters()
    learned.abbrev_types = set(parameters["abbreviations"])
    learned.collocations = {(first, second) for first, second in parameters["collocations"]}
    learned.sent_starters = set(parameters["sentence_starters"])
    return punkt.PunktSentenceTokenizer(learned, lang_vars=_language_variables(language))


def _language_variables(language: Language) -> Any:
    variables = require("nltk.tokenize.punkt", "nltk").PunktLanguageVars
    return type("Variables", (variables,), {"sent_end_chars": tuple(language.sentence_ends)})()
